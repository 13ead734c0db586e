import type { RunStore } from 'agent-run/store';
import { postgresStore, sqliteStore } from './built';

/** Where a store is, as one process can tell it to another. */
export interface StorePlace {
  readonly kind: 'sqlite' | 'postgres';
  /** The path of the file, or the URL of the database. */
  readonly place: string;
}

/** Opens the store. */
export function openStore({ kind, place }: StorePlace): RunStore {
  return kind === 'sqlite'
    ? new (sqliteStore().SqliteRunStore)({ path: place })
    : new (postgresStore().PostgresRunStore)({ connectionString: place });
}
