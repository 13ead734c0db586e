import { formatTimestamp } from '../../record/timestamp';
import type { StoredRun } from '../columns';

/**
 * A row as it was read, with its times as texts: those that are stored as milliseconds alone are written
 * out.
 */
export function rowOf<Row extends Partial<StoredRun>>(row: Row): Row {
  const texts: Partial<Record<'started_at' | 'running_at' | 'ended_at', string | null>> = {};
  if ('started_at' in row) texts.started_at = row.started_at ?? textOf(row.started_ms as number);
  for (const name of ['running_at', 'ended_at'] as const) {
    const value = row[name];
    if (typeof value === 'string') texts[name] = IN_MILLISECONDS.test(value) ? textOf(Number(value)) : value;
  }
  for (const name of ['awaiting_expires_ms', 'lease_expires_ms', 'touched_ms'] as const) {
    const value = row[name];
    if (typeof value === 'number') Object.assign(texts, { [name]: Math.round(value) });
  }
  return Object.assign(row, texts);
}

const IN_MILLISECONDS = /^-?\d+(\.\d+)?$/;

/** The text of a time. What was edited by hand and is no time stays as it is: reading the run reports it. */
function textOf(ms: number): string {
  try {
    return formatTimestamp(Math.round(ms));
  } catch {
    return String(ms);
  }
}
