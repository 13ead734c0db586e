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

describe('the way on which SqliteBackend looks for runs', () => {
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

  it('is that of a provider that few runs have, rather than that of a status', async () => {
    insert(COUNTED_RUNS - 1, { provider: 'some', status: 'completed' });
    insert(COUNTED_RUNS, { provider: 'many', status: 'completed' });
    const statuses = ['failed'];
    expect((await wayOf({ provider: 'some', statuses })).sql).toContain('runs_by_provider');
    expect((await wayOf({ provider: 'none', statuses })).sql).toContain('runs_by_provider');
    expect((await wayOf({ provider: 'many', statuses })).sql).toContain('runs_by_status');
    expect((await wayOf({ provider: 'many' })).sql).toContain('runs_by_provider');
    expect(asked.filter(({ sql }) => sql.includes('count(*)'))).toEqual([]);
  });

  it('is that of the rarest of several members of metadata', async () => {
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
});
