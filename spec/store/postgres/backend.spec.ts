import { setImmediate } from 'node:timers/promises';
import type { PostgresPool } from 'agent-run/store/postgres';
import type { RunWrite } from '../../../lib/store/backend';
import type { PostgresBackend } from '../../../lib/store/postgres/backend';
import { openBackend } from '../../../lib/store/postgres/open';
import { firstWriteOf } from '../../support/first-write';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase, createPool } from '../../support/postgres';
import { runOf } from '../contract/test-database';
import { passingPool } from './passing-pool';

function insertOf(record: Readonly<Record<string, unknown>>): RunWrite {
  return firstWriteOf(runOf(record));
}

describe('PostgresBackend', () => {
  let database: TestDatabase;
  let backend: PostgresBackend;
  let schema: string;
  let count = 0;

  /** So many ended runs, the first the oldest, written by hand. */
  const fill = async (runs: number): Promise<void> => {
    await backend.head();
    await database.query(`INSERT INTO ${schema}.agent_run_runs
      (id, session_id, root_run_id, status, running, active, started_ms, started_at, ended_at, turn_count,
       step_count, token_usage, metadata, provider_metadata, revision, seq, has_journal, writer, touched_at)
      SELECT 'run_' || n, 'session-1', 'run_' || n, 'completed', 0, 0, n, to_timestamp(n / 1000.0), to_timestamp(n),
        n, 0, '{}', '{}', '{}', 1, 1, 1, 'writer', now()
      FROM generate_series(1, ${runs}) AS n`);
  };

  beforeAll(async () => {
    database = await createDatabase();
  });

  beforeEach(() => {
    schema = `schema_${++count}`;
    backend = openBackend({ connectionString: database.url, schema });
  });

  afterEach(() => backend.close());

  afterAll(() => database.drop());

  describe('.scan()', () => {
    it.each([
      [1_999, [1_999]],
      [2_000, [2_000, 0]],
      [2_001, [2_000, 1]],
    ])('gives %i rows in pages of %j, each row once', async (runs, pages) => {
      await fill(runs);
      const turns: unknown[] = [];
      const sizes: number[] = [];
      let next: Awaited<ReturnType<PostgresBackend['scan']>>['next'] = null;
      do {
        const page: Awaited<ReturnType<PostgresBackend['scan']>> = await backend.scan(
          {},
          ['turn_count'],
          next,
        );
        sizes.push(page.rows.length);
        turns.push(...page.rows.map(([turn]) => turn));
        next = page.next;
      } while (next !== null);
      expect(sizes).toEqual(pages);
      expect(turns).toEqual(Array.from({ length: runs }, (_, index) => runs - index));
    });

    it('passes over rows that cannot be read, and counts them', async () => {
      await fill(3);
      await database.query(`UPDATE ${schema}.agent_run_runs SET token_usage = '[]' WHERE id = 'run_2'`);
      expect(await backend.scan({}, ['turn_count', 'token_usage'], null)).toEqual({
        rows: [
          [3, {}],
          [1, {}],
        ],
        skipped: 1,
        next: null,
      });
    });
  });

  describe('.prune()', () => {
    it('removes 500 runs in one transaction at most', async () => {
      await fill(501);
      const query = { endedBeforeMs: 1e12, journalOnly: false, limit: 1_000 };
      const first = await backend.prune({ ...query, after: null });
      expect(first.runIds).toHaveLength(500);
      expect(first.next).toMatchObject({ id: 'run_500' });
      const second = await backend.prune({ ...query, after: first.next });
      expect(second).toEqual({ runIds: ['run_501'], sessionIds: ['session-1'], next: null });
    });
  });

  describe('on a pool of the caller', () => {
    let asked: number;
    let shared: PostgresBackend;
    const pools: ReturnType<typeof createPool>[] = [];

    const openPool = (): PostgresPool => {
      const pool = createPool(database.url);
      pools.push(pool);
      const connect: PostgresPool['connect'] = () => {
        asked += 1;
        return pool.connect();
      };
      return { ...passingPool(pool), connect };
    };
    /** How many connections a call borrows: one for each statement. */
    const askedBy = async (call: () => Promise<unknown>): Promise<number> => {
      asked = 0;
      await call();
      return asked;
    };

    beforeEach(async () => {
      shared = openBackend({ pool: openPool(), schema, listen: false });
      await shared.apply([insertOf({ id: 'run_1', metadata: { plan: 'pro', user: 1 } })]);
    });

    afterEach(async () => {
      await shared.close();
      await Promise.all(pools.splice(0).map((pool) => pool.end()));
    });

    it('prepares its tables once', async () => {
      const other = openBackend({ pool: openPool(), schema, listen: false });
      expect(await askedBy(() => other.read('run_1'))).toBe(2);
      expect(await askedBy(() => other.read('run_1'))).toBe(1);
      await other.close();
    });

    it('asks for the end of the journal only where it reads a session', async () => {
      expect(await askedBy(() => shared.journal({ limit: 10 }))).toBe(1);
      expect(await askedBy(() => shared.journal({ runId: 'run_1', limit: 10 }))).toBe(1);
      expect(await askedBy(() => shared.journal({ sessionId: 'session-1', limit: 10 }))).toBe(2);
    });

    it('counts members of metadata only where it is asked for several', async () => {
      const [plan, user] = [
        { name: 'plan', value: '"pro"' },
        { name: 'user', value: '1' },
      ];
      const list = (metadata: { name: string; value: string }[]): Promise<unknown> =>
        shared.list({ metadata, limit: 10 }, ['id']);
      expect(await askedBy(() => list([plan]))).toBe(1);
      expect(await askedBy(() => list([plan, user]))).toBe(2);
    });

    it('leaves it as it was when it is closed: open, and with nobody listening', async () => {
      const pool = createPool(database.url);
      const listeners = (): number[] => ['error', 'acquire'].map((event) => pool.listenerCount(event));
      const before = listeners();
      const other = openBackend({ pool, schema });
      await other.head();
      const client = await pool.connect();
      await setImmediate();
      expect(client.listenerCount('error')).toBe(0);
      client.release();
      await other.close();
      expect(listeners()).toEqual(before);
      (await pool.connect()).release();
      await pool.end();
    });
  });
});
