import { randomUUID } from 'node:crypto';
import type { Run } from '../run';
import type { Lease, RunWrite } from './backend';
import { ChangeLog } from './change-log';
import type { StoredRun } from './columns';
import { columnsOf, runOf } from './columns';

/** A change that somebody else than the run's recorder makes. */
export interface Rewrite {
  /** The run after the change. */
  readonly run: Run;
  readonly write: RunWrite;
}

/**
 * Prepares a change of a stored run: reads the run, changes it by its own rules, and says what is to
 * be written, for the revision that was read.
 *
 * @param lease - As in {@link RunWrite}.
 */
export function rewriteOf(stored: StoredRun, change: (run: Run) => void, lease: Lease | 'keep'): Rewrite {
  const run = runOf(stored);
  const log = new ChangeLog(run);
  change(run);
  log.stop();
  const { columns, entries } = log.take();
  const write: RunWrite = {
    id: stored.id,
    sessionId: stored.session_id,
    revision: stored.revision,
    nextRevision: stored.revision + 1,
    writer: randomUUID(),
    columns: columnsOf(run, columns),
    entries: entries.map((entry, index) => ({ ...entry, seq: stored.seq + 1 + index })),
    lease,
    exclusive: false,
  };
  return { run, write };
}
