import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunStore, RunStoreOptions } from 'agent-run/store';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import { createDatabase } from '../../support/postgres';

/** A database as one process can name it to another. */
export type Location =
  { readonly kind: 'sqlite'; readonly path: string } | { readonly kind: 'postgres'; readonly url: string };

/** An empty database. */
export interface EmptyDatabase {
  readonly location: Location;
  remove(): Promise<void> | void;
}

/** The databases that several processes can share. */
export const databases: readonly { readonly name: string; create(): Promise<EmptyDatabase> }[] = [
  { name: 'SQLite', create: createFile },
  { name: 'PostgreSQL', create: createOnServer },
];

/** Opens a store on a database. */
export function openStore(location: Location, options: RunStoreOptions = {}): RunStore {
  return location.kind === 'sqlite'
    ? new SqliteRunStore({ ...options, path: location.path })
    : new PostgresRunStore({ ...options, connectionString: location.url });
}

async function createFile(): Promise<EmptyDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-spec-'));
  return Promise.resolve({
    location: { kind: 'sqlite', path: join(folder, 'runs.db') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  });
}

async function createOnServer(): Promise<EmptyDatabase> {
  const database = await createDatabase();
  return { location: { kind: 'postgres', url: database.url }, remove: () => database.drop() };
}
