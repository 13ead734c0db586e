import { hostname } from 'node:os';
import { Run, RunError } from 'agent-run';
import type { RunStore, RunStoreOptions } from 'agent-run/store';
import type { ScanColumn, ScanMark, ScanPage, RowFilter } from '../../lib/store/backend';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

/** Rows that cannot be read, in a sum and in a list. */
class SpoiltBackend extends FlakyBackend {
  skipped = 0;
  isSpoilt = false;

  override async scan(
    filter: RowFilter,
    columns: readonly ScanColumn[],
    from: ScanMark | null,
  ): Promise<ScanPage> {
    return { ...(await super.scan(filter, columns, from)), skipped: this.skipped };
  }

  override async list(...query: Parameters<FlakyBackend['list']>): ReturnType<FlakyBackend['list']> {
    const rows = await super.list(...query);
    return this.isSpoilt ? rows.map((row) => ({ ...row, metadata: '{' })) : rows;
  }
}

let clock: VirtualClock;
let backend: SpoiltBackend;

function open(options: RunStoreOptions = {}): RunStore {
  return new FlakyStore(backend, options, clock);
}

async function settle<Result>(promise: Promise<Result>, ms = 10): Promise<Result> {
  promise.catch(() => undefined);
  await clock.pass(ms);
  return promise;
}

