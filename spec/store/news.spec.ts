import { columnsOf, RECORD_COLUMNS } from '../../lib/store/columns';
import { Database } from '../../lib/store/database';
import { News } from '../../lib/store/news';
import type { Subject, Waiter } from '../../lib/store/wake-ups';
import { FlakyBackend } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';
import { runOf } from './contract/test-database';

const POLL_MS = 100;

let clock: VirtualClock;
let backend: FlakyBackend;
let reader: { isInterested: boolean; written: jest.Mock; appended: jest.Mock };
let news: News;

beforeEach(() => {
  clock = new VirtualClock(7);
  backend = new FlakyBackend();
  reader = { isInterested: false, written: jest.fn(), appended: jest.fn() };
  const database = new Database(backend, { retryForMs: 1_000, callTimeoutMs: 1_000 }, clock);
  news = new News(database, clock, POLL_MS, reader);
});

/** Another process writes a new run with so many entries. */
async function write(id: string, count = 1): Promise<void> {
  const sessionId = `session of ${id}`;
  const entries = Array.from({ length: count }, (_, index) => ({
    seq: index + 1,
    type: 'noted',
    data: '{}',
    at: 0,
  }));
  const columns = columnsOf(runOf({ id, session_id: sessionId }), RECORD_COLUMNS);
  const revisions = { revision: 0, nextRevision: 1, writer: 'writer' };
  await backend.apply([{ id, sessionId, ...revisions, columns, entries, lease: 'keep', exclusive: false }]);
}

interface Listener {
  readonly waiter: Waiter;
  /** How often it was woken. */
  count: number;
}

/** Waits again and again. */
function listen(subject: Subject): Listener {
  const listener = { waiter: news.enter(subject), count: 0 };
  const wait = async (): Promise<void> => {
    for (;;) {
      listener.waiter.beginToLook();
      await listener.waiter.wait(Infinity);
      listener.count += 1;
    }
  };
  void wait();
  return listener;
}

/** It has looked for the first time, and nobody was woken by anything else. */
async function standing(...subjects: readonly Subject[]): Promise<Listener[]> {
  const listeners = subjects.map(listen);
  await clock.pass(0);
  for (const listener of listeners) listener.count = 0;
  return listeners;
}

