import { isJsonObject } from '../record/json';
import type { RowFilter, RowKey, ScanColumn, ScannedRow, ScanMark } from './backend';
import type { StoredRun } from './columns';

const UNSPLIT = 'unsplit_';

/** The columns of a row that a scan needs. */
export type ScannedColumns = Pick<
  StoredRun,
  Extract<ScanColumn, keyof StoredRun> | 'cost_usd' | 'token_usage' | 'usage_by_model' | 'metadata'
>;

/**
 * The part of a filter that a scan is at. Each part has one status at most, so that an index gives its rows
 * in order.
 */
export function partOf(filter: RowFilter, from: ScanMark | null): RowFilter {
  const status = filter.statuses?.[from?.part ?? 0];
  return status === undefined ? filter : { ...filter, statuses: [status] };
}

/**
 * Where a scan goes on after a page.
 *
 * @param last - The last row of the page; undefined at the end of its part.
 */
export function markAfter(
  { statuses = [] }: RowFilter,
  from: ScanMark | null,
  last: RowKey | undefined,
): ScanMark | null {
  const part = from?.part ?? 0;
  if (last !== undefined) return { part, after: last };
  return part + 1 < statuses.length ? { part: part + 1, after: undefined } : null;
}

/**
 * The stored column behind a scanned one, and whether it has a value only in rows that do not say what each
 * model used.
 */
export function sourceOf(column: ScanColumn): {
  readonly name: keyof ScannedColumns;
  readonly isUnsplit: boolean;
} {
  const isUnsplit = column.startsWith(UNSPLIT);
  return { name: (isUnsplit ? column.slice(UNSPLIT.length) : column) as keyof ScannedColumns, isUnsplit };
}

/** What kind of value a column has. */
export function kindOf(column: ScanColumn): 'json' | 'text' | 'number' {
  const { name } = sourceOf(column);
  if (name === 'token_usage' || name === 'usage_by_model' || name === 'metadata') return 'json';
  return name === 'turn_count' || name === 'started_ms' || name === 'cost_usd' ? 'number' : 'text';
}

/** The columns of a row as a scan gives them; null where one cannot be read. */
export function scannedRow(row: ScannedColumns, columns: readonly ScanColumn[]): ScannedRow | null {
  try {
    const isSplit = row.usage_by_model !== null && row.usage_by_model !== '{}';
    const values = columns.map((column): unknown => {
      const { name, isUnsplit } = sourceOf(column);
      const value = isUnsplit && isSplit ? null : row[name];
      // Null, too, is read as null.
      return kindOf(column) === 'json' ? (JSON.parse(value as string) as unknown) : value;
    });
    return isReadable(values, columns) ? values : null;
  } catch {
    return null;
  }
}

/** Whether each value has its column's type: a row that was edited by hand may hold anything. */
export function isReadable(row: ScannedRow, columns: readonly ScanColumn[]): boolean {
  if (row.length !== columns.length) return false;
  for (let index = 0; index < columns.length; index++) {
    if (!IS_GOOD[columns[index] as ScanColumn](row[index])) return false;
  }
  return true;
}

const IS_GOOD: Readonly<Record<ScanColumn, (value: unknown) => boolean>> = {
  session_id: isText,
  root_run_id: isText,
  provider: orNull(isText),
  status: isText,
  started_ms: Number.isSafeInteger,
  turn_count: isCount,
  cost_usd: orNull(isCount),
  token_usage: isJsonObject,
  usage_by_model: orNull(holdsObjects),
  metadata: isJsonObject,
  unsplit_cost_usd: orNull(isCount),
  unsplit_token_usage: orNull(isJsonObject),
  unsplit_metadata: orNull(isJsonObject),
};

function orNull(isGood: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === null || isGood(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

function holdsObjects(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  for (const key in value) if (!isJsonObject(value[key])) return false;
  return true;
}
