import type { RunWrite } from './backend';
import type { StoredRun } from './columns';
import type { Database } from './database';

/**
 * Whether a write has been committed although its answer was lost: the revision is its writer's, or,
 * where somebody else has written since, the journal has its entries.
 *
 * @param isAlone - Whether nobody else can have written the same entries: under a lease others cannot.
 */
export async function wasApplied(
  database: Database,
  write: RunWrite,
  stored: StoredRun,
  isAlone: boolean,
): Promise<boolean> {
  if (stored.revision < write.nextRevision) return false;
  if (stored.revision === write.nextRevision) return stored.writer === write.writer;
  const holdsLease = typeof write.lease === 'object' && stored.lease_token === write.lease.token;
  // Two who insert the same id write the same first entry: only the lease tells them apart.
  if (write.revision === 0) return holdsLease;
  return (isAlone || holdsLease) && hasEntries(database, write);
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
