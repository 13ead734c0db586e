import { inspect } from 'node:util';
import type { RunError } from 'agent-run';
import { Run } from 'agent-run';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { Pool } from 'pg';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase } from '../../support/postgres';

const SECRET = 'hunter2-very-secret';

async function failureOf(call: () => unknown): Promise<RunError> {
  try {
    await call();
  } catch (error) {
    return error as RunError;
  }
  throw new Error('nothing was thrown');
}

describe('PostgresRunStore', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it.each([
    ['a password that is wrong', (url: URL) => (url.password = SECRET)],
    ['a database that is not there', (url: URL) => (url.pathname = '/none')],
    ['a port where nobody listens', (url: URL) => (url.port = '1')],
  ])('says what is wrong with %s, without the connection string', async (_, spoil) => {
    const url = new URL(database.url);
    const { password } = url;
    spoil(url);
    const patience = url.port === '1' ? { retryForMs: 100 } : {};
    const store = new PostgresRunStore({ connectionString: url.href, ...patience });
    const error = await failureOf(() => store.get('run_1'));
    expect(error).toMatchObject({ name: 'RunError', code: 'storage_error' });
    expect(error.retryable).toBe(url.port === '1');
    const printed = inspect(error, { depth: 10, showHidden: true });
    for (const secret of [SECRET, password, url.href]) expect(printed).not.toContain(secret);
    await store.close();
  });

  it('refuses a connection string that cannot be read, without quoting it', async () => {
    const error = await failureOf(
      () => new PostgresRunStore({ connectionString: `postgresql://user:${SECRET}@host:port/#%` }),
    );
    expect(error.code).toBe('validation_error');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(SECRET);
  });

  it('does not quote the connection string of a pool either', async () => {
    const pool = new Pool({ connectionString: `postgresql://user:${SECRET}@host:port/#%` });
    const store = new PostgresRunStore({ pool });
    const error = await failureOf(() => store.get('run_1'));
    expect(error.code).toBe('storage_error');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(SECRET);
    await store.close();
  });

  it.each(['runs; DROP TABLE users', 'a"b', 'Großes', '', '1st', 'x'.repeat(32)])(
    'refuses %j as schema and as prefix',
    async (name) => {
      for (const options of [{ schema: name }, { tablePrefix: name }]) {
        const error = await failureOf(
          () => new PostgresRunStore({ connectionString: database.url, ...options }),
        );
        expect(error.code).toBe('validation_error');
      }
    },
  );

  it('wants one of pool and connectionString', async () => {
    const pool = new Pool();
    const both = await failureOf(() => new PostgresRunStore({ pool, connectionString: database.url }));
    const none = await failureOf(() => new PostgresRunStore({}));
    expect([both.code, none.code]).toEqual(['validation_error', 'validation_error']);
    await pool.end();
  });

  it('keeps its tables in the schema and under the prefix that it is told', async () => {
    const place = { schema: 'agents', tablePrefix: 'mine_' };
    const store = new PostgresRunStore({ connectionString: database.url, ...place });
    const run = new Run({ sessionId: 'session-1' });
    await store.save(run);
    await store.close();
    const rows = await database.query('SELECT id FROM agents.mine_runs');
    expect(rows).toEqual([{ id: run.id }]);
  });

  it('refuses a schema of a later version, and says what to do', async () => {
    const tablePrefix = 'newer_';
    const store = new PostgresRunStore({ connectionString: database.url, tablePrefix });
    await store.get('run_1');
    await store.close();
    await database.query('INSERT INTO newer_migrations (version) VALUES (1000)');
    const older = new PostgresRunStore({ connectionString: database.url, tablePrefix });
    const error = await failureOf(() => older.get('run_1'));
    expect(error).toMatchObject({ code: 'storage_error', retryable: false, details: { found: 1000 } });
    expect(error.message).toMatch(/upgrade agent-run/);
    await older.close();
  });

  it('removes the journals of runs that are removed by hand', async () => {
    const tablePrefix = 'byhand_';
    const store = new PostgresRunStore({ connectionString: database.url, tablePrefix });
    const [gone, kept] = [new Run({ sessionId: 'old' }), new Run({ sessionId: 'new' })];
    await Promise.all([gone, kept].map((run) => store.save(run.updateStatus('running'))));
    await database.query("DELETE FROM byhand_runs WHERE session_id = 'old'");
    expect(await store.events(gone.id)).toEqual([]);
    expect(await store.events(kept.id)).toHaveLength(2);
    await store.close();
  });
});