beforeEach(() => {
  clock = new VirtualClock(7);
  backend = new SpoiltBackend();
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('RunStore', () => {
  it.each([
    [{ workerName: 'worker 7' }, 'worker 7'],
    [{}, `${hostname()}:${process.pid}`],
  ])('writes down who executes a run: %p', async (options, owner) => {
    const store = open(options);
    const run = new Run({ sessionId: 'session-1' }).updateStatus('running');
    await settle(store.track(run).flush());
    expect((await settle(store.inspect(run.id)))?.lease?.owner).toBe(owner);
  });

  it.each([
    [{}, 100],
    [{ pollMs: 40 }, 40],
  ])('looks for what others write as often as it is told: %p', async (options, ms) => {
    const store = open(options);
    const watch = store.watch();
    void watch.next();
    await clock.pass(ms - 1);
    const { head } = backend.calls;
    await clock.pass(1);
    expect(backend.calls.head).toBe(head + 1);
    await watch.return(undefined);
  });

  it.each([
    [600, 100],
    [6, 1],
    [1, 1],
  ])('holds a write with a lease of %p milliseconds back for %p at most', async (leaseMs, longestMs) => {
    const store = open({ track: { leaseMs, onError: () => undefined } });
    const run = new Run({ sessionId: 'session-1' }).updateStatus('running');
    const recorder = store.track(run);
    await settle(recorder.flush(), 0);
    backend.then = 'away';
    backend.isAllBad = true;
    run.incrementTurn();
    await clock.pass(200);
    const before = backend.batches.length;
    await clock.pass(300);
    const tries = backend.batches.length - before;
    expect(tries).toBeGreaterThanOrEqual(Math.floor(300 / longestMs) - 1);
    expect(tries).toBeLessThanOrEqual(300);
  });

  describe('tells of what cannot be read', () => {
    const error = { code: 'storage_error' };

    it('to onError, each time', async () => {
      const onError = jest.fn();
      const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
      const store = open({ onError });
      await settle(store.save(new Run({ sessionId: 'session-1' })));
      backend.isSpoilt = true;
      for (let list = 0; list < 2; list++) expect((await settle(store.list())).runs).toEqual([]);
      expect(onError.mock.calls).toMatchObject([[{ error }], [{ error }]]);
      expect(warn).not.toHaveBeenCalled();
    });

    it('by one warning where there is none', async () => {
      const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
      const store = open();
      await settle(store.save(new Run({ sessionId: 'session-1' })));
      backend.isSpoilt = true;
      for (let list = 0; list < 2; list++) await settle(store.list());
      expect(warn.mock.calls).toMatchObject([[error]]);
    });

    it('with a sum that lacks it', async () => {
      const onError = jest.fn();
      const store = open({ onError });
      await settle(store.save(new Run({ sessionId: 'session-1' })));
      await settle(store.summarize({ groupBy: 'sessionId' }));
      expect(onError).not.toHaveBeenCalled();
      backend.skipped = 2;
      expect(await settle(store.summarize({ groupBy: 'sessionId' }))).toMatchObject([{ runs: 1 }]);
      const message = '2 runs could not be read, and are not in the sum';
      expect(onError.mock.calls).toMatchObject([[{ error: { ...error, message } }]]);
    });
  });

  describe('with "cancel-previous"', () => {
    async function start(
      meanwhile: (id: string) => Promise<unknown>,
    ): Promise<{ store: RunStore; first: Run; executed: Promise<unknown> }> {
      const store = open({ track: { onError: () => undefined } });
      const first = new Run({ sessionId: 'session-1' }).updateStatus('running');
      await settle(open().track(first).flush());
      const list = backend.list.bind(backend);
      jest.spyOn(backend, 'list').mockImplementationOnce(async (query) => {
        const rows = await list(query);
        await meanwhile(first.id);
        return rows;
      });
      const next = new Run({ sessionId: 'session-1' });
      store.track(next, { whenBusy: 'cancel-previous' });
      return {
        store,
        first,
        executed: settle(
          next.execute(() => ({ mine: true })),
          500,
        ),
      };
    }

    it.each([
      ['removed', (id: string) => backend.delete(id)],
      ['ended', (id: string) => new FlakyStore(backend).cancel(id)],
    ])('goes on where one before was %s meanwhile', async (_, meanwhile) => {
      const { executed } = await start(meanwhile);
      await expect(executed).resolves.toEqual({ mine: true });
    });

    it('gives up where one before cannot be cancelled for good', async () => {
      const { executed } = await start(() => {
        jest.spyOn(backend, 'update').mockRejectedValue(new RunError('storage_error', 'read-only'));
        return Promise.resolve();
      });
      await expect(executed).rejects.toMatchObject({ code: 'storage_error', message: 'read-only' });
    });

    it('says which run took the place', async () => {
      const { first, store, executed } = await start(() => Promise.resolve());
      await executed;
      const stored = await settle(store.get(first.id));
      expect(stored).toMatchObject({ status: 'cancelled' });
      expect(stored?.error).toMatchObject({
        message: expect.stringMatching(/of the same session took its place$/) as string,
      });
    });
  });

  describe('.close()', () => {
    it('closes the database once, leaves no timer, and refuses everything from there on', async () => {
      const close = jest.spyOn(backend, 'close');
      const store = open();
      const run = new Run({ sessionId: 'session-1' }).updateStatus('running');
      store.track(run);
      void store.watch().next();
      await clock.pass(50);
      await settle(Promise.all([store.close(), store.close()]));
      expect(close).toHaveBeenCalledTimes(1);
      expect(clock.waiting).toBe(0);
      await expect(store.get(run.id)).rejects.toMatchObject({ code: 'invalid_operation' });
      expect(() => store.watch()).toThrow('closed');
    });

    it('takes back what hears of commits', async () => {
      const stop = jest.fn();
      const hearing = Object.assign(new FlakyBackend(), { subscribe: () => stop });
      const store = new FlakyStore(hearing, {}, clock);
      await settle(store.close());
      expect(stop).toHaveBeenCalledTimes(1);
    });

    it('leaves no timer where the database cannot be closed', async () => {
      jest.spyOn(backend, 'close').mockRejectedValue(new RunError('storage_error', 'locked'));
      const store = open();
      const watch = store.watch();
      void watch.next();
      await clock.pass(50);
      await expect(settle(store.close())).rejects.toMatchObject({ message: 'locked' });
      expect(clock.waiting).toBe(0);
    });

    it('does not call a refusal that was told already lost', async () => {
      const store = open({ track: { onError: () => undefined } });
      const run = new Run({ sessionId: 'session-1' }).updateStatus('running');
      await settle(store.track(run).flush());
      await settle(open().cancel(run.id));
      run.setOutput({ late: true });
      await expect(settle(store.close(), 1_000)).resolves.toBeUndefined();
    });
  });
});
