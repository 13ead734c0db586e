/** The tables of README.md and docs/performance.md, from the figures that were measured last. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PartResult, Row } from './report';
import { formatNumber, isReached } from './report';

/** What stands in docs/figures.json. */
export interface Figures {
  readonly environment: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly parts: readonly (PartResult & { readonly name: string })[];
}

const FILE = 'docs/figures.json';

/** The rows of the short table: the part, how the row begins, and what it is called there. */
const SHORT: readonly (readonly [part: string, what: string, shown: string])[] = [
  [
    'lifecycle',
    'Run, listeners on each event: 0',
    'a life of a run: created, 22 changes, JSON, read back; against a record written by hand for speed alone',
  ],
  ['lifecycle', 'xstate', 'the same as an xstate actor, against `Run`'],
  ['lifecycle', 'OpenAI', "the same as the OpenAI Agents SDK's `RunState`, against `Run`"],
  ['lifecycle', 'LangSmith', "the same as LangSmith's `RunTree`, against `Run`"],
  ['memory', 'a fresh run', 'memory of a live run, beyond its payloads'],
  ['import', 'the core', 'loading the core, against loading its dependencies'],
  ['sqlite', 'changes of 100 runs', 'SQLite: recorded changes, of what raw prepared statements reach'],
  ['postgres', 'changes of 100 runs', 'PostgreSQL: recorded changes, of what one raw `unnest` reaches'],
  ['durable', "LangGraph's", "PostgreSQL, lives of ten stored turns: LangGraph's checkpointer, against runs"],
  ['durable', 'a DBOS', 'the same: DBOS workflows of ten steps, against runs'],
];

/** Puts parts that were measured anew in the place of the old ones, and writes the tables. */
export function writeFigures(project: string, measured: Figures): void {
  const known = readFigures(project);
  const others = (known?.parts ?? []).filter(
    ({ name }) => !measured.parts.some((part) => part.name === name),
  );
  const figures = { ...measured, parts: [...others, ...measured.parts] };
  writeFileSync(join(project, FILE), `${JSON.stringify(figures, null, 2)}\n`);
  replaceBetweenMarks(join(project, 'README.md'), shortTable(figures));
  replaceBetweenMarks(join(project, 'docs/performance.md'), wholeTables(figures));
}

export function readFigures(project: string): Figures | null {
  const file = join(project, FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Figures) : null;
}

/** The table of README.md. */
export function shortTable({ environment, parts }: Figures): string {
  const lines = SHORT.flatMap(([name, begins, shown]) => {
    const rows = parts.find((part) => part.name === name)?.rows ?? [];
    const row = rows.find(({ what }) => what.startsWith(begins));
    return row === undefined ? [] : [`| ${shown} | ${valueOf(row)} |`];
  });
  return ['| what | measured |', '| --- | --- |', ...lines, '', `Measured on ${environment}.`].join('\n');
}

/** The tables of docs/performance.md. */
export function wholeTables({ environment, versions, parts }: Figures): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const tables = parts.flatMap(({ title, rows, notes }) => [
    `### ${title}`,
    '',
    '| | against | median | quartiles | to reach | |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(lineOf),
    '',
    ...notes.map((note) => `- ${note}`),
    '',
  ]);
  return [`Measured on ${environment}: ${list.join(', ')}.`, '', ...tables].join('\n').trimEnd();
}

function lineOf(row: Row): string {
  const { what, against, value, unit = '×', figure } = row;
  const toReach =
    figure === undefined
      ? ''
      : 'atMost' in figure
        ? `≤ ${figure.atMost} ${unit}`
        : `≥ ${figure.atLeast} ${unit}`;
  const verdict = { true: 'reached', false: '**missed**', undefined: '' }[String(isReached(row))] ?? '';
  const quartiles = `${formatNumber(value.lower)} to ${formatNumber(value.upper)}`;
  return `| ${what.trim()} | ${against} | ${valueOf(row)} | ${quartiles} | ${toReach} | ${verdict} |`;
}

function valueOf({ value, unit = '×' }: Row): string {
  return `${formatNumber(value.median)} ${unit}`.trim();
}

function replaceBetweenMarks(file: string, table: string): void {
  const text = readFileSync(file, 'utf8');
  const marked = /(<!-- figures -->\n)[\s\S]*?(<!-- \/figures -->)/;
  if (!marked.test(text)) throw new Error(`${file} has no marks for the figures`);
  writeFileSync(
    file,
    text.replace(marked, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`),
  );
}
