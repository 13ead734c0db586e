import type { Command } from 'commander';
import { rowAnswer, STORE_GROUPINGS } from '../http/summary-query';
import { summarizeByText } from '../http/text-filter';
import { CostSum } from '../record/cost';
import type { SummaryGrouping, SummaryRow } from '../store/summary';
import { CommandError } from './command-error';
import type { FilterOptions } from './filter-options';
import { addFilterOptions, readFilterOptions } from './filter-options';
import { count, counterOf, dollars } from './format';
import { zoneOf } from './period';
import { plainText } from './plain-text';
import type { PrintOptions } from './printing';
import { addPrintOptions, printRows, readFormat } from './printing';
import { withStore } from './session';
import type { Shell } from './shell';
import type { Column } from './table';

type Row = SummaryRow;

interface CostOptions extends FilterOptions, PrintOptions {
  readonly by: string;
}

const COUNTERS = ['input_tokens', 'output_tokens', 'cache_read_tokens', 'total_tokens'] as const;

/** `agent-run cost`: what runs add up to. */
export function addCostCommand(program: Command, shell: Shell): void {
  const command = program.command('cost').description('add up runs, tokens and dollars');
  const known = [...Object.keys(STORE_GROUPINGS).map((name) => name.replaceAll('_', '-')), 'metadata.NAME'];
  addPrintOptions(addFilterOptions(command))
    .option('--by <groups>', `what to add up by, several with commas: ${known.join(', ')}`, 'day')
    .addHelpText(
      'after',
      '\nDays and hours are those of this machine, with --utc of UTC.\n\n' +
        'Examples:\n  agent-run cost --by day,model --since 7d\n' +
        '  agent-run cost --by session --since yesterday --format csv',
    )
    .action(async (options: CostOptions) => {
      const format = readFormat(options);
      const groupBy = readGroups(options.by, known);
      await withStore(shell, command, { isReadOnly: true }, async (session) => {
        const filter = readFilterOptions(options, session);
        const timeZone = zoneOf(session.isUtc);
        const rows = await summarizeByText(session.store, { groupBy, timeZone, ...filter });
        await printRows(shell, format, {
          rows,
          columns: costColumns(groupBy),
          none: 'There are no such runs.',
          wire: rowAnswer,
          json: () => ({ rows: rows.map(rowAnswer) }),
          csv: costCsv(groupBy),
        });
        if (format === 'table' && rows.length > 0) await printTotal(shell, rows);
      });
    });
}

function readGroups(text: string, known: readonly string[]): SummaryGrouping[] {
  return text.split(',').map((word) => {
    const name = word.trim().replaceAll('-', '_');
    if (/^metadata\../.test(word.trim())) return word.trim() as SummaryGrouping;
    const alias = name === 'session' ? 'session_id' : name === 'root' ? 'root_run_id' : name;
    if (Object.hasOwn(STORE_GROUPINGS, alias)) return STORE_GROUPINGS[alias] as SummaryGrouping;
    throw new CommandError(`--by must be of ${known.join(', ')}`);
  });
}

function costColumns(groupBy: readonly string[]): readonly Column<Row>[] {
  const counter = (name: string) => (row: Row) => {
    const value = counterOf(row.tokenUsage, name);
    return value === null ? '?' : count(value);
  };
  return [
    ...groupBy.map((name) => ({
      title: titleOf(name),
      rank: 0,
      canShrink: true as const,
      cell: ({ group }: Row) => plainText(String(group[name] ?? '-')),
    })),
    { title: 'RUNS', rank: 1, isNumber: true, cell: ({ runs }) => count(runs) },
    { title: 'TURNS', rank: 4, isNumber: true, cell: ({ turns }) => count(turns) },
    { title: 'IN', rank: 2, isNumber: true, cell: counter('input_tokens') },
    { title: 'CACHED', rank: 5, isNumber: true, cell: counter('cache_read_tokens') },
    { title: 'OUT', rank: 3, isNumber: true, cell: counter('output_tokens') },
    { title: 'COST', rank: 0, isNumber: true, cell: ({ costUsd }) => dollars(costUsd), style: () => 'bold' },
    {
      title: 'UNPRICED',
      rank: 6,
      isNumber: true,
      style: () => 'yellow',
      cell: ({ unpricedRequests }) => (unpricedRequests === 0 ? '' : count(unpricedRequests)),
    },
  ];
}

function costCsv(groupBy: readonly string[]): {
  heading: readonly string[];
  cells: (row: Row) => readonly (string | number | boolean | null)[];
} {
  return {
    heading: [...groupBy.map(wireName), 'runs', 'turns', ...COUNTERS, 'cost_usd', 'unpriced_requests'],
    cells: ({ group, runs, turns, tokenUsage, costUsd, unpricedRequests }) => [
      ...groupBy.map((name) => group[name] ?? null),
      runs,
      turns,
      ...COUNTERS.map((name) => counterOf(tokenUsage, name)),
      costUsd,
      unpricedRequests,
    ],
  };
}

function wireName(name: string): string {
  return Object.keys(STORE_GROUPINGS).find((wire) => STORE_GROUPINGS[wire] === name) ?? name;
}

function titleOf(name: string): string {
  return plainText(name.replace(/^metadata\./, '').replace(/Id$/, '')).toUpperCase();
}

async function printTotal(shell: Shell, rows: readonly Row[]): Promise<void> {
  const sum = new CostSum();
  for (const { costUsd } of rows) if (costUsd !== null) sum.add(costUsd);
  const total = rows.some(({ costUsd }) => costUsd !== null) ? sum.usd : null;
  const unpriced = rows.reduce((requests, row) => requests + row.unpricedRequests, 0);
  const lacking = unpriced === 0 ? '' : `, without ${count(unpriced)} requests that have no price`;
  await shell.line(`${shell.styled('bold', dollars(total))} together${lacking}`);
}
