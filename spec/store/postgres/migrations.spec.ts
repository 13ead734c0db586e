import { createHash } from 'node:crypto';
import { Run } from 'agent-run';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { MIGRATIONS } from '../../../lib/store/postgres/migrations';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase } from '../../support/postgres';

/** A migration that is there for good: a change of the schema is another one, behind it. */
const HASHES = ['fb1eb913b4cc3ec1277c59c87b3551ad2c73d2149785c13aed054e9d21eb186c'];

describe('the migrations of PostgreSQL', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(() => database.drop());

  it('are what they were when they were published', () => {
    const hashes = MIGRATIONS.map((text) => createHash('sha256').update(text).digest('hex'));
    expect(hashes).toEqual(HASHES);
  });

  it('are applied by many at once, with several prefixes, in a schema that is not there yet', async () => {
    const stores = Array.from(
      { length: 8 },
      (_, index) =>
        new PostgresRunStore({
          connectionString: database.url,
          schema: 'new',
          tablePrefix: `p${index % 4}_`,
        }),
    );
    await Promise.all(stores.map((store) => store.save(new Run({ sessionId: 'session-1' }))));
    for (const store of stores) expect((await store.list()).runs).toHaveLength(2);
    await Promise.all(stores.map((store) => store.close()));
    const tables = await database.query(
      `SELECT count(*)::integer AS count FROM pg_tables WHERE schemaname = 'new'`,
    );
    expect(tables).toEqual([{ count: 16 }]);
  });

  it('leave a schema alone where it is up to date, with no right to change it', async () => {
    const first = new PostgresRunStore({ connectionString: database.url, schema: 'kept' });
    await first.get('run_none');
    await first.close();
    await database.query(`CREATE ROLE reader LOGIN PASSWORD 'reader'`);
    await database.query('GRANT USAGE ON SCHEMA kept TO reader');
    await database.query('GRANT SELECT ON ALL TABLES IN SCHEMA kept TO reader');
    const url = new URL(database.url);
    [url.username, url.password] = ['reader', 'reader'];
    const store = new PostgresRunStore({ connectionString: url.href, schema: 'kept' });
    expect((await store.list()).runs).toEqual([]);
    await store.close();
    await database.query('DROP OWNED BY reader');
    await database.query('DROP ROLE reader');
  });

  it('make nothing where there have to be tables, and know those that are there', async () => {
    const place = { connectionString: database.url, schema: 'wanted' };
    const early = new PostgresRunStore({ ...place, mustExist: true });
    await expect(early.get('run_1')).rejects.toMatchObject({
      code: 'storage_error',
      retryable: false,
      message: expect.stringContaining('no tables of agent-run that begin with agent_run_') as unknown,
    });
    expect(await database.query("SELECT FROM pg_namespace WHERE nspname = 'wanted'")).toEqual([]);
    const maker = new PostgresRunStore(place);
    await maker.save(new Run({ id: 'run_1', sessionId: 'session-1' }));
    // What failed is tried again.
    expect((await early.get('run_1'))?.id).toBe('run_1');
    expect(await database.query('SELECT version FROM wanted.agent_run_migrations')).toEqual([
      { version: MIGRATIONS.length },
    ]);
    await Promise.all([early.close(), maker.close()]);
  });

  it('refuse a schema of a later version', async () => {
    const first = new PostgresRunStore({ connectionString: database.url, schema: 'later' });
    await first.get('run_none');
    await first.close();
    await database.query('UPDATE later.agent_run_migrations SET version = 99');
    const store = new PostgresRunStore({ connectionString: database.url, schema: 'later' });
    await expect(store.get('run_1')).rejects.toMatchObject({
      code: 'storage_error',
      details: { found: 99, known: MIGRATIONS.length },
    });
    await store.close();
  });
});
