import Database from 'libsql';
import type { RowFilter } from '../../../lib/store/backend';
import { columnsOf, RECORD_COLUMNS } from '../../../lib/store/columns';
import { COUNTED_RUNS } from '../../../lib/store/metadata';
import type { SqliteBackend } from '../../../lib/store/sqlite/backend';
import { openBackend } from '../../../lib/store/sqlite/open';
import { runOf } from '../contract/test-database';

interface Asked {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** What a database was asked for, statement by statement. */
function listenTo(database: Database.Database): Asked[] {
  const asked: Asked[] = [];
  const prepare = database.prepare.bind(database);
  jest.spyOn(database, 'prepare').mockImplementation((sql) => {
    const statement = prepare(sql);
    const all = statement.all.bind(statement);
    jest.spyOn(statement, 'all').mockImplementation((values: unknown) => {
      asked.push({ sql, values: values as unknown[] });
      return all(values);
    });
    return statement;
  });
  return asked;
}

describe('SqliteBackend', () => {
  let database: Database.Database;
  let backend: SqliteBackend;
  let asked: Asked[];

  /** So many runs more, each with these columns. */
  function insert(count: number, columns: Readonly<Record<string, string>>): void {
    const first = Number(
      Object.values(database.prepare('SELECT count(*) FROM agent_run_runs').get() as object)[0],
    );
    const blank = columnsOf(runOf(), RECORD_COLUMNS);
    const row = { ...blank, ...columns, revision: 1, seq: 1, has_journal: 0, writer: 'w', touched_ms: 0 };
    const names = Object.keys(row).filter((name) => name !== 'id');
    const values = names.map((name) => row[name as keyof typeof row]);
    database
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${first + count})
        INSERT INTO agent_run_runs (id, ${names.join()}) SELECT 'run_' || i, ${names.map(() => '?').join()} FROM n`,
      )
      .run(values);
  }

  const wayOf = async (filter: RowFilter): Promise<Asked> => {
    asked.length = 0;
    await backend.list({ ...filter, limit: 5 }, ['id']);
    return asked.find(({ sql }) => sql.includes('AS passes'))!;
  };

  beforeEach(() => {
    database = new Database(':memory:');
    asked = listenTo(database);
    backend = openBackend({ database });
  });

  afterEach(() => database.close());

  it('looks for runs along a provider that few have, rather than along a status', async () => {
    insert(COUNTED_RUNS - 1, { provider: 'some', status: 'completed' });
    insert(COUNTED_RUNS, { provider: 'many', status: 'completed' });
    const statuses = ['failed'];
    expect((await wayOf({ provider: 'some', statuses })).sql).toContain('runs_by_provider');
    expect((await wayOf({ provider: 'none', statuses })).sql).toContain('runs_by_provider');
    expect((await wayOf({ provider: 'many', statuses })).sql).toContain('runs_by_status');
    expect((await wayOf({ provider: 'many' })).sql).toContain('runs_by_provider');
    expect(asked.filter(({ sql }) => sql.includes('count(*)'))).toEqual([]);
  });

  it('looks for runs along the rarest of several members of metadata', async () => {
    const members = [1, 2, 3].map((value) => ({ name: 'n', value: String(value) }));
    for (const [run, value] of [1, 1, 2, 3, 3, 3].entries()) {
      database.exec(`INSERT INTO agent_run_metadata VALUES ('n', '${value}', 0, 'run_${run}')`);
    }
    for (const metadata of [members, [...members].reverse()]) {
      const { values } = await wayOf({ metadata });
      expect(values.filter((value) => ['1', '2', '3'].includes(String(value))).at(-1)).toBe('2');
    }
    await wayOf({ metadata: members.slice(0, 1) });
    expect(asked.filter(({ sql }) => sql.includes('count(*)'))).toEqual([]);
  });

  describe('with a journal of thousands of entries', () => {
    const HEAD = 9_500;
    const [FEW, MANY] = [10_000, 10_001];

    const ofSession = Array.from({ length: Math.floor(HEAD / 7) }, (_, index) => 7 * (index + 1));

    /** Entries of two sessions, one in seven of the first. */
    function write(runs: number, seq: number): void {
      insert(runs, { session_id: 's' });
      insert(1, { session_id: 't' });
      database.exec(`UPDATE agent_run_runs SET seq = CASE key WHEN 1 THEN ${seq} ELSE 0 END`);
      database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${HEAD})
        INSERT INTO agent_run_journal (position, run, seq, type, data, at)
        SELECT i, CASE WHEN i % 7 = 0 THEN 1 ELSE ${runs + 1} END, i, 'noted', '{}', 0 FROM n`);
    }

    it.each([
      ['run by run where it has few', 500, FEW, true],
      ['stretch by stretch where it has many entries', 500, MANY, false],
      ['stretch by stretch where it has many runs', 501, FEW, false],
    ])('reads a session %s', async (_, runs, seq, isByRun) => {
      write(runs, seq);
      for (const afterPosition of [0, 1_499, 5_499, 5_500, HEAD - 1, HEAD, HEAD + 5]) {
        for (const limit of [1, 571, 5_000]) {
          asked.length = 0;
          const page = await backend.journal({ sessionId: 's', afterPosition, limit });
          const wanted = ofSession.filter((position) => position > afterPosition).slice(0, limit);
          expect(page.entries.map(({ position }) => position)).toEqual(wanted);
          const through = wanted.length === limit ? wanted.at(-1) : Math.max(HEAD, afterPosition);
          expect([afterPosition, limit, page.throughPosition]).toEqual([afterPosition, limit, through]);
          const wasByRun = asked.some(({ sql }) => sql.includes('runs_by_session CROSS JOIN'));
          expect(wasByRun).toBe(isByRun && HEAD - afterPosition > 4_000);
        }
      }
      expect((await backend.journal({ sessionId: 'none', limit: 5 })).throughPosition).toBe(HEAD);
    });
  });

  it.each([
    ['has another type than its column', "metadata = '[]'"],
    ['is no JSON', `metadata = '{"a":'`],
    ['is JSON, and more', `metadata = '{},{}'`],
  ])('passes over a row of which a value %s, and counts it', async (_, assignment) => {
    insert(3, { provider: 'p' });
    database.exec(`UPDATE agent_run_runs SET ${assignment} WHERE key = 2`);
    const { rows, skipped, next } = await backend.scan({}, ['metadata', 'provider'], null);
    expect([rows, skipped, next]).toEqual([
      [
        [{}, 'p'],
        [{}, 'p'],
      ],
      1,
      null,
    ]);
    expect((await backend.scan({}, ['provider'], null)).skipped).toBe(0);
  });
});
