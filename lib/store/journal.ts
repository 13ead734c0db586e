import type { JsonObject } from '../record/json';
import type { RunEvents } from '../run-events';
import type { StoredEntry } from './backend';
import { decodeText } from './column-text';

/** One event of a run, as a store keeps it. */
export interface JournalEntry {
  /** Grows over the whole store, in the order in which entries became visible; may have gaps. */
  readonly position: number;
  /** The run that it happened to. */
  readonly runId: string;
  /** The session of the run. */
  readonly sessionId: string;
  /** 1 for the run's first entry, then without gaps. */
  readonly seq: number;
  /** The event's name; a later version may know more. */
  readonly type: Exclude<keyof RunEvents, 'listenerError'> | (string & {});
  /** The event's payload without `run` and `at`: `{ from, to }`, `{ turnCount }`, … */
  readonly data: JsonObject;
  /** When the event happened, in milliseconds since the epoch. */
  readonly at: number;
}

/** The entry that a row of the journal holds. */
export function journalEntryOf(row: StoredEntry): JournalEntry {
  const { position, run_id: runId, session_id: sessionId, seq, type, data, at } = row;
  return {
    position,
    runId: decodeText(runId),
    sessionId: decodeText(sessionId),
    seq,
    type,
    data: JSON.parse(data) as JsonObject,
    at,
  };
}
