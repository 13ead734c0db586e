import { isJsonObject } from '../record/json';
import type { ScanColumn, ScannedRow } from './backend';
import type { StoredRun } from './columns';

const JSON_COLUMNS: ReadonlySet<ScanColumn> = new Set(['token_usage', 'usage_by_model', 'metadata']);

/** The columns of a row as a scan gives them; null where one cannot be read. */
export function scannedRow(
  row: Pick<StoredRun, ScanColumn>,
  columns: readonly ScanColumn[],
): ScannedRow | null {
  try {
    const values = columns.map((name) => {
      const value = row[name];
      return value !== null && JSON_COLUMNS.has(name) ? (JSON.parse(value as string) as unknown) : value;
    });
    return isReadable(values, columns) ? values : null;
  } catch {
    return null;
  }
}

/** Whether each value is of its column's kind: what was written by hand may be anything. */
export function isReadable(row: ScannedRow, columns: readonly ScanColumn[]): boolean {
  return columns.every((name, index) => KINDS[name](row[index]));
}

const KINDS: Readonly<Record<ScanColumn, (value: unknown) => boolean>> = {
  session_id: isText,
  root_run_id: isText,
  provider: (value) => value === null || isText(value),
  status: isText,
  started_ms: Number.isSafeInteger,
  turn_count: isCount,
  cost_usd: (value) => value === null || isCount(value),
  token_usage: isJsonObject,
  usage_by_model: (value) =>
    value === null || (isJsonObject(value) && Object.values(value).every(isJsonObject)),
  metadata: isJsonObject,
};

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}
