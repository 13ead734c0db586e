import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import type { RunStore } from 'agent-run/store';
import Database from 'libsql';
import type { TestDatabase } from '../support/postgres';
import { createDatabase } from '../support/postgres';
import { runOf } from './contract/test-database';

type Rows = readonly Record<string, unknown>[];
type Query = (sql: string) => Promise<Rows>;

const PAGE = readFileSync(join(__dirname, '../../docs/schema.md'), 'utf8');
const HOUR_MS = 3_600_000;

/** The statement below a heading that is for a database. */
function statementOf(heading: string, database: string): string {
  const section = PAGE.split('\n### ').find((text) => text.startsWith(heading)) ?? '';
  const blocks = [...section.matchAll(/```sql\n(-- .*)\n([^`]*)```/g)];
  const found = blocks.find(([, comment = '']) => comment.includes(database));
  if (found === undefined) throw new Error(`docs/schema.md has no "${heading}" for ${database}`);
  return found[2]!;
}

/** The columns of the tables that the page describes. */
function describedColumns(place: number): Set<string> {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| `'));
  const cells = rows.map((line) => line.split('|').map((cell) => cell.trim()));
  const described = cells.filter((row) => row[place] !== '');
  return new Set(described.flatMap((row) => [...row[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!)));
}

async function fill(store: RunStore): Promise<void> {
  const yesterday = new Date(Date.now() - 24 * HOUR_MS).toISOString();
  const now = new Date().toISOString();
  const records = [
    { session_id: 'session-123', started_at: yesterday, status: 'completed', cost_usd: 0.5 },
    { session_id: 'session-123', started_at: yesterday, status: 'completed', cost_usd: 0.25 },
    { session_id: 'session-1', started_at: now, cost_usd: 1, metadata: { userId: 'ann' } },
    { session_id: 'session-1', started_at: now, cost_usd: 3, metadata: { userId: 'bob' } },
    { session_id: 'session-1', started_at: now, cost_usd: 1.5, metadata: { userId: 'ann' } },
    { started_at: now, status: 'failed', error: { code: 'rate_limit' } },
    { started_at: now, status: 'failed', error: { code: 'rate_limit' } },
    { started_at: now, status: 'timeout', error: { code: 'timeout' } },
    { id: 'run_1', started_at: now, status: 'completed' },
    { id: 'run_2', started_at: now, parent_run_id: 'run_1', root_run_id: 'run_1', status: 'failed' },
    { id: 'run_3', started_at: now, parent_run_id: 'run_2', root_run_id: 'run_1' },
  ];
  for (const record of records) await store.save(runOf(record));
  const left = runOf({ id: 'left', session_id: 'session-123', started_at: now, status: 'pending' });
  // So long that it is not renewed while a test makes it run out.
  const recorder = store.track(left, { leaseMs: HOUR_MS });
  left.updateStatus('running');
  await recorder.flush();
}

function describePage(
  name: string,
  open: () => Promise<{ store: RunStore; query: Query; close: () => Promise<void> }>,
) {
  describe(`the queries of docs/schema.md for ${name}`, () => {
    let query: Query;
    let close: () => Promise<void>;
    const answer = (heading: string): Promise<Rows> => query(statementOf(heading, name));

    beforeAll(async () => {
      const opened = await open();
      ({ query, close } = opened);
      await fill(opened.store);
    });

    afterAll(() => close());

    it('say what a session cost yesterday', async () => {
      const [row] = await answer('What did a session cost yesterday?');
      expect([Number(row!['runs']), row!['usd']]).toEqual([2, 0.75]);
    });

    it('say who holds a session', async () => {
      const [row] = await answer('Who holds it?');
      expect(row).toMatchObject({ id: 'left', lease_owner: expect.any(String) as string });
    });

    it('say what hangs', async () => {
      expect(await answer('What hangs?')).toEqual([]);
      const expiry = name === 'SQLite' ? 'lease_expires_ms = 1000' : 'lease_expires_at = to_timestamp(1)';
      await query(`UPDATE agent_run_runs SET ${expiry} WHERE id = 'left'`);
      expect((await answer('What hangs?')).map((row) => row['id'])).toEqual(['left']);
    });

    it('say who the dearest users are', async () => {
      const rows = await answer('Who are the dearest users of the month?');
      const users = rows.filter((row) => row['user_id'] !== null);
      expect(users.map((row) => [row['user_id'], row['usd']])).toEqual([
        ['bob', 3],
        ['ann', 2.5],
      ]);
    });

    it('count errors by their codes', async () => {
      const rows = await answer('Which errors are there, and how many?');
      const counts = rows.map((row) => [row['code'], Number(row['runs'])]);
      expect(counts[0]).toEqual(['rate_limit', 2]);
      expect(counts).toContainEqual(['timeout', 1]);
    });

    it('show the tree of a run', async () => {
      const rows = await answer('What is the tree of a run?');
      expect(rows.map((row) => [row['depth'], row['id']])).toEqual([
        [0, 'run_1'],
        [1, 'run_2'],
        [2, 'run_3'],
      ]);
    });

    it('have no column of which the page says nothing', async () => {
      const sql =
        name === 'SQLite'
          ? `SELECT name FROM pragma_table_info('agent_run_runs')`
          : `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'agent_run_runs'`;
      const described = describedColumns(name === 'SQLite' ? 3 : 2);
      const names = (await query(sql)).map((row) => row['name'] as string);
      expect(names.filter((column) => !described.has(column))).toEqual([]);
    });
  });
}

describePage('SQLite', () => {
  const database = new Database(':memory:');
  const store = new SqliteRunStore({ database });
  return Promise.resolve({
    store,
    query: (sql) =>
      Promise.resolve(
        sql.startsWith('UPDATE') ? (database.exec(sql), []) : (database.prepare(sql).all() as Rows),
      ),
    close: () => store.close(),
  });
});

describePage('PostgreSQL', async () => {
  const database: TestDatabase = await createDatabase();
  const store = new PostgresRunStore({ connectionString: database.url });
  return {
    store,
    query: (sql) => database.query(sql),
    close: async () => {
      await store.close();
      await database.drop();
    },
  };
});
