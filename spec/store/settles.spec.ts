import { setTimeout as sleep } from 'node:timers/promises';
import { Run, RunError } from 'agent-run';
import type { RecorderErrorEvent, RunStore, RunStoreOptions, WhenBusy } from 'agent-run/store';
import { takeIn } from '../../lib/store/take-in';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';
import { until } from './contract/test-database';

interface Opened {
  readonly backend: FlakyBackend;
  readonly store: RunStore;
  readonly errors: RecorderErrorEvent[];
}

const opened: Opened[] = [];

function open(options: RunStoreOptions = {}): Opened {
  const backend = new FlakyBackend();
  const errors: RecorderErrorEvent[] = [];
  const onError = (event: RecorderErrorEvent): number => errors.push(event);
  const store = new FlakyStore(backend, { retryForMs: 1_000, ...options, track: { onError } });
  opened.push({ backend, store, errors });
  return { backend, store, errors };
}

afterEach(async () => {
  await Promise.allSettled(opened.splice(0).map(({ store }) => store.close()));
});

async function busySession(store: RunStore): Promise<Run> {
  const run = new Run({ sessionId: 'session-1' });
  await store.track(run.updateStatus('running')).flush();
  return run;
}

const EXCLUSIVE: readonly WhenBusy[] = ['reject', 'queue', 'cancel-previous'];

