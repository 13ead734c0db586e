import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryRunStore } from 'agent-run/store';
import type { RunStore } from 'agent-run/store';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import { createDatabase } from '../support/postgres';

/** A store for one test, with nothing in it. */
export interface TestStore {
  readonly store: RunStore;
  close(): Promise<void>;
}

/** Every kind of store, each opened anew. */
export const STORES: readonly (readonly [name: string, open: () => Promise<TestStore>])[] = [
  ['MemoryRunStore', openMemory],
  ['SqliteRunStore', openSqlite],
  ['PostgresRunStore', openPostgres],
];

export function openMemory(): Promise<TestStore> {
  const store = new MemoryRunStore();
  return Promise.resolve({ store, close: () => store.close() });
}

export function openSqlite(): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-http-'));
  const store = new SqliteRunStore({ path: join(folder, 'runs.db') });
  return Promise.resolve({
    store,
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  });
}

async function openPostgres(): Promise<TestStore> {
  const database = await createDatabase();
  const store = new PostgresRunStore({ connectionString: database.url });
  return {
    store,
    close: async () => {
      await store.close();
      await database.drop();
    },
  };
}
