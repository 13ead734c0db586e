import type { Compared } from './compare';
import type { Point, Spread } from './statistics';

/** What a row has to reach. */
export type Figure = { readonly atMost: number } | { readonly atLeast: number };

/** A line of a table. */
export interface Row {
  readonly what: string;
  /** What it stands against. */
  readonly against: string;
  readonly value: Spread;
  /** @default '×' */
  readonly unit?: '×' | 'B' | 'ms' | '%' | '';
  readonly figure?: Figure;
}

/** How a cost grows. */
export interface Curve {
  readonly title: string;
  /** What the sizes count: `updates`. */
  readonly sizes: string;
  /** What a point costs: `ns per update`. */
  readonly costs: string;
  readonly points: readonly Point[];
  /** On logarithmic scales: 0 is flat. */
  readonly slope: number;
}

/** What a part has to say. */
export interface PartResult {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly curves?: readonly Curve[];
  /** What is not equal, what is not measured. */
  readonly notes: readonly string[];
}

/** One part of the benchmarks: `npm run bench -- <name>`. */
export interface Part {
  readonly name: string;
  run(progress: (share: number) => void): Promise<PartResult>;
}

/** Whether the median reaches the figure; undefined where there is none to reach. */
export function isReached({ value, figure }: Row): boolean | undefined {
  if (figure === undefined) return undefined;
  return 'atMost' in figure ? value.median <= figure.atMost : value.median >= figure.atLeast;
}

/** A row of a candidate: how much longer it takes than the base. */
export function slowness(compared: Compared, against: string, figure?: Figure): Row {
  return { what: compared.name, against, value: compared.ratio, ...(figure && { figure }) };
}

/** A row of a candidate: how much of the base's work it does in the same time, in percent. */
export function throughput({ name, ratio }: Compared, against: string, atLeast?: number): Row {
  const value = { lower: 100 / ratio.upper, median: 100 / ratio.median, upper: 100 / ratio.lower };
  return { what: name, against, value, unit: '%', ...(atLeast !== undefined && { figure: { atLeast } }) };
}

/** A part as text. */
export function formatPart({ title, rows, curves = [], notes }: PartResult): string {
  const table = formatTable([HEADINGS, ...rows.map(cells)]);
  const drawn = curves.map((curve) => `\n${formatCurve(curve)}`);
  return [title, ...table, ...drawn, ...notes.map((note) => `  - ${note}`), ''].join('\n');
}

const HEADINGS = ['', 'against', 'median', 'quartiles', 'to reach', ''];

function cells(row: Row): string[] {
  const { what, against, value, unit = '×', figure } = row;
  const reached = isReached(row);
  return [
    what,
    against,
    `${formatNumber(value.median)} ${unit}`,
    `${formatNumber(value.lower)} to ${formatNumber(value.upper)}`,
    figure === undefined ? '' : formatFigure(figure, unit),
    reached === undefined ? '' : reached ? 'reached' : 'MISSED',
  ];
}

function formatFigure(figure: Figure, unit: string): string {
  return 'atMost' in figure ? `<= ${figure.atMost} ${unit}` : `>= ${figure.atLeast} ${unit}`;
}

/** Three digits that mean something. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return 'n/a';
  if (value >= 100) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Lines whose columns stand below each other. */
export function formatTable(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) =>
    `  ${line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
  );
}

const BAR = 40;

/** A curve as bars, as long as the cost is high. */
function formatCurve({ title, sizes, costs, points, slope }: Curve): string {
  const highest = Math.max(...points.map(({ cost }) => cost));
  const lines = points.map(({ size, cost }) => [
    size.toLocaleString('en'),
    formatNumber(cost),
    '█'.repeat(Math.max(1, Math.round((BAR * cost) / highest))),
  ]);
  const caption = `  ${title}; slope ${slope.toFixed(2)}`;
  return [caption, ...formatTable([[sizes, costs, ''], ...lines]).map((line) => `  ${line}`)].join('\n');
}
