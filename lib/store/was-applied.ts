import type { Lease, RunWrite } from './backend';
import type { StoredRun } from './columns';
import type { Database } from './database';

/** What is known of a write that did not find the revision it expected. */
export interface Circumstances {
  /** Whether there was an attempt before, whose answer never came. */
  readonly isRepeated?: boolean;
  /** Whether its writer held the run's lease before. */
  readonly wasLeased?: boolean;
}

/**
 * Whether a write has been committed although its answer was lost: the revision is its writer's, or,
 * where somebody else has written since, the journal has its entries.
 */
export async function wasApplied(
  database: Database,
  write: RunWrite,
  stored: StoredRun,
  { isRepeated, wasLeased }: Circumstances = {},
): Promise<boolean> {
  if (stored.revision < write.nextRevision) return false;
  if (stored.revision === write.nextRevision) return stored.writer === write.writer;
  if (isRepeated !== true) return false;
  // Two processes that insert the same id, or start the same run, write the same entries: the lease tells
  // them apart.
  const takesLease = typeof write.lease === 'object' && wasLeased !== true;
  if (write.revision === 0 || takesLease) return stored.lease_token === tokenOf(write);
  return hasEntries(database, write);
}

/** Undefined where the write takes no lease. */
function tokenOf({ lease }: RunWrite): string | undefined {
  return (lease as Partial<Lease>).token;
}

async function hasEntries(database: Database, { id, entries }: RunWrite): Promise<boolean> {
  const [first] = entries;
  if (first === undefined) return false;
  const query = { runId: id, afterSeq: first.seq - 1, limit: entries.length };
  const page = await database.attempt('read the journal', (backend) => backend.journal(query));
  return entries.every((entry, index) => {
    const stored = page.entries[index];
    return stored?.type === entry.type && stored.at === entry.at && stored.data === entry.data;
  });
}
