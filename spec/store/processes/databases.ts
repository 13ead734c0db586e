import type { RunStore, RunStoreOptions } from 'agent-run/store';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { createDatabase } from '../../support/postgres';

/** A database as one process can name it to another. */
export interface Location {
  readonly kind: 'postgres';
  readonly url: string;
}

/** An empty database. */
export interface EmptyDatabase {
  readonly location: Location;
  remove(): Promise<void> | void;
}

/** The databases that several processes can share. */
export const databases: readonly { readonly name: string; create(): Promise<EmptyDatabase> }[] = [
  { name: 'PostgreSQL', create: createOnServer },
];

/** Opens a store on a database. */
export function openStore(location: Location, options: RunStoreOptions = {}): RunStore {
  return new PostgresRunStore({ ...options, connectionString: location.url });
}

async function createOnServer(): Promise<EmptyDatabase> {
  const database = await createDatabase();
  return { location: { kind: 'postgres', url: database.url }, remove: () => database.drop() };
}
