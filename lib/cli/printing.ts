import type { Command } from 'commander';
import { CommandError } from './command-error';
import type { CsvValue } from './csv';
import { csvLine } from './csv';
import { plainJson } from './plain-text';
import type { Shell } from './shell';
import type { Column } from './table';
import { tableLines } from './table';

/** How rows are printed. */
export type PrintFormat = 'table' | 'json' | 'jsonl' | 'csv';

/** The options by which a format is chosen. */
export interface PrintOptions {
  readonly json?: boolean;
  readonly format?: string;
}

/** How rows are printed in each format. */
export interface Printed<Row> {
  readonly rows: readonly Row[];
  /** For people. */
  readonly columns: readonly Column<Row>[];
  /** What is printed in place of an empty table. */
  readonly none: string;
  /** As on the wire, one for each row. */
  readonly wire: (row: Row) => unknown;
  /** The whole answer as on the wire. */
  readonly json: () => unknown;
  /** The heading and the cells of CSV. */
  readonly csv: { readonly heading: readonly string[]; readonly cells: (row: Row) => readonly CsvValue[] };
}

/** Adds the options by which a format is chosen. */
export function addPrintOptions(command: Command): Command {
  return command
    .option('--json', 'print JSON, as the HTTP API answers it')
    .option('--format <form>', 'print "csv", or "jsonl": a JSON object a line');
}

/**
 * The format that the options name.
 *
 * @throws {CommandError}
 */
export function readFormat({ json, format }: PrintOptions): PrintFormat {
  if (format === undefined) return json === true ? 'json' : 'table';
  if (json === true) throw new CommandError('--json and --format cannot be given together');
  if (format === 'csv' || format === 'jsonl') return format;
  throw new CommandError('--format must be csv or jsonl');
}

/** Prints rows in a format. */
export async function printRows<Row>(
  shell: Shell,
  format: PrintFormat,
  printed: Printed<Row>,
): Promise<void> {
  const { rows, columns, none, wire, json, csv } = printed;
  switch (format) {
    case 'json':
      return shell.line(plainJson(json(), 2));
    case 'jsonl':
      for (const row of rows) await shell.line(plainJson(wire(row)));
      return;
    case 'csv':
      await shell.line(csvLine(csv.heading));
      for (const row of rows) await shell.line(csvLine(csv.cells(row)));
      return;
    case 'table':
      if (rows.length === 0) shell.note(none);
      else for (const line of tableLines(columns, rows, shell)) await shell.line(line);
  }
}