describe('RunRecorder', () => {
  describe.each(EXCLUSIVE)('with whenBusy "%s"', (whenBusy) => {
    it('lets a run that it was told to record no more execute as one that is not tracked', async () => {
      const { store } = open();
      const run = new Run({ sessionId: 'session-1' });
      await store.track(run, { whenBusy }).stop();
      await expect(run.execute(() => ({ done: true }))).resolves.toEqual({ done: true });
      expect((await store.get(run.id))?.status).toBe('pending');
    });

    it('lets the run go on when the database refuses for good', async () => {
      const { backend, store } = open();
      backend.then = 'refused';
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run, { whenBusy });
      await expect(run.execute(() => ({ done: true }))).resolves.toEqual({ done: true });
      await expect(recorder.flush()).rejects.toMatchObject({ code: 'storage_error', retryable: false });
    });

    it('lets the run go on when it has kept all that it may', async () => {
      const { backend, store } = open();
      backend.then = 'away';
      const run = new Run({ sessionId: 'session-1' });
      store.track(run, { whenBusy, maxBuffered: 3 });
      const executed = run.execute(() => ({ done: true }));
      for (let turn = 0; turn < 5; turn++) run.incrementTurn();
      await expect(executed).resolves.toEqual({ done: true });
    });

    it('refuses an execution that waits when the store is closed', async () => {
      const { backend, store } = open({ retryForMs: 30 });
      backend.then = 'away';
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run, { whenBusy });
      const fn = jest.fn();
      const executed = run.execute(fn);
      const flushed = recorder.flush();
      await Promise.allSettled([store.close(), flushed]);
      await expect(executed).rejects.toMatchObject({ code: 'invalid_operation' });
      await expect(recorder.flush()).rejects.toMatchObject({ code: 'invalid_operation' });
      expect(fn).not.toHaveBeenCalled();
    });
  });

  it('waits no longer for a session once it is told to stop', async () => {
    const { store } = open();
    await busySession(store);
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run, { whenBusy: 'queue' });
    const executed = run.execute(() => ({ done: true }));
    const flushed = recorder.flush();
    flushed.catch(() => undefined);
    await sleep(30);
    await expect(recorder.stop()).rejects.toMatchObject({ code: 'session_busy' });
    await expect(flushed).rejects.toMatchObject({ code: 'session_busy' });
    await expect(executed).resolves.toEqual({ done: true });
    expect(await store.get(run.id)).toBeNull();
  });

  it.each([
    ['queue', 0],
    ['allow', 1],
  ] as const)('settles everything that waits on close() with "%s"', async (whenBusy, calls) => {
    const { store } = open();
    await busySession(store);
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run, { whenBusy });
    const fn = jest.fn(() => ({ done: true }));
    const waiting = [run.execute(fn), recorder.flush(), recorder.flush()];
    waiting.forEach((each) => void each.catch(() => undefined));
    await sleep(20);
    await store.close();
    await Promise.allSettled(waiting);
    run.updateTokenUsage({ input_tokens: 1 });
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'invalid_operation' });
    await expect(recorder.stop()).rejects.toMatchObject({ code: 'invalid_operation' });
    expect(fn).toHaveBeenCalledTimes(calls);
  });

  it('still answers for what was stored, after close()', async () => {
    const { store } = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run.updateStatus('running'));
    await store.close();
    await expect(recorder.flush()).resolves.toBeUndefined();
    run.incrementTurn();
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'invalid_operation' });
  });

  it('ends a pending run that another process has started: nothing executes it unrecorded', async () => {
    const { backend, store } = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    await recorder.flush();
    const other = new FlakyStore(backend);
    const copy = await other.get(run.id);
    await other.track(copy!.updateStatus('running')).flush();
    run.metadata = { late: true };
    await expect(recorder.flush()).rejects.toMatchObject({
      code: 'conflict',
      details: { status: 'running' },
    });
    expect(run).toMatchObject({ status: 'failed', error: { code: 'conflict' } });
    const fn = jest.fn();
    await expect(run.execute(fn)).rejects.toBeInstanceOf(RunError);
    expect(fn).not.toHaveBeenCalled();
  });

  it('records although all listeners of the run are removed', async () => {
    const { store } = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    run.removeAllListeners();
    run.updateStatus('running').setOutput({ done: true });
    await recorder.flush();
    expect((await store.get(run.id))?.status).toBe('completed');
  });

  it('never has two objects of one run in one batch', async () => {
    const { backend, store, errors } = open();
    const run = new Run({ sessionId: 'session-1' });
    await store.save(run.updateStatus('running'));
    const [one, two] = [await store.get(run.id), await store.get(run.id)];
    const recorders = [store.track(one!), store.track(two!)];
    await Promise.allSettled(recorders.map((recorder) => recorder.flush()));
    for (const batch of backend.batches) {
      expect(new Set(batch.map(({ id }) => id)).size).toBe(batch.length);
    }
    expect(errors.map(({ error }) => error.code)).toEqual(['lease_lost']);
  });

  it('records again after it has failed: its own old lease is no other process', async () => {
    const { backend, store } = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run.updateStatus('running'));
    await recorder.flush();
    backend.answers = ['lost answer', 'refused'];
    run.incrementTurn();
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'storage_error' });
    run.incrementTurn();
    await store.track(run).flush();
    expect(run.status).toBe('running');
    run.setOutput({ done: true });
    await store.track(run).flush();
    expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
    const entries = await store.events(run.id);
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  });

  it('records a pending run again after it has failed without an answer', async () => {
    const { backend, store } = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    await recorder.flush();
    backend.answers = ['lost answer', 'refused'];
    run.metadata = { a: 1 };
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'storage_error' });
    run.updateStatus('running');
    await store.track(run).flush();
    expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
  });

  it('stores nothing twice when an answer is lost and somebody cancels before the repetition', async () => {
    const { backend, store } = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run.updateStatus('running'));
    await recorder.flush();
    backend.answers = ['lost answer', 'away'];
    run.incrementTurn();
    await until(() => backend.batches.length > 2);
    await new FlakyStore(backend).cancel(run.id);
    await recorder.flush();
    await until(() => run.status === 'cancelled');
    await recorder.flush();
    const types = (await store.events(run.id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'turnIncremented')).toHaveLength(1);
    expect(await store.get(run.id)).toMatchObject({ status: 'cancelled', turnCount: 1 });
  });

  it('stores nothing twice when the answer to a batch is lost, which is halved then', async () => {
    const { backend, store } = open();
    const runs = [new Run({ sessionId: 'session-1' }), new Run({ sessionId: 'session-2' })];
    const recorders = runs.map((run) => store.track(run.updateStatus('running')));
    await Promise.all(recorders.map((recorder) => recorder.flush()));
    const before = backend.batches.length;
    const head = backend.head.bind(backend);
    let isCancelled = false;
    jest.spyOn(backend, 'head').mockImplementation(async () => {
      if (backend.batches.length === before + 1 && !isCancelled) {
        isCancelled = true;
        await new FlakyStore(backend).cancel(runs[0]!.id);
      }
      return head();
    });
    backend.answers = ['lost answer'];
    for (const run of runs) run.incrementTurn();
    await Promise.all(recorders.map((recorder) => recorder.flush()));
    await until(() => runs[0]!.status === 'cancelled');
    await recorders[0]!.flush();
    for (const { id } of runs) {
      const types = (await store.events(id)).map(({ type }) => type);
      expect(types.filter((type) => type === 'turnIncremented')).toHaveLength(1);
    }
    expect(await store.get(runs[0]!.id)).toMatchObject({ status: 'cancelled', turnCount: 1 });
  });

  it('calls no function that asks the store first where the database refuses for good', async () => {
    const { backend, store } = open();
    backend.then = 'refused';
    const run = new Run({ sessionId: 'session-1' });
    takeIn(store, run);
    const fn = jest.fn();
    await expect(run.execute(fn)).rejects.toMatchObject({ code: 'storage_error', retryable: false });
    expect(fn).not.toHaveBeenCalled();
    expect(run.status).toBe('failed');
  });

  it('records a run again that holds its session, although others stand in line for it', async () => {
    const { backend, store } = open();
    const [first, second] = [new Run({ sessionId: 'session-1' }), new Run({ sessionId: 'session-1' })];
    const recorder = store.track(first.updateStatus('running'), { whenBusy: 'queue' });
    await recorder.flush();
    store.track(second, { whenBusy: 'queue' });
    const executed = second.execute(() => ({ done: true }));
    await until(() => backend.batches.flat().some(({ id }) => id === second.id));
    backend.answers = ['refused'];
    first.incrementTurn();
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'storage_error' });
    await store.track(first, { whenBusy: 'queue' }).flush();
    expect((await store.get(first.id))?.turnCount).toBe(1);
    first.setOutput({});
    await expect(executed).resolves.toEqual({ done: true });
  });

  it('goes on trying what stop() could not store in time', async () => {
    const { backend, store } = open({ retryForMs: 30 });
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run.updateStatus('running'));
    backend.then = 'away';
    await expect(recorder.stop()).rejects.toMatchObject({ code: 'storage_error', retryable: true });
    backend.then = 'ok';
    await recorder.stop();
    expect(await store.inspect(run.id)).toMatchObject({ run: { status: 'running' }, lease: null });
  });

  it('settles 200,000 flush() of one tick', async () => {
    const { store } = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    const flushed = Array.from({ length: 200_000 }, () => recorder.flush());
    await expect(Promise.all(flushed)).resolves.toHaveLength(200_000);
  });
});

