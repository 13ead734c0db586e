import { portOf } from '../attachment';
import type { Run } from '../run';
import type { Lease, RunWrite } from './backend';
import { ChangeLog } from './change-log';
import type { StoredRun } from './columns';
import { columnsOf, runOf } from './columns';

/** A change of a stored run that does not come from its recorder. */
export interface Rewrite {
  /** The run after the change. */
  readonly run: Run;
  readonly write: RunWrite;
}

/** Who makes the change, and what becomes of the lease. */
export interface RewriteSettings {
  readonly writer: string;
  readonly lease: Lease | 'keep';
}

/**
 * Prepares a change of a stored run: reads the run, changes it by its own rules, and says what is to
 * be written, for the revision that was read.
 *
 * @throws {RunError} `storage_error` where the row cannot be read; what `change` throws.
 */
export function rewriteOf(
  stored: StoredRun,
  change: (run: Run) => void,
  { writer, lease }: RewriteSettings,
): Rewrite {
  const run = runOf(stored);
  const log = new ChangeLog(run);
  const detach = portOf(run).attach({ changed: (...changed) => log.add(...changed) });
  change(run);
  detach();
  const { columns, entries } = log.take();
  const write: RunWrite = {
    id: stored.id,
    sessionId: stored.session_id,
    revision: stored.revision,
    nextRevision: stored.revision + 1,
    writer,
    columns: columnsOf(run, columns),
    entries: entries.map((entry, index) => ({ ...entry, seq: stored.seq + 1 + index })),
    lease,
    exclusive: false,
  };
  return { run, write };
}
