import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { Client } from 'pg';
import { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import { createDatabase } from '../support/postgres';

/** A store that the command is pointed at. */
export interface SeededStore {
  readonly store: RunStore;
  /** What `--store` takes. */
  readonly address: string;
  /** Another store of the same database, as another process has it. */
  another(workerName: string): RunStore;
  /** Does something with SQL, beside the store. */
  execute(sql: string): Promise<void>;
  close(): Promise<void>;
}

export async function sqliteStore(): Promise<SeededStore> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-run-cli-'));
  const address = join(folder, 'runs.db');
  const store = new SqliteRunStore({ path: address });
  await seed(store);
  return {
    store,
    address,
    another: (workerName) => new SqliteRunStore({ path: address, workerName }),
    execute: async (sql) => {
      const database = new Database(address);
      await Promise.resolve(sql)
        .then((text) => database.exec(text))
        .finally(() => database.close());
    },
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export async function postgresStore(): Promise<SeededStore> {
  const database = await createDatabase();
  const options = { connectionString: database.url, schema: 'agents', tablePrefix: 'test_' };
  const store = new PostgresRunStore(options);
  await seed(store);
  return {
    store,
    address: `${database.url}?schema=agents&table_prefix=test_`,
    another: (workerName) => new PostgresRunStore({ ...options, workerName }),
    execute: async (sql) => {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      await client.query(sql).finally(() => client.end());
    },
    close: async () => {
      await store.close();
      await database.drop();
    },
  };
}

/** A run that completed, one that failed with hostile texts, one that runs. */
async function seed(store: RunStore): Promise<void> {
  const done = new Run({
    id: 'run-done',
    sessionId: 'chat-1',
    provider: 'openai',
    metadata: { plan: 'pro', tier: 2 },
  });
  const recorder = store.track(done);
  done.updateStatus('running').incrementTurn();
  done.updateTokenUsage({ input_tokens: 1200, output_tokens: 34, cache_read_tokens: 1000 });
  done.addCost(0.0125);
  const step = done.startStep('fetch_page', { input: { url: 'https://example.test' } });
  step.end({ bytes: 3 });
  done.note('progress', { percent: 40 });
  done.setOutput({ text: 'Hello' });
  await recorder.stop();
  const failed = new Run({ id: 'run-failed', sessionId: '=cmd|calc', metadata: { plan: 'free', tier: '2' } });
  failed.updateStatus('running').setError({ code: 'model_error', message: 'no\u001b[31m luck, "quoted"' });
  await store.save(failed);
  await store.save(
    new Run({ id: 'run-live', sessionId: 'chat-2', input: { prompt: 'Hi' } }).updateStatus('running'),
  );
}