describe('a database that does not answer', () => {
  const options = { retryForMs: 150, callTimeoutMs: 40 };

  it.each(['hangs', 'hangs, and commits'] as const)('is asked again when it %s', async (answer) => {
    const { backend, store } = open({ ...options, retryForMs: 20_000 });
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    backend.answers = [answer, 'ok', answer];
    run.updateStatus('running');
    await recorder.flush();
    run.incrementTurn();
    await recorder.flush();
    expect((await store.events(run.id)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
  });

  it('lets every call reject, and close() settle', async () => {
    const { backend, store, errors } = open(options);
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run.updateStatus('running'));
    await recorder.flush();
    backend.then = 'hangs';
    backend.isAllBad = true;
    run.incrementTurn();
    const calls = [
      recorder.flush(),
      recorder.stop(),
      store.get(run.id),
      store.cancel(run.id),
      store.events(run.id),
      store.waitFor(run.id),
      store.inspect(run.id),
      store.recover(),
      store.save(new Run({ sessionId: 'session-1' })),
      store.create(new Run({ sessionId: 'session-1' })),
      store.watch({ runId: run.id }).next(),
    ];
    const settled = await Promise.allSettled(calls);
    for (const result of settled) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'storage_error', retryable: true },
      });
    }
    expect(errors.some(({ willRetry }) => willRetry)).toBe(true);
    await expect(store.close()).rejects.toMatchObject({ code: 'storage_error' });
  });

  it('tells those who wait as soon as their patience is over, not at the end of an attempt', async () => {
    const { backend, store } = open({ retryForMs: 30, callTimeoutMs: 100_000 });
    backend.then = 'hangs';
    const recorder = store.track(new Run({ sessionId: 'session-1' }));
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'storage_error', retryable: true });
    // The attempt goes on: who begins to wait only now is told as soon.
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'storage_error', retryable: true });
  });

  it('is asked once by who has no patience', async () => {
    const { backend, store } = open({ retryForMs: 0, callTimeoutMs: 40 });
    const run = new Run({ sessionId: 'session-1' });
    await store.track(run).flush();
    expect((await store.get(run.id))?.id).toBe(run.id);
    backend.then = 'hangs';
    backend.isAllBad = true;
    const error = { code: 'storage_error', details: { timeoutMs: 40 } };
    await expect(store.get(run.id)).rejects.toMatchObject(error);
    run.updateStatus('running');
    await expect(store.track(run).flush()).rejects.toMatchObject(error);
  });

  it('does not keep a watch that is left, or whose signal aborts', async () => {
    const { backend, store } = open({ callTimeoutMs: 100_000 });
    backend.then = 'hangs';
    backend.isAllBad = true;
    const controller = new AbortController();
    const [left, aborted] = [store.watch(), store.watch({ signal: controller.signal })];
    const waiting = [left.next(), aborted.next()];
    await sleep(5);
    await left.return(undefined);
    controller.abort();
    expect(await Promise.all(waiting)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });
});

