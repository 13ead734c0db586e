import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Run } from 'agent-run';
import type { SqliteHandle, SqliteRunStoreOptions } from 'agent-run/store/sqlite';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import Database from 'libsql';
import type { ScanMark } from '../../../lib/store/backend';
import { openBackend } from '../../../lib/store/sqlite/open';
import { letOthersIn } from '../../../lib/store/turn-taking';
import { runOf } from '../contract/test-database';

const RUNS = 3000;

describe('SqliteRunStore', () => {
  let folder: string;
  let path: string;
  const closing: { close(): unknown }[] = [];

  const open = (options: SqliteRunStoreOptions = { path }): SqliteRunStore => {
    const store = new SqliteRunStore(
      options.database === undefined ? { driver: 'libsql', ...options } : options,
    );
    closing.push(store);
    return store;
  };
  const openHandle = (): Database.Database => {
    const database = new Database(path);
    closing.push(database);
    return database;
  };

  /** How often others had a turn while the work was done. */
  async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
    let turns = 0;
    const end = new AbortController();
    const counting = (async () => {
      for (; !end.signal.aborted; turns++) await letOthersIn();
    })();
    await work();
    end.abort();
    await counting;
    return turns;
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-run-'));
    path = join(folder, 'runs.db');
  });

  afterEach(async () => {
    for (const one of closing.splice(0)) await one.close();
    rmSync(folder, { recursive: true });
  });

  describe('on a handle that was handed in', () => {
    const timeoutOf = (handle: SqliteHandle): unknown => handle.prepare('PRAGMA busy_timeout').get();

    it('leaves it as it was, while it is used and after', async () => {
      const database = openHandle();
      database.exec('PRAGMA busy_timeout = 1234');
      const store = open({ database });
      expect(timeoutOf(database)).toMatchObject({ timeout: 1234 });
      await store.save(new Run({ sessionId: 'session-1' }));
      await store.list();
      expect(timeoutOf(database)).toMatchObject({ timeout: 1234 });
      await store.close();
      expect(timeoutOf(database)).toMatchObject({ timeout: 1234 });
      expect(database.pragma('journal_mode')).toMatchObject([{ journal_mode: 'delete' }]);
    });

    it('waits while its owner is in a transaction, and writes afterwards', async () => {
      const database = openHandle();
      const store = open({ database });
      database.exec('CREATE TABLE mine (value INTEGER); BEGIN; INSERT INTO mine VALUES (1)');
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run.updateStatus('running'));
      const flushed = recorder.flush();
      setTimeout(() => database.exec('ROLLBACK'), 30);
      await flushed;
      expect((await store.get(run.id))?.status).toBe('running');
      expect(database.prepare('SELECT count(*) AS count FROM mine').get()).toMatchObject({ count: 0 });
      await recorder.stop();
    });

    it('reads although its owner is in a transaction', async () => {
      const database = openHandle();
      const store = open({ database });
      await store.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
      database.exec('BEGIN');
      expect((await store.list()).runs).toHaveLength(1);
      expect(await store.get('run_1')).not.toBeNull();
      database.exec('COMMIT');
    });

    it('gives up after its deadline with an error that says that it may be tried again', async () => {
      const database = openHandle();
      const backend = openBackend({ database, callTimeoutMs: 20 });
      database.exec('BEGIN');
      await expect(backend.delete('run_1')).rejects.toMatchObject({ code: 'storage_error', retryable: true });
      database.exec('COMMIT');
      expect(await backend.delete('run_1')).toBe(false);
    });
  });

  describe('of a class that was handed in', () => {
    it('opens the file with it, whatever it is called', async () => {
      class X extends Database {}
      const store = open({ path, driver: X });
      await store.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
      expect(await store.get('run_1')).not.toBeNull();
    });
  });

  describe('that is only to read, or has to be there', () => {
    it('makes no file', () => {
      for (const option of ['readOnly', 'mustExist']) {
        expect(() => open({ path, [option]: true })).toThrow(`There is no file ${path}`);
      }
    });

    it('makes no tables where it is only to read', () => {
      openHandle().exec('CREATE TABLE mine (value INTEGER)');
      expect(() => open({ path, readOnly: true })).toThrow(/no tables of agent-run/);
      expect(openHandle().prepare('SELECT name FROM sqlite_schema').all()).toHaveLength(1);
    });

    it('reads what others write, and writes nothing', async () => {
      const writer = open();
      const reader = open({ path, readOnly: true });
      await writer.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
      expect(await reader.get('run_1')).not.toBeNull();
      await expect(reader.delete('run_1')).rejects.toMatchObject({ code: 'storage_error', retryable: false });
    });
  });

  describe('with thousands of runs', () => {
    let backend: ReturnType<typeof openBackend>;

    beforeEach(async () => {
      const store = open();
      const runs = Array.from({ length: RUNS }, (_, index) =>
        runOf({ id: `run_${index}`, session_id: `session-${index % 2}`, provider: 'openai' }),
      );
      const recorders = runs.map((run) => store.track(run));
      for (const run of runs) run.incrementTurn().setOutput({});
      await Promise.all(recorders.map((recorder) => recorder.stop()));
      backend = openBackend({ path, driver: 'libsql' });
      closing.push(backend);
    });

    it('lets others in while it sums up, looks for few among many, and removes', async () => {
      const works: Readonly<Record<string, () => Promise<unknown>>> = {
        scan: async () => {
          let mark: ScanMark | null = null;
          do mark = (await backend.scan({}, ['turn_count'], mark)).next;
          while (mark !== null);
        },
        list: () => backend.list({ provider: 'openai', statuses: ['failed'], limit: 50 }, ['id']),
        stale: () => backend.stale({ unleasedQuietMs: 0, limit: 100 }),
      };
      const turns: Record<string, number> = {};
      for (const [name, work] of Object.entries(works)) turns[name] = await turnsDuring(work);
      expect(turns['scan']).toBeGreaterThanOrEqual(RUNS / 1000);
      expect(turns['list']).toBeGreaterThanOrEqual(1);
    });

    it('looks at the journal of a session a stretch at a time, and knows how far it came', async () => {
      const seen: number[] = [];
      let afterPosition = 0;
      const head = await backend.head();
      while (afterPosition < head) {
        const page = await backend.journal({ sessionId: 'session-1', afterPosition, limit: 700 });
        expect(page.throughPosition).toBeGreaterThan(afterPosition);
        seen.push(...page.entries.map(({ position }) => position));
        afterPosition = page.throughPosition;
      }
      expect(new Set(seen).size).toBe(seen.length);
      const all = await backend.journal({ afterPosition: 0, limit: 100_000 });
      const wanted = all.entries.filter(({ session_id: id }) => id === 'session-1');
      expect(seen).toEqual(wanted.map(({ position }) => position));
      expect(await backend.journal({ sessionId: 'none', afterPosition: 0, limit: 10 })).toEqual({
        entries: [],
        throughPosition: head,
      });
    });

    it('is summed up under fake timers', async () => {
      jest.useFakeTimers();
      try {
        const [row] = await open().summarize({ groupBy: 'status' });
        expect(row).toMatchObject({ runs: RUNS });
      } finally {
        jest.useRealTimers();
      }
    });
  });
});

describe('letOthersIn()', () => {
  it('lets the event loop come round each time', async () => {
    let rounds = 0;
    const count = (): void => void setImmediate(() => (rounds += 1) < 1000 && count());
    count();
    for (let turn = 0; turn < 200; turn++) await letOthersIn();
    expect(rounds).toBeGreaterThanOrEqual(50);
  });
});
