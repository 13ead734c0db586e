import type { Database } from './database';

/** The `seq` of a run's last entry, 0 for none; without a run, the last `position` of the whole store. */
export async function journalEnd(database: Database, rowId: string | undefined): Promise<number> {
  if (rowId === undefined) return database.patiently('read the journal', (backend) => backend.head());
  const row = await database.patiently('read a run', (backend) => backend.read(rowId));
  return row?.seq ?? 0;
}