describe('News', () => {
  it('looks at once, and then every so often, for as long as somebody waits', async () => {
    const { waiter } = listen('all');
    listen('all');
    await clock.pass(POLL_MS - 1);
    expect(backend.calls.head).toBe(1);
    await clock.pass(1);
    expect(backend.calls.head).toBe(2);
    await clock.pass(10 * POLL_MS);
    expect(backend.calls.head).toBe(12);
    waiter.leave();
    await clock.pass(POLL_MS);
    expect(backend.calls.head).toBe(13);
  });

  it('looks no more once everybody has left', async () => {
    const waiter = news.enter('all');
    await clock.pass(0);
    waiter.leave();
    await clock.pass(10 * POLL_MS);
    expect(backend.calls.head).toBe(1);
    expect(clock.waiting).toBe(0);
  });

  it('does not look where nobody is interested', async () => {
    news.expect();
    news.commit(null);
    await clock.pass(10 * POLL_MS);
    expect(backend.calls.head).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  it('looks for a reader that is interested, and tells it all that was written', async () => {
    reader.isInterested = true;
    news.expect();
    await clock.pass(0);
    await write('run_1', 3);
    await clock.pass(POLL_MS);
    expect(reader.appended.mock.calls).toMatchObject([[[1, 2, 3].map((seq) => ({ run_id: 'run_1', seq }))]]);
    await clock.pass(10 * POLL_MS);
    expect(reader.appended).toHaveBeenCalledTimes(1);
    expect(backend.calls.journal).toBe(1);
  });

  it('wakes those who wait for what others wrote, and nobody else', async () => {
    const listeners = await standing(
      'all',
      { runId: 'run_1' },
      { sessionId: 'session of run_1' },
      { runId: 'run_2' },
      { sessionId: 'session of run_2' },
    );
    await write('run_1', 2);
    await clock.pass(POLL_MS - 1);
    expect(listeners.map(({ count }) => count)).toEqual([0, 0, 0, 0, 0]);
    await clock.pass(1);
    expect(listeners.map(({ count }) => count)).toEqual([1, 1, 1, 0, 0]);
  });

  it('does not put its look off, however often somebody enters or this process writes', async () => {
    reader.isInterested = true;
    const [listener] = await standing({ runId: 'run_1' });
    await write('run_1');
    for (let step = 0; step < 4; step++) {
      await clock.pass(POLL_MS / 4);
      news.enter({ runId: 'run_2' }).leave();
      news.expect();
    }
    expect(listener?.count).toBe(1);
  });

  it('keeps the process alive for those who wait, and not for a reader', async () => {
    const after = jest.spyOn(clock, 'after');
    const mayExit = (): readonly unknown[] =>
      after.mock.calls.filter(([ms]) => ms === POLL_MS).map((call: readonly unknown[]) => call[2]);
    reader.isInterested = true;
    news.expect();
    await clock.pass(POLL_MS / 2);
    expect(mayExit()).toEqual([true]);
    const waiter = news.enter('all');
    news.enter('all').leave();
    expect(mayExit()).toEqual([true, false]);
    expect(clock.waiting).toBe(1);
    waiter.leave();
    news.expect();
    expect(mayExit()).toEqual([true, false]);
    await clock.pass(POLL_MS);
    expect(mayExit()).toEqual([true, false, true]);
  });

  it('wakes for what this process writes, and tells its reader only what others write', async () => {
    const [one, other] = await standing({ runId: 'run_1' }, { sessionId: 'session-2' });
    news.ownCommit({ runIds: ['run_1'], sessionIds: [] });
    await clock.pass(0);
    expect([one?.count, other?.count]).toEqual([1, 0]);
    expect(reader.written).not.toHaveBeenCalled();
    news.commit({ runIds: ['run_2'], sessionIds: ['session-2'] });
    await clock.pass(0);
    expect([one?.count, other?.count]).toEqual([1, 1]);
    expect(reader.written.mock.calls).toEqual([[['run_2']]]);
    expect(backend.calls).toMatchObject({ head: 1, journal: 0 });
  });

  it('looks at once when something may have been written, and once more for what comes meanwhile', async () => {
    const [listener] = await standing({ runId: 'run_1' });
    await write('run_1');
    news.commit(null);
    for (let call = 0; call < 5; call++) news.commit(null);
    news.expect();
    await clock.pass(0);
    expect(listener?.count).toBe(1);
    expect(backend.calls.head).toBe(3);
    await clock.pass(POLL_MS - 1);
    expect(backend.calls.head).toBe(3);
    await clock.pass(1);
    expect(backend.calls.head).toBe(4);
  });

  it('reads on up to ten thousand entries, a thousand at a time', async () => {
    const [one, other] = await standing({ runId: 'run_1' }, { runId: 'run_2' });
    reader.isInterested = true;
    await write('run_1', 10_000);
    await clock.pass(POLL_MS);
    expect(backend.calls.journal).toBe(10);
    expect(reader.appended.mock.calls.map(([entries]) => (entries as unknown[]).length)).toEqual(
      Array(10).fill(1_000),
    );
    expect(other?.count).toBe(0);
    expect(one?.count).toBeGreaterThan(0);
    // However far the journal has grown, what counts is what it has not read.
    await write('run_3');
    await clock.pass(POLL_MS);
    expect(backend.calls.journal).toBe(11);
    expect(other?.count).toBe(0);
  });

  it('reads none of what is more, and wakes everybody', async () => {
    const listeners = await standing({ runId: 'run_1' }, { runId: 'run_2' }, { sessionId: 'session-1' });
    await write('run_1', 10_001);
    await clock.pass(POLL_MS);
    expect(backend.calls.journal).toBe(0);
    expect(listeners.map(({ count }) => count)).toEqual([1, 1, 1]);
    await write('run_3');
    await clock.pass(POLL_MS);
    expect(listeners.map(({ count }) => count)).toEqual([1, 1, 1]);
    expect(backend.calls.journal).toBe(1);
  });

  it('reads what was removed meanwhile only once', async () => {
    const [listener] = await standing({ runId: 'run_1' });
    jest.spyOn(backend, 'head').mockResolvedValue(3_000);
    await clock.pass(10 * POLL_MS);
    expect(backend.calls.journal).toBe(1);
    expect(listener?.count).toBe(0);
  });

  it('wakes everybody when the database is away, and goes on', async () => {
    const listeners = await standing({ runId: 'run_1' }, { runId: 'run_2' });
    backend.then = 'away';
    backend.isAllBad = true;
    await clock.pass(POLL_MS);
    expect(listeners.map(({ count }) => count)).toEqual([1, 1]);
    await clock.pass(POLL_MS);
    expect(listeners.map(({ count }) => count)).toEqual([2, 2]);
    backend.isAllBad = false;
    backend.then = 'ok';
    await write('run_1');
    await clock.pass(POLL_MS);
    expect(listeners.map(({ count }) => count)).toEqual([3, 2]);
  });

  describe('.close()', () => {
    it('wakes everybody, and looks no more', async () => {
      const listeners = await standing({ runId: 'run_1' }, 'all');
      news.close();
      expect(clock.waiting).toBe(0);
      news.expect();
      news.commit(null);
      await clock.pass(10 * POLL_MS);
      expect(listeners.map(({ count }) => count)).toEqual([1, 1]);
      expect(backend.calls.head).toBe(1);
    });

    it('asks the database for nothing more in the middle of a look', async () => {
      await standing('all');
      await write('run_1', 3_000);
      const journal = backend.journal.bind(backend);
      jest.spyOn(backend, 'journal').mockImplementation((query) => {
        news.close();
        return journal(query);
      });
      await clock.pass(10 * POLL_MS);
      expect(backend.calls).toMatchObject({ head: 2, journal: 1 });
      expect(clock.waiting).toBe(0);
    });

    it('reads nothing for an answer that comes after it', async () => {
      await standing('all');
      await write('run_1');
      jest.spyOn(backend, 'head').mockImplementation(() => {
        news.close();
        return Promise.resolve(1);
      });
      await clock.pass(10 * POLL_MS);
      expect(backend.calls.journal).toBe(0);
    });
  });
});