describe('RunStore', () => {
  it('leaves no timer behind once it is closed, whatever still hangs', async () => {
    const [clock, backend] = [new VirtualClock(1), new FlakyBackend()];
    const store = new FlakyStore(backend, { callTimeoutMs: 100_000, retryForMs: 50_000 }, clock);
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run.updateStatus('running'), { onError: () => undefined });
    await clock.pass(10);
    Object.assign(backend, { then: 'hangs', isAllBad: true });
    run.incrementTurn();
    const calls = [recorder.flush(), store.get(run.id), store.waitFor(run.id), store.watch().next()];
    const settled = Promise.allSettled([store.close(), ...calls]);
    await clock.pass(100_000);
    expect((await settled).map(({ status }) => status)).toContain('rejected');
    expect(clock.waiting).toBe(0);
  });

  it('lets what is asked already be answered before it closes', async () => {
    const [clock, backend] = [new VirtualClock(1), new FlakyBackend()];
    const store = new FlakyStore(backend, {}, clock);
    const run = new Run({ sessionId: 'session-1' });
    await store.save(run);
    const read = backend.read.bind(backend);
    jest.spyOn(backend, 'read').mockImplementation(async (id) => {
      await new Promise<void>((resolve) => {
        clock.after(500, resolve);
      });
      return read(id);
    });
    const stored = store.get(run.id);
    const closed = store.close();
    await clock.pass(1_000);
    await closed;
    expect((await stored)?.id).toBe(run.id);
  });

  it('closes although a run begins to wait for its session meanwhile', async () => {
    const { store } = open();
    await busySession(store);
    const run = new Run({ sessionId: 'session-1' });
    store.track(run, { whenBusy: 'queue' });
    const executed = run.execute(() => ({ done: true }));
    executed.catch(() => undefined);
    await store.close();
    await expect(executed).rejects.toMatchObject({ code: 'invalid_operation' });
  });

  it('gives many watches one signal without a warning', async () => {
    const { store } = open();
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const { signal } = new AbortController();
    const watches = Array.from({ length: 50 }, () => store.watch({ signal }));
    const waiting = watches.map((watch) => watch.next());
    await store.close();
    await Promise.all(waiting);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
