import type { RunJSON } from '../record/run-json';
import { formatTimestamp } from '../record/timestamp';
import type { AnyRun } from '../run';
import type { JournalEntry } from '../store/journal';

/** A record as clients get it: without the part that only a meter reads. */
export type RunAnswer = Omit<RunJSON, 'usage_meter'>;

/** An entry of a journal with the names that clients get. */
export interface EntryAnswer {
  readonly position: number;
  readonly run_id: string;
  readonly session_id: string;
  readonly seq: number;
  readonly type: string;
  readonly data: JournalEntry['data'];
  /** ISO 8601 in UTC. */
  readonly at: string;
}

/** The record of a run for a client. */
export function runAnswer(run: AnyRun): RunAnswer {
  const record: { -readonly [Key in keyof RunJSON]: RunJSON[Key] } = run.toJSON();
  delete record.usage_meter;
  return record;
}

/** An entry for a client. */
export function entryAnswer({ position, runId, sessionId, seq, type, data, at }: JournalEntry): EntryAnswer {
  return { position, run_id: runId, session_id: sessionId, seq, type, data, at: formatTimestamp(at) };
}
