import { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { issuesOf } from '../support/refusal-of';
import { VirtualClock } from '../support/virtual-clock';
import { readWaitOptions } from '../../lib/store/wait-for';

/** It never comes. */
const NO_ANSWER = new Promise<never>(() => {
  // Nobody settles it.
});

let clock: VirtualClock;
let backend: FlakyBackend;
let store: RunStore;
let other: RunStore;
let run: Run;

beforeEach(async () => {
  clock = new VirtualClock(7);
  backend = new FlakyBackend();
  store = new FlakyStore(backend, { retryForMs: 500, callTimeoutMs: 500 }, clock);
  other = new FlakyStore(backend, {}, clock);
  run = new Run({ sessionId: 'session-1', id: 'run \0' }).updateStatus('running');
  await settle(other.track(run).flush());
  backend.calls.read = 0;
});

async function settle<Result>(promise: Promise<Result>, ms = 0): Promise<Result> {
  promise.catch(() => undefined);
  await clock.pass(ms);
  return promise;
}

/** Waits for the run, and tells when that is over. */
function wait(signal?: AbortSignal): { readonly waiting: Promise<Run>; isOver: boolean } {
  const waited = { waiting: store.waitFor(run.id, signal === undefined ? {} : { signal }), isOver: false };
  const over = (): void => void (waited.isOver = true);
  waited.waiting.then(over, over);
  return waited;
}

describe('.waitFor()', () => {
  it('reads a run once where it has ended, and waits for nothing', async () => {
    run.setOutput({ done: true });
    await settle(other.track(run).flush());
    expect((await settle(store.waitFor(run.id))).output).toEqual({ done: true });
    expect(backend.calls.read).toBe(1);
    await clock.pass(1_000);
    expect(clock.waiting).toBe(0);
  });

  it('hears of the end', async () => {
    const waited = wait();
    await clock.pass(1_000);
    expect(waited.isOver).toBe(false);
    const { read } = backend.calls;
    run.setOutput({ done: true });
    await clock.pass(200);
    expect((await waited.waiting).output).toEqual({ done: true });
    expect(backend.calls.read).toBe(read + 1);
  });

  it('hears of an end that follows the first read at once', async () => {
    const watch = store.watch();
    void watch.next();
    const mine = new Run({ sessionId: 'session-2' }).updateStatus('running');
    const recorder = store.track(mine);
    await settle(recorder.flush(), 1_000);
    const ended = jest.fn();
    void store.waitFor(mine.id).then(ended);
    await clock.pass(5);
    mine.setOutput({});
    await clock.pass(5);
    expect(ended).toHaveBeenCalledTimes(1);
    await watch.return(undefined);
  });

  it.each(['waits', 'reads'])('is told at once that the store closes while it %s', async (what) => {
    if (what === 'reads') jest.spyOn(backend, 'read').mockReturnValue(NO_ANSWER);
    const waited = wait();
    await clock.pass(10);
    void store.close();
    await expect(settle(waited.waiting)).rejects.toMatchObject({ code: 'invalid_operation' });
  });

  it('reads a run that is written all the time every 50 milliseconds at most', async () => {
    const waited = wait();
    for (let turn = 0; turn < 100; turn++) {
      run.incrementTurn();
      await settle(store.track(new Run({ sessionId: 'session-2' })).flush(), 10);
    }
    run.setOutput({});
    await settle(waited.waiting, 200);
    // Every poll at most.
    expect(backend.calls.read).toBeLessThanOrEqual(14);
  });

  it('does not read a run of its own process more often than that', async () => {
    const mine = new Run({ sessionId: 'session-2' }).updateStatus('running');
    const recorder = store.track(mine);
    await settle(recorder.flush());
    backend.calls.read = 0;
    const waiting = store.waitFor(mine.id);
    for (let turn = 0; turn < 100; turn++) {
      mine.incrementTurn();
      await settle(recorder.flush(), 10);
    }
    expect(backend.calls.read).toBeGreaterThan(10);
    expect(backend.calls.read).toBeLessThanOrEqual(22);
    mine.setOutput({ done: true });
    expect((await settle(waiting, 100)).output).toEqual({ done: true });
  });

  it('finds out within ten seconds that a run was removed where nothing tells it', async () => {
    const waited = wait();
    await clock.pass(100);
    await settle(other.delete(run.id));
    await clock.pass(9_000);
    expect(waited.isOver).toBe(false);
    const error = { code: 'run_not_found', details: { runId: 'run \0' } };
    await expect(settle(waited.waiting, 1_000)).rejects.toMatchObject(error);
  });

  it.each(['before it begins', 'while it reads', 'while it waits', 'between two reads'])(
    'ends at once with a signal that aborts %s, and leaves nothing',
    async (when) => {
      const controller = new AbortController();
      const reason = new Error('enough');
      if (when === 'before it begins') controller.abort(reason);
      if (when === 'while it reads') jest.spyOn(backend, 'read').mockReturnValue(NO_ANSWER);
      const [add, remove] = (['addEventListener', 'removeEventListener'] as const).map((name) =>
        jest.spyOn(controller.signal, name),
      );
      const waited = wait(controller.signal);
      await clock.pass(300);
      if (when === 'between two reads') {
        for (let turn = 0; turn < 3; turn++) {
          run.incrementTurn();
          await clock.pass(100);
        }
      }
      expect(waited.isOver).toBe(when === 'before it begins');
      controller.abort(reason);
      await expect(settle(waited.waiting)).rejects.toBe(reason);
      expect(remove?.mock.calls.length).toBe(add?.mock.calls.length);
      const { read } = backend.calls;
      await clock.pass(20_000);
      expect(backend.calls.read).toBe(read);
      run.setOutput({});
      await settle(other.track(run).flush());
      await clock.pass(100);
      expect(clock.waiting).toBe(0);
    },
  );

  it('is patient with a database that is away, and says so in the end', async () => {
    const waited = wait();
    await clock.pass(10);
    backend.then = 'away';
    backend.isAllBad = true;
    await clock.pass(300);
    expect(waited.isOver).toBe(false);
    await expect(settle(waited.waiting, 1_000)).rejects.toMatchObject({
      code: 'storage_error',
      retryable: true,
    });
  });
});

describe('readWaitOptions()', () => {
  it.each([{}, { signal: undefined }, { signal: new AbortController().signal }])('takes %p', (options) => {
    expect(readWaitOptions(options)).toBe(options);
  });

  it.each([
    [null, ': must be an object'],
    [{ timeoutMs: 7 }, 'timeoutMs: is not known (known: signal)'],
    [{ signal: {} }, 'signal: must be an AbortSignal'],
  ])('refuses %p', (options, issue) => {
    expect(issuesOf(() => readWaitOptions(options as object))).toEqual([issue]);
  });
});
