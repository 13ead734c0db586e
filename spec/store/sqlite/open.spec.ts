import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Run } from 'agent-run';
import type { SqliteRunStoreOptions } from 'agent-run/store/sqlite';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import Database from 'libsql';
import { issuesOf, refusalOf } from '../../support/refusal-of';

/** The databases that were opened by a store, in order. */
const opened: Database.Database[] = [];

class Opened extends Database {
  constructor(path: string) {
    super(path);
    opened.push(this);
  }
}

const pragma = (database: Database.Database | undefined, name: string): unknown =>
  Object.values(database!.prepare(`PRAGMA ${name}`).get() as object)[0];

describe('opening a SqliteRunStore', () => {
  let folder: string;
  let path: string;

  const open = (options: Partial<SqliteRunStoreOptions> = {}): SqliteRunStore =>
    new SqliteRunStore({ path, driver: Opened, ...options });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-run-'));
    path = join(folder, 'runs.db');
    opened.length = 0;
  });

  afterEach(() => {
    for (const database of opened) if (database.open) database.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    [undefined, 1],
    ['normal', 1],
    ['full', 2],
  ] as const)('with synchronous %p waits for the disk as it says', (synchronous, level) => {
    open({ synchronous });
    expect(pragma(opened[0], 'synchronous')).toBe(level);
    expect(pragma(opened[0], 'journal_mode')).toBe('wal');
    expect(pragma(opened[0], 'query_only')).toBe(0);
    expect(pragma(opened[0], 'busy_timeout')).toBe(5);
  });

  it('to read only lets nothing be written, and leaves a handle that was handed in to its owner', async () => {
    const writer = open();
    await writer.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
    const reader = open({ readOnly: true });
    expect(pragma(opened[1], 'query_only')).toBe(1);
    expect(await reader.get('run_1')).not.toBeNull();
    const database = new Opened(path);
    new SqliteRunStore({ database, readOnly: true });
    expect(pragma(database, 'query_only')).toBe(0);
  });

  it('that has to be there, where it is, writes', async () => {
    await open().close();
    const store = open({ mustExist: true });
    await store.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
    expect(await store.get('run_1')).not.toBeNull();
  });

  it.each([{ readOnly: true }, { mustExist: true }])('with %j makes neither file nor tables', (options) => {
    expect(() => open(options)).toThrow(`There is no file ${path}`);
    expect([existsSync(path), opened]).toEqual([false, []]);
    writeFileSync(path, '');
    expect(() => open(options)).toThrow(/no tables of agent-run that begin with agent_run_/);
    expect(() => open({ ...options, path: ':memory:' })).toThrow(/no tables of agent-run/);
    const database = new Database(path);
    expect(database.prepare('SELECT * FROM sqlite_schema').all()).toEqual([]);
    database.close();
  });

  it.each([{ readOnly: false }, { mustExist: false }])('with %j makes them', (options) => {
    open(options);
    expect(existsSync(path)).toBe(true);
  });

  it('that fails closes what it has opened, and nothing of its caller', () => {
    writeFileSync(path, 'this is no database '.repeat(100));
    const refused = refusalOf(() => open());
    expect(refused).toMatchObject({ code: 'storage_error', retryable: false });
    expect(refused.message).toContain(`The store could not open the file ${path}: `);
    expect(opened.map((database) => database.open)).toEqual([false]);
    const database = new Opened(path);
    expect(() => new SqliteRunStore({ database })).toThrow(/could not open the database/);
    expect(database.open).toBe(true);
  });

  it('closes its own file at the end, and no handle that was handed in', async () => {
    await open().close();
    const database = new Opened(path);
    await new SqliteRunStore({ database }).close();
    expect(opened.map((one) => one.open)).toEqual([false, true]);
  });

  const ONE = 'path: or database, one of them, must be given';

  it.each<[object, string[]]>([
    [{}, [ONE]],
    [{ path: 'a', database: new Database(':memory:') }, [ONE]],
    [{ path: '' }, ['path: must be the path of a file']],
    [{ path: 7 }, ['path: must be the path of a file']],
    [{ database: {} }, ['database: must be an open database, with exec and prepare']],
    [{ database: null }, ['database: must be an open database, with exec and prepare']],
    [{ database: 'runs.db' }, ['database: must be an open database, with exec and prepare']],
    [{ database: { exec: () => 0 } }, ['database: must be an open database, with exec and prepare']],
    [{ database: { prepare: () => 0 } }, ['database: must be an open database, with exec and prepare']],
    [{ path: 'a', driver: 7 }, ['driver: must be the name of a driver, or its class']],
    [{ path: 'a', driver: null }, ['driver: must be the name of a driver, or its class']],
    [{ path: 'a', synchronous: 'off' }, ['synchronous: must be normal or full']],
    [{ path: 'a', readOnly: 1 }, ['readOnly: must be true or false']],
    [{ path: 'a', mustExist: 'yes' }, ['mustExist: must be true or false']],
    [
      { path: '', driver: 1, synchronous: 1, readOnly: null, mustExist: 0 },
      [
        'path: must be the path of a file',
        'driver: must be the name of a driver, or its class',
        'synchronous: must be normal or full',
        'readOnly: must be true or false',
        'mustExist: must be true or false',
      ],
    ],
  ])('refuses %p', (options, issues) => {
    expect(issuesOf(() => new SqliteRunStore(options))).toEqual(issues);
  });

  it('refuses what it does not know before anything else', () => {
    const [issue, ...others] = issuesOf(() => new SqliteRunStore({ synchronus: 'full' } as object));
    expect(issue).toMatch(/^synchronus: is not known \(known: .*path, database, driver, synchronous/);
    expect(others).toEqual([]);
  });

  it.each(['a', '_', 'Bot_9', `x${'y'.repeat(39)}`])('takes the prefix %s', async (tablePrefix) => {
    await open({ tablePrefix }).close();
    const database = new Database(path);
    const tables = database
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
      .all();
    expect((tables as { name: string }[]).map(({ name }) => name).sort()).toEqual(
      ['journal', 'metadata', 'migrations', 'positions', 'runs'].map((name) => `${tablePrefix}${name}`),
    );
    database.close();
  });

  it.each(['', '9a', 'a-b', 'a.b', 'a"', ' a', 'a ', 'ä', `x${'y'.repeat(40)}`, 7, null])(
    'refuses the prefix %p',
    (tablePrefix) => {
      expect(issuesOf(() => open({ tablePrefix: tablePrefix as string }))).toEqual([
        'tablePrefix: must be a letter or _, then at most 39 letters, digits and _',
      ]);
      expect(existsSync(path)).toBe(false);
    },
  );
});
