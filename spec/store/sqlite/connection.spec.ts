import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { Run } from 'agent-run';
import type { SqliteHandle, SqliteStatement } from 'agent-run/store/sqlite';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import { SqliteConnection } from '../../../lib/store/sqlite/connection';

type Values = readonly (string | number | null)[];

/** A database whose statements take values one by one, as those of node:sqlite do. */
class SingleValues implements SqliteHandle {
  readonly #database: Database.Database;

  constructor(path: string) {
    this.#database = new Database(path);
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  prepare(sql: string): SqliteStatement {
    const statement = this.#database.prepare(sql);
    const single = {
      setReadBigInts: () => undefined,
      run: (...values: Values) => statement.run(values),
      get: (...values: Values) => statement.get(values),
      all: (...values: Values) => statement.all(values),
    };
    return single;
  }

  close(): void {
    this.#database.close();
  }
}

describe('SqliteConnection', () => {
  let database: Database.Database;
  let connection: SqliteConnection;

  const valuesIn = (): unknown[] =>
    connection.all('SELECT value FROM t ORDER BY value').map((row) => (row as { value: number }).value);

  beforeEach(() => {
    database = new Database(':memory:');
    connection = new SqliteConnection(database);
    connection.exec('CREATE TABLE t (key INTEGER PRIMARY KEY, value INTEGER UNIQUE)');
  });

  afterEach(() => database.close());

  it('gives what was changed, a row or undefined, and all rows', () => {
    expect(connection.run('INSERT INTO t VALUES (?, ?), (?, ?)', [7, 1, 8, 2])).toMatchObject({
      changes: 2,
      lastInsertRowid: 8,
    });
    expect(connection.get('SELECT value FROM t WHERE key = ?', [7])).toMatchObject({ value: 1 });
    expect(connection.get('SELECT value FROM t WHERE key = ?', [9])).toBeUndefined();
    expect(connection.get('SELECT count(*) AS count FROM t')).toMatchObject({ count: 2 });
    expect(valuesIn()).toEqual([1, 2]);
  });

  it('prepares a statement once', () => {
    const prepare = jest.spyOn(database, 'prepare');
    for (const value of [1, 2, 3]) connection.run('INSERT INTO t (value) VALUES (?)', [value]);
    expect(prepare).toHaveBeenCalledTimes(1);
    expect(valuesIn()).toEqual([1, 2, 3]);
  });

  it('goes on with a statement that has failed once', () => {
    const sql = 'INSERT INTO t (value) VALUES (?)';
    connection.run(sql, [1]);
    expect(() => connection.run(sql, [1])).toThrow(/UNIQUE/);
    expect(connection.run(sql, [2])).toMatchObject({ changes: 1 });
    expect(valuesIn()).toEqual([1, 2]);
  });

  it.each(['transaction', 'snapshot'] as const)('writes all of a %s, or nothing', (way) => {
    const inserted = connection[way](() => {
      connection.run('INSERT INTO t (value) VALUES (1)');
      return 'done';
    });
    expect(inserted).toBe('done');
    expect(database.inTransaction).toBe(false);
    const failure = new Error('no');
    const failing = (): unknown =>
      connection[way](() => {
        connection.run('INSERT INTO t (value) VALUES (2)');
        throw failure;
      });
    expect(failing).toThrow(failure);
    expect(database.inTransaction).toBe(false);
    expect(valuesIn()).toEqual([1]);
  });

  it('says what failed though SQLite has rolled back itself', () => {
    connection.run('INSERT INTO t (value) VALUES (1)');
    const failing = (): unknown =>
      connection.transaction(() => connection.run('INSERT OR ROLLBACK INTO t (value) VALUES (1)'));
    expect(failing).toThrow(/UNIQUE/);
    expect(connection.transaction(() => 'fine')).toBe('fine');
  });

  it('reads within the transaction of its owner, and leaves that open', () => {
    database.exec('BEGIN; INSERT INTO t (value) VALUES (1)');
    expect(connection.snapshot(valuesIn)).toEqual([1]);
    expect(() => connection.transaction(valuesIn)).toThrow('cannot start a transaction within a transaction');
    expect(database.inTransaction).toBe(true);
    database.exec('ROLLBACK');
    expect(valuesIn()).toEqual([]);
  });

  it('throws what else keeps a snapshot from beginning', () => {
    database.close();
    expect(() => connection.snapshot(() => 'read')).toThrow(/not open|closed/i);
    database = new Database(':memory:');
  });

  it('waits for others as long as it is told, and then as before, whatever comes of the work', () => {
    const timeoutOf = (): unknown => connection.get('PRAGMA busy_timeout');
    connection.exec('PRAGMA busy_timeout = 77');
    expect(connection.withBusyTimeout(5, timeoutOf)).toMatchObject({ timeout: 5 });
    expect(timeoutOf()).toMatchObject({ timeout: 77 });
    const failing = (): unknown =>
      connection.withBusyTimeout(5, () => {
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(timeoutOf()).toMatchObject({ timeout: 77 });
  });

  it('closes the database', () => {
    const other = new Database(':memory:');
    new SqliteConnection(other).close();
    expect(other.open).toBe(false);
  });
});

describe('a driver whose statements take values one by one', () => {
  it('keeps runs as the others do', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-run-'));
    const path = join(folder, 'runs.db');
    const store = new SqliteRunStore({ path, driver: SingleValues });
    const run = new Run({ sessionId: 'session-1', metadata: { plan: 'pro' } });
    const recorder = store.track(run);
    run.updateStatus('running').incrementTurn().setOutput({ done: true });
    await recorder.stop();
    expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
    expect((await store.list({ metadata: { plan: 'pro' } })).runs).toHaveLength(1);
    expect(await store.events(run.id)).toHaveLength(4);
    expect(await store.get('none')).toBeNull();
    await store.close();
    rmSync(folder, { recursive: true });
  });
});
