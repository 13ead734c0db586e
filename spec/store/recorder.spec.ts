import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Run, RunError } from 'agent-run';
import type { RecorderErrorEvent, RunStore, RunStoreOptions } from 'agent-run/store';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { until } from './contract/test-database';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function open(options: RunStoreOptions = {}): {
  backend: FlakyBackend;
  store: RunStore;
  errors: RecorderErrorEvent[];
} {
  const backend = new FlakyBackend();
  const errors: RecorderErrorEvent[] = [];
  const onError = (event: RecorderErrorEvent): number => errors.push(event);
  const store = new FlakyStore(backend, { ...options, track: { onError, ...options.track } });
  return { backend, store, errors };
}

describe('RunRecorder', () => {
  it('sends what happens in one tick, to whatever run, in one batch', async () => {
    const { backend, store } = open();
    const runs = Array.from({ length: 20 }, () => new Run({ sessionId: 'session-1' }));
    const recorders = runs.map((run) => store.track(run));
    for (const run of runs) run.updateStatus('running').incrementTurn().updateTokenUsage({ input_tokens: 1 });
    await Promise.all(recorders.map((recorder) => recorder.flush()));
    expect(backend.batches).toHaveLength(1);
    expect(backend.batches[0]).toHaveLength(20);
  });

  it('writes only the columns that changed', async () => {
    const { backend, store } = open();
    const run = new Run({ sessionId: 'session-1', input: { long: 'text' } });
    const recorder = store.track(run);
    await recorder.flush();
    run.updateStatus('running').incrementTurn();
    await recorder.flush();
    run.metadata = { a: 1 };
    await recorder.flush();
    expect(backend.batches.map(([write]) => Object.keys(write!.columns).sort()).slice(1)).toEqual([
      ['active', 'running', 'running_at', 'status', 'turn_count'],
      ['metadata'],
    ]);
  });

  it('keeps what happens while the database is away, and stores it in order', async () => {
    const { backend, store, errors } = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    backend.answers = ['away', 'away', 'away'];
    run.updateStatus('running');
    await until(() => backend.batches.length > 1);
    run.incrementTurn();
    run.setOutput({ done: true });
    await recorder.flush();
    expect((await store.events(run.id)).map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'created'],
      [2, 'statusChanged'],
      [3, 'turnIncremented'],
      [4, 'statusChanged'],
    ]);
    expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
    expect(errors.map(({ error, willRetry, run: about }) => [error.code, willRetry, about === run])).toEqual(
      Array(3).fill(['storage_error', true, true]),
    );
  });

  it('lets flush() know when the database stays away, and stores everything once it is back', async () => {
    const { backend, store } = open({ retryForMs: 60 });
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    backend.then = 'away';
    run.updateStatus('running');
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'storage_error', retryable: true });
    expect(recorder.buffered).toBe(2);
    backend.then = 'ok';
    await recorder.flush();
    expect(await store.events(run.id)).toHaveLength(2);
  });

  it('stores nothing twice when the answer to a write is lost', async () => {
    const { backend, store } = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    backend.answers = ['lost answer', 'ok', 'lost answer', 'away', 'ok'];
    run.updateStatus('running');
    await recorder.flush();
    run.incrementTurn();
    await recorder.flush();
    expect((await store.events(run.id)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
  });

  it('fails, and says so, when more waits than it may keep', async () => {
    const { backend, store, errors } = open({ track: { maxBuffered: 5 } });
    backend.then = 'away';
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    run.updateStatus('running');
    for (let turn = 0; turn < 6; turn++) run.incrementTurn();
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'storage_error', retryable: false });
    await expect(recorder.stop()).rejects.toMatchObject({ code: 'storage_error' });
    expect(errors.filter(({ willRetry }) => !willRetry)).toHaveLength(1);
    expect(run.status).toBe('running');
    expect(run.listenerCount('turnIncremented')).toBe(0);
  });

  it('does not let a write that the database refuses hold up the others', async () => {
    const { backend, store, errors } = open();
    const [good, bad] = [new Run({ sessionId: 'session-1' }), new Run({ sessionId: 'session-2' })];
    const recorders = [good, bad].map((run) => store.track(run));
    backend.answers = ['refused', 'ok', 'refused'];
    const [first, second] = await Promise.allSettled(recorders.map((recorder) => recorder.flush()));
    expect(first?.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'storage_error' } });
    expect(errors.map(({ run }) => run)).toEqual([bad]);
    expect(await store.get(good.id)).not.toBeNull();
  });

  it('fails for a run that cannot be written, and for no other', async () => {
    const { store } = open();
    const deep: Record<string, unknown> = {};
    let level = deep;
    for (let depth = 0; depth < 20_000; depth++) level = level['deeper'] = {};
    const run = Run.fromJSON({ ...new Run({ sessionId: 'session-1' }).toJSON(), input: deep });
    const other = new Run({ sessionId: 'session-1' });
    const recorders = [store.track(run), store.track(other)];
    await expect(recorders[0]!.flush()).rejects.toMatchObject({ code: 'storage_error' });
    await recorders[1]!.flush();
  });

  it('warns when it fails and nobody listens', async () => {
    const backend = new FlakyBackend();
    const store = new FlakyStore(backend);
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    backend.then = 'refused';
    const recorder = store.track(new Run({ sessionId: 'session-1' }));
    await until(() => warn.mock.calls.length > 0);
    expect(warn.mock.calls[0]?.[0]).toMatchObject({ code: 'storage_error' });
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'storage_error' });
    warn.mockRestore();
  });

  it('lets go of a run that has ended and is stored', async () => {
    const { store } = open();
    const trackOne = async (): Promise<WeakRef<Run>> => {
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run);
      run.updateStatus('running').setOutput({});
      await recorder.flush();
      return new WeakRef(run);
    };
    const run = await trackOne();
    await until(() => {
      collectGarbage();
      return run.deref() === undefined;
    });
  });

  it('goes on with what arrives after the end', async () => {
    const { store } = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run.setOutput({}));
    await recorder.flush();
    run.updateTokenUsage({ input_tokens: 3 });
    await recorder.flush();
    expect((await store.get(run.id))?.tokenUsage).toEqual({ input_tokens: 3 });
  });

  it('goes on when onError throws, which is told as an uncaught exception', async () => {
    const thrown: unknown[] = [];
    const nextTick = jest.spyOn(process, 'nextTick').mockImplementation(((
      callback: (...values: unknown[]) => void,
      ...values: unknown[]
    ) => {
      try {
        callback(...values);
      } catch (error) {
        thrown.push(error);
      }
    }) as typeof process.nextTick);
    const failure = new Error('the hook is broken');
    const onError = (): never => {
      throw failure;
    };
    const { backend, store } = open({ track: { onError } });
    backend.answers = ['away', 'ok'];
    await store.track(new Run({ sessionId: 'session-1', id: 'run_1' })).flush();
    nextTick.mockRestore();
    expect(thrown).toEqual([failure]);
    expect(await store.get('run_1')).not.toBeNull();
  });

  describe('when the database fails while it is asked about a refused write', () => {
    const away = new RunError('storage_error', 'The database is away', { retryable: true });
    const broken = new RunError('storage_error', 'The file is broken');

    it('asks again about the run', async () => {
      const { backend, store } = open();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run.updateStatus('running'));
      await recorder.flush();
      await new FlakyStore(backend).cancel(run.id);
      backend.errors.push(away);
      run.incrementTurn();
      await recorder.flush();
      expect(run.status).toBe('cancelled');
    });

    it('gives up where asking can never succeed', async () => {
      const { backend, store } = open();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run.updateStatus('running'));
      await recorder.flush();
      await new FlakyStore(backend).cancel(run.id);
      backend.errors.push(broken);
      run.incrementTurn();
      await expect(recorder.flush()).rejects.toBe(broken);
    });

    it.each([
      ['asks again about the session', away, 'session_busy'],
      ['refuses the run where the session can never be looked at', broken, 'storage_error'],
    ])('%s', async (_, error, code) => {
      const { backend, store } = open();
      const first = new Run({ sessionId: 'session-1' });
      await store.track(first.updateStatus('running')).flush();
      const second = new Run({ sessionId: 'session-1' });
      const recorder = store.track(second, { whenBusy: 'reject' });
      backend.errors.push(error);
      second.updateStatus('running');
      await expect(recorder.flush()).rejects.toMatchObject({ code });
      expect(second.status).toBe('failed');
    });
  });

  it('closes although a run waits for its session', async () => {
    const { store } = open();
    const [first, second] = [new Run({ sessionId: 'session-1' }), new Run({ sessionId: 'session-1' })];
    const recorder = store.track(first.updateStatus('running'));
    await recorder.flush();
    store.track(second, { whenBusy: 'queue' });
    second.updateStatus('running');
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
    await expect(store.close()).resolves.toBeUndefined();
  });

  it('reports on close() what could not be stored', async () => {
    const { backend, store } = open({ retryForMs: 30 });
    const run = new Run({ sessionId: 'session-1' });
    store.track(run);
    backend.then = 'away';
    await expect(store.close()).rejects.toMatchObject({ code: 'storage_error' });
  });
});
