import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import { describeStore } from './contract/describe-store';
import type { TestDatabase } from './contract/test-database';
import { ConnectedStores } from './contract/test-database';

function openSqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-'));
  const stores = new ConnectedStores();
  return Promise.resolve({
    connect: (options) => stores.add(new SqliteRunStore({ path: join(folder, 'runs.db'), ...options })),
    close: async () => {
      await stores.close();
      rmSync(folder, { recursive: true });
    },
  });
}

describeStore('SqliteRunStore', openSqlite);
