import { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import Database from 'libsql';
import type { TestDatabase } from '../support/postgres';
import { createDatabase } from '../support/postgres';
import { runOf } from './contract/test-database';

interface Rows {
  readonly store: RunStore;
  /** Hears of what is passed over. */
  readonly told: jest.Mock;
  /** Writes by hand. */
  readonly execute: (sql: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const BAD = 'run_bad';

/** What SQL can write into either database, and this package never does. */
const SPOILT: readonly string[] = [
  `session_id = ''`,
  `status = 'done'`,
  `status = 'completed'`,
  `turn_count = -1`,
  `cost_usd = -0.5`,
  `token_usage = '[]'`,
  `token_usage = '{"input_tokens": -1}'`,
  `usage_by_model = '7'`,
  `metadata = '[]'`,
  `provider_metadata = '"text"'`,
  `awaiting = '{"since": "yesterday"}'`,
  `input = '[]'`,
  `output = '1'`,
  `error = '"no"'`,
  `extra = '{"limits": {"max_turns": -1}}'`,
  `revision = -1`,
  `seq = -1`,
];

/** What SQLite has no type to refuse. */
const SPOILT_TEXTS: readonly string[] = [
  `started_at = 'yesterday'`,
  `running_at = 'later'`,
  ...[
    'token_usage',
    'usage_by_model',
    'metadata',
    'provider_metadata',
    'awaiting',
    'input',
    'output',
    'error',
    'extra',
  ].map((name) => `${name} = '{"never": "closed'`),
];

/** What PostgreSQL has a word for. */
const SPOILT_TIMES: readonly string[] = [
  `running_at = 'infinity'`,
  `cost_usd = 'NaN'`,
  `cost_usd = 'Infinity'`,
  `started_at_exact = 'yesterday'`,
];

function describeRows(name: string, spoilt: readonly string[], open: () => Promise<Rows>): void {
  describe(`an unreadable row of ${name}`, () => {
    let rows: Rows;

    beforeEach(async () => {
      rows = await open();
      await rows.store.save(runOf({ id: 'run_0', started_at: '2026-03-01T12:00:00.000Z' }));
      const bad = new Run({ id: BAD, sessionId: 'session-1' });
      const recorder = rows.store.track(bad, { leaseMs: 1, onError: () => undefined });
      bad.updateStatus('running');
      await recorder.flush();
      const running = runOf({ id: 'run_1', status: 'running', started_at: '2026-03-01T12:00:00.000Z' });
      await rows.store.save(running);
    });

    afterEach(() => rows.close());

    it.each(spoilt)('with %s harms nobody else', async (assignment) => {
      const { store, told, execute } = rows;
      await execute(`UPDATE agent_run_runs SET ${assignment} WHERE id = '${BAD}'`);
      const refusal = { code: 'storage_error', retryable: false, details: { runId: BAD } };
      await expect(store.get(BAD)).rejects.toMatchObject(refusal);
      await expect(store.get(BAD)).rejects.toThrow(BAD);
      await expect(store.cancel(BAD)).rejects.toMatchObject(refusal);
      expect((await store.list()).runs.map(({ id }) => id).sort()).toEqual(['run_0', 'run_1']);
      expect(told.mock.calls[0]).toMatchObject([{ error: refusal }]);
      const sums = await store.summarize({ groupBy: ['sessionId', 'model'] });
      expect(sums.reduce((all, { runs }) => all + runs, 0)).toBeGreaterThanOrEqual(2);
      expect((await store.recover({ staleAfterMs: 0 })).map(({ id }) => id)).toEqual(['run_1']);
      expect((await store.get('run_1'))?.status).toBe('failed');
      expect(await store.getActive('session-1')).toBeNull();
    });

    it('says nothing of what is in it', async () => {
      const { store, execute } = rows;
      await execute(`UPDATE agent_run_runs SET metadata = '["secret"]' WHERE id = '${BAD}'`);
      await expect(store.get(BAD)).rejects.toThrow(/^(?!.*secret)/);
    });
  });
}

describeRows('SQLite', [...SPOILT, ...SPOILT_TEXTS], () => {
  const database = new Database(':memory:');
  const told = jest.fn();
  const store = new SqliteRunStore({ database, onError: told });
  return Promise.resolve({
    store,
    told,
    execute: (sql) => Promise.resolve(database.exec(sql)),
    close: () => store.close().catch(() => undefined),
  });
});

let shared: TestDatabase;
let count = 0;

beforeAll(async () => {
  shared = await createDatabase();
});

afterAll(() => shared.drop());

describeRows('PostgreSQL', [...SPOILT, ...SPOILT_TIMES], () => {
  const schema = `schema_${++count}`;
  const told = jest.fn();
  const store = new PostgresRunStore({ connectionString: shared.url, schema, onError: told });
  return Promise.resolve({
    store,
    told,
    execute: (sql) => shared.query(sql.replace('agent_run_runs', `${schema}.agent_run_runs`)),
    close: () => store.close().catch(() => undefined),
  });
});
