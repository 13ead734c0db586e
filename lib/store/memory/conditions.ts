import type { RowFilter, StaleQuery } from '../backend';
import type { StoredRun } from '../columns';

/**
 * Whether a row passes a filter, but for its times.
 *
 * @param members - The members of its metadata, by name.
 */
export function passes(row: StoredRun, members: ReadonlyMap<string, string>, filter: RowFilter): boolean {
  const { statuses, provider, parentRunId, rootRunId, rootsOnly, awaits, active, metadata } = filter;
  return (
    (statuses === undefined || statuses.includes(row.status)) &&
    (provider === undefined || row.provider === provider) &&
    (parentRunId === undefined || row.parent_run_id === parentRunId) &&
    (rootRunId === undefined || row.root_run_id === rootRunId) &&
    (rootsOnly !== true || row.parent_run_id === null) &&
    (awaits === undefined || row.awaits === awaits) &&
    (active === undefined || (row.active === 1) === active) &&
    (metadata === undefined || metadata.every(({ name, value }) => members.get(name) === value))
  );
}

/** Whether a running run is not executed any more, or a waiting one has waited for too long. */
export function isStale(row: StoredRun, query: StaleQuery, now: number): boolean {
  if (row.running === 0 || row.awaits === 'resume') return false;
  if (row.awaits === 'answer') return (row.awaiting_expires_ms ?? Infinity) <= now;
  if (row.lease_token !== null) return now >= heldUntil(row, query, now);
  return query.unleasedQuietMs !== null && row.touched_ms <= now - query.unleasedQuietMs;
}

/** When a lease counts as run out: not before its holder could have renewed it. */
function heldUntil(row: StoredRun, { reachableForMs = Infinity }: StaleQuery, now: number): number {
  const [expires, ms] = [row.lease_expires_ms ?? 0, row.lease_ms ?? 0];
  return Math.max(expires, now - reachableForMs + ms / 2);
}
