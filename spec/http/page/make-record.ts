import type { Entry, JsonObject, RunRecord, SummaryRow } from '../../../lib/http/page/model/records';

/** When the runs of these specs start. */
export const START = Date.parse('2026-11-25T12:00:00.000Z');

/** A moment so many milliseconds after the start, as a record writes it. */
export function at(ms: number): string {
  return new Date(START + ms).toISOString();
}

/** A record as the routes give it. */
export function makeRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    id: 'run_1',
    session_id: 'session-1',
    status: 'running',
    input: null,
    output: null,
    error: null,
    metadata: null,
    turn_count: 0,
    token_usage: {},
    started_at: at(0),
    ended_at: null,
    provider: null,
    cost_usd: null,
    provider_metadata: null,
    ...changes,
  };
}

/** Entries of one run, counted from 1, each with its type, its data and when it was. */
export function makeEntries(...entries: readonly (readonly [string, JsonObject, number])[]): Entry[] {
  return entries.map(([type, data, ms], index) => ({
    position: 10 * index + 10,
    run_id: 'run_1',
    session_id: 'session-1',
    seq: index + 1,
    type,
    data,
    at: at(ms),
  }));
}

/** A row of a summary. */
export function makeRow(
  group: SummaryRow['group'],
  changes: Partial<Omit<SummaryRow, 'group'>> = {},
): SummaryRow {
  return { group, runs: 1, turns: 1, token_usage: {}, cost_usd: null, unpriced_requests: 0, ...changes };
}
