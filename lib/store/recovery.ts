import { randomUUID } from 'node:crypto';
import type { Run } from '../run';
import type { RunWrite, StaleQuery, StoreBackend } from './backend';
import { rewriteOf } from './rewrite';

const PAGE = 100;

/**
 * Ends the runs that a dead process has left running, as failed with the code `orphaned`. A run that
 * gives a sign of life in between is left alone.
 *
 * @param onEnded - Is told what was committed.
 * @returns the runs that were ended here.
 */
export async function endOrphans(
  backend: StoreBackend,
  query: Omit<StaleQuery, 'limit'>,
  onEnded: (writes: readonly RunWrite[]) => void,
): Promise<Run[]> {
  // Taken as it ends: the process that held the lease finds another owner and knows what happened.
  const token = randomUUID();
  const lease = { owner: token, token, ms: 0 };
  const ended: Run[] = [];
  for (;;) {
    const page = await backend.stale({ ...query, limit: PAGE });
    const rewrites = page.map((stored) => rewriteOf(stored, markOrphaned, lease));
    const outcomes = await backend.apply(rewrites.map(({ write }) => write));
    const applied = rewrites.filter((_, index) => outcomes[index] === 'applied');
    ended.push(...applied.map(({ run }) => run));
    onEnded(applied.map(({ write }) => write));
    if (page.length < PAGE || applied.length === 0) return ended;
  }
}

function markOrphaned(run: Run): void {
  run.setError({ code: 'orphaned', message: `Run ${run.id} was left running by a process that is gone` });
}
