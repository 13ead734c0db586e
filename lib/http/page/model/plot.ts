import type { RangeName } from './route';
import type { SummaryRow } from './records';
import { tokensOf } from './records';

const HOUR = 3_600_000;
const DAYS: Readonly<Record<RangeName, number>> = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 };
const SHOWN_MODELS = 5;

export type Grain = 'hour' | 'day';

/** A span of time to sum up over. */
export interface Period {
  readonly grain: Grain;
  /** Where it begins, in milliseconds since the epoch: whole hours or local days. */
  readonly from: number;
  /** Its hours or days, written as a summary writes them, oldest first. */
  readonly groups: readonly string[];
}

/** What a plot draws: a value for each group and model. */
export interface StackedSeries {
  readonly name: string;
  /** Whether it is the sum of the models that are too small for a colour of their own. */
  readonly rest: boolean;
  readonly values: readonly number[];
  readonly sum: number;
}

/** The hours or days of a range that ends now. */
export function periodOf(range: RangeName, now: number): Period {
  if (range === '24h') {
    const last = Math.floor(now / HOUR) * HOUR;
    const hours = Array.from({ length: 24 }, (_, index) => last - (23 - index) * HOUR);
    return { grain: 'hour', from: hours[0] ?? last, groups: hours.map((at) => localHour(new Date(at))) };
  }
  const today = new Date(now);
  const days = Array.from({ length: DAYS[range] }, (_, index) => {
    const back = DAYS[range] - 1 - index;
    return new Date(today.getFullYear(), today.getMonth(), today.getDate() - back);
  });
  return { grain: 'day', from: days[0]?.getTime() ?? now, groups: days.map(localDay) };
}

function localDay(date: Date): string {
  return [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
}

function localHour(date: Date): string {
  return `${localDay(date)}T${two(date.getHours())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** The value of a row that is added up; null where it is not known. */
export type ValueOf = (row: SummaryRow) => number | null;

const UNKNOWN_MODEL = 'unknown model';

/** The models by what they cost, then by their tokens: both plots give a model the same colour. */
export function rankModels(rows: readonly SummaryRow[]): string[] {
  const sums = new Map<string, { cost: number; tokens: number }>();
  for (const row of rows) {
    const name = row.group['model'] ?? UNKNOWN_MODEL;
    const sum = sums.get(name) ?? { cost: 0, tokens: 0 };
    sums.set(name, { cost: sum.cost + (costValue(row) ?? 0), tokens: sum.tokens + (tokenValue(row) ?? 0) });
  }
  return [...sums]
    .sort(([, one], [, other]) => other.cost - one.cost || other.tokens - one.tokens)
    .map(([name]) => name);
}

/** A value for each model and group, in the order of `rankModels`, the small models as one. */
export function stackModels(
  rows: readonly SummaryRow[],
  { grain, groups }: Period,
  valueOf: ValueOf,
): StackedSeries[] {
  const indexOf = new Map(groups.map((group, index) => [group, index]));
  const models = new Map<string, number[]>();
  for (const row of rows) {
    const index = indexOf.get(row.group[grain] ?? '');
    const value = valueOf(row);
    if (index === undefined || value === null) continue;
    const name = row.group['model'] ?? UNKNOWN_MODEL;
    const values = models.get(name) ?? groups.map(() => 0);
    values[index] = (values[index] ?? 0) + value;
    models.set(name, values);
  }
  const none = groups.map(() => 0);
  const series = rankModels(rows).map((name) => {
    const values = models.get(name) ?? none;
    return { name, rest: false, values, sum: sumOf(values) };
  });
  return withRest(series);
}

function withRest(series: StackedSeries[]): StackedSeries[] {
  if (series.length <= SHOWN_MODELS + 1) return series;
  const small = series.slice(SHOWN_MODELS);
  const values = (small[0]?.values ?? []).map((_, index) =>
    sumOf(small.map((one) => one.values[index] ?? 0)),
  );
  const rest = { name: `${small.length} others`, rest: true, values, sum: sumOf(values) };
  return [...series.slice(0, SHOWN_MODELS), rest];
}

/** Each series with all that lies below it, as bars on one another are drawn. */
export function cumulate(series: readonly StackedSeries[]): number[][] {
  const below: number[] = [];
  return series.map(({ values }) =>
    values.map((value, index) => {
      const sum = (below[index] ?? 0) + value;
      below[index] = sum;
      return sum;
    }),
  );
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

export function costValue(row: SummaryRow): number | null {
  return row.cost_usd;
}

export function tokenValue(row: SummaryRow): number | null {
  return tokensOf(row.token_usage);
}

/** How a group is called under a plot: `14:00`, `Nov 24`. */
export function groupLabel(group: string): string {
  if (group.includes('T')) return `${group.slice(11)}:00`;
  const [year = 0, month = 1, day = 1] = group.split('-').map(Number);
  return new Date(year, month - 1, day).toLocaleDateString(undefined, { month: 'short', day: 'numeric' });
}
