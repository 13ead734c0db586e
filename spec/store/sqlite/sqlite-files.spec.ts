import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Run } from 'agent-run';
import type { SqliteRunStoreOptions } from 'agent-run/store/sqlite';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import Database from 'libsql';
import { findDriver, isSafe } from '../../../lib/store/sqlite/driver';
import { sqliteError } from '../../../lib/store/sqlite/driver-error';

describe('SqliteRunStore', () => {
  let folder: string;
  let path: string;
  const stores: SqliteRunStore[] = [];

  // Two SQLite libraries in one process do not see each other's locks: all here use the same one.
  const open = (options: SqliteRunStoreOptions = { path }): SqliteRunStore => {
    const store = new SqliteRunStore(
      options.database === undefined ? { driver: 'libsql', ...options } : options,
    );
    stores.push(store);
    return store;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-run-'));
    path = join(folder, 'runs.db');
  });

  afterEach(async () => {
    await Promise.allSettled(stores.splice(0).map((store) => store.close()));
    rmSync(folder, { recursive: true });
  });

  it('keeps the file between processes, and makes its tables once', async () => {
    const run = new Run({ sessionId: 'session-1' });
    const first = open();
    await first.save(run);
    await first.close();
    expect((await open().get(run.id))?.toJSON()).toEqual(run.toJSON());
  });

  it('writes to the row that a run has now, not to the one that it had', async () => {
    const [first, second] = [open(), open()];
    const run = new Run({ sessionId: 'session-1', id: 'run_1' });
    const other = new Run({ sessionId: 'session-1', id: 'run_2' });
    await first.save(run);
    await second.delete(run.id);
    // SQLite gives the key of the last row that was removed to the next one.
    await second.save(other);
    await second.save(Run.fromJSON(run.toJSON()));
    await first.save(run.incrementTurn());

    expect((await second.get(run.id))?.turnCount).toBe(1);
    expect((await second.get(other.id))?.turnCount).toBe(0);
    expect(new Database(path).prepare('SELECT id FROM agent_run_runs ORDER BY key').all()).toMatchObject([
      { id: 'run_2' },
      { id: 'run_1' },
    ]);
  });

  it('uses a write-ahead log', () => {
    open();
    expect(new Database(path).pragma('journal_mode')).toMatchObject([{ journal_mode: 'wal' }]);
  });

  it('works in memory', async () => {
    const store = open({ path: ':memory:' });
    await store.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
    expect(await store.get('run_1')).not.toBeNull();
  });

  it('takes an open database, beside the tables of its owner, and leaves it open', async () => {
    const database = new Database(path);
    database.exec('CREATE TABLE runs (mine TEXT)');
    const store = open({ database, tablePrefix: 'bot_' });
    await store.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
    await store.close();
    expect(database.prepare('SELECT id FROM bot_runs').all()).toMatchObject([{ id: 'run_1' }]);
    database.close();
  });

  it('refuses options that make no sense', () => {
    const refused =
      (options: object): (() => unknown) =>
      () =>
        new SqliteRunStore(options);
    expect(refused({})).toThrow('path');
    expect(refused({ path: '' })).toThrow('path');
    expect(refused({ path, database: {} })).toThrow('one of them');
    expect(refused({ database: {} })).toThrow('must be an open database');
    expect(refused({ path, synchronus: 'full' })).toThrow('synchronus');
    expect(refused({ path, synchronous: 'off' })).toThrow('synchronous');
    expect(refused({ path, tablePrefix: 'a; DROP TABLE b' })).toThrow('tablePrefix');
    expect(refused({ path, track: { leaseMs: -1 } })).toThrow('leaseMs');
  });

  it('says what it cannot open, and why', () => {
    expect(() => open({ path: join(folder, 'none', 'runs.db') })).toThrow(
      /could not open the file .*runs\.db/,
    );
    writeFileSync(path, 'this is no database '.repeat(100));
    expect(() => open()).toThrow(/could not open the file .*not a database/);
  });

  it('refuses a schema of a later version', async () => {
    await open().close();
    const database = new Database(path);
    database.exec(`UPDATE agent_run_migrations SET version = 99`);
    database.close();
    expect(() => open()).toThrow(/schema version 99.*upgrade agent-run/);
  });

  it('survives a power cut when told to', async () => {
    const run = new Run({ sessionId: 'session-1' });
    const store = open({ path, synchronous: 'full' });
    await store.save(run);
    expect(await store.get(run.id)).not.toBeNull();
  });

  it('waits for another that writes, and gives up with an error that says it may be tried again', async () => {
    const store = open({ path, callTimeoutMs: 50, retryForMs: 100 });
    const blocker = new Database(path);
    blocker.exec('BEGIN IMMEDIATE');
    const save = store.save(new Run({ sessionId: 'session-1' }));
    await expect(save).rejects.toMatchObject({ code: 'storage_error', retryable: true });
    const waiting = store.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
    blocker.exec('COMMIT');
    await waiting;
    expect(await store.get('run_1')).not.toBeNull();
    blocker.close();
  });

  it('keeps recorded changes while another writes for longer than it waits', async () => {
    const store = open({ path, callTimeoutMs: 20 });
    const blocker = new Database(path);
    blocker.exec('BEGIN IMMEDIATE');
    const run = new Run({ sessionId: 'session-1' });
    const errors: string[] = [];
    const recorder = store.track(run, { onError: ({ error }) => errors.push(error.code) });
    run.updateStatus('running');
    setTimeout(() => blocker.exec('COMMIT'), 200);
    await recorder.flush();
    expect(errors).toContain('storage_error');
    expect(await store.events(run.id)).toHaveLength(2);
    blocker.close();
  });

  it('fails with storage_error where the file may not be written', async () => {
    const database = new Database(path);
    const store = open({ database });
    database.exec('PRAGMA query_only = ON');
    const save = store.save(new Run({ sessionId: 'session-1' }));
    await expect(save).rejects.toMatchObject({ code: 'storage_error', retryable: false });
    const recorder = store.track(new Run({ sessionId: 'session-1' }), { onError: () => undefined });
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'storage_error', retryable: false });
    database.close();
  });

  it('fails with storage_error on a full disk, loses nothing, and goes on when there is room', async () => {
    const database = new Database(path);
    database.exec('PRAGMA page_size = 4096');
    const errors: boolean[] = [];
    const store = open({ database, track: { onError: ({ error }) => errors.push(error.retryable) } });
    database.exec('PRAGMA max_page_count = 40');
    const run = new Run({ sessionId: 'session-1', metadata: { big: 'x'.repeat(400_000) } });
    const recorder = store.track(run);
    run.updateStatus('running');
    setTimeout(() => database.exec('PRAGMA max_page_count = 100000'), 150);
    await recorder.flush();
    expect(errors[0]).toBe(true);
    expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
    await store.close();
    database.close();
  });

  it('forgets the entries of a batch that came to nothing', async () => {
    const database = new Database(path);
    const store = open({ database });
    database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON agent_run_runs WHEN NEW.session_id = 'bad'
      BEGIN SELECT RAISE(ABORT, 'no'); END`);
    const runs = ['good', 'bad'].map((sessionId) => new Run({ sessionId }));
    const recorders = runs.map((run) => store.track(run, { onError: () => undefined }));
    for (const run of runs) run.updateStatus('running');
    await Promise.allSettled(recorders.map((recorder) => recorder.flush()));
    expect(await store.events(runs[0]!.id)).toHaveLength(2);
    expect(await store.get(runs[1]!.id)).toBeNull();
    await store.close();
    database.close();
  });

  it('knows which errors may be tried again, of each driver', () => {
    const retryable = (error: object): boolean => sqliteError('write', error).retryable;
    expect(retryable(Object.assign(new Error('locked'), { code: 'SQLITE_BUSY_SNAPSHOT' }))).toBe(true);
    expect(retryable(Object.assign(new Error('locked'), { code: 'ERR_SQLITE_ERROR', errcode: 261 }))).toBe(
      true,
    );
    expect(retryable(Object.assign(new Error('full'), { code: 'SQLITE_FULL' }))).toBe(true);
    expect(retryable(Object.assign(new Error('no'), { code: 'SQLITE_CONSTRAINT' }))).toBe(false);
    expect(retryable(new Error('closed'))).toBe(false);
  });
});

describe('findDriver()', () => {
  it('finds the one that is asked for', () => {
    expect(findDriver('libsql')).toBeInstanceOf(Function);
    expect(findDriver()).toBeInstanceOf(Function);
  });

  it('says what to install where there is none', () => {
    expect(() => findDriver('better-sqlite3')).toThrow(/better-sqlite3 is not there.*npm install libsql/);
    expect(() => findDriver('oracle' as 'libsql')).toThrow('"oracle" is unknown');
  });

  it('never loads a better-sqlite3 that would end the process', () => {
    expect(isSafe('12.11.1', 9)).toBe(true);
    expect(isSafe('13.0.0', 9)).toBe(false);
    expect(isSafe('13.0.0', 10)).toBe(true);
  });
});
