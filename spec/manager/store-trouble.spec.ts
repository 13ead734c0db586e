import type { AnyRun } from 'agent-run';
import { Run, RunError } from 'agent-run';
import type { RunManagerOptions, StoreErrorEvent } from 'agent-run/manager';
import { RunManager } from 'agent-run/manager';
import { until } from '../store/contract/test-database';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { refusal, toldBy } from './kit';

const sessionId = 's';

describe('RunManager, where its store is in trouble', () => {
  let backend: FlakyBackend;
  let store: FlakyStore;
  let warnings: jest.SpiedFunction<typeof process.emitWarning>;
  const managers: RunManager[] = [];

  beforeEach(() => {
    backend = new FlakyBackend();
    store = new FlakyStore(backend, { retryForMs: 10_000 });
    warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  });

  afterEach(async () => {
    backend.then = 'ok';
    await Promise.allSettled(managers.splice(0).map((manager) => manager.close()));
    await store.close().catch(() => undefined);
    jest.restoreAllMocks();
  });

  function newManager(options: RunManagerOptions = {}): RunManager {
    const manager = new RunManager({ store, recoverEveryMs: 0, ...options });
    managers.push(manager);
    return manager;
  }

  function errorsOf(runs: RunManager): StoreErrorEvent[] {
    const errors: StoreErrorEvent[] = [];
    runs.on('storeError', (event) => errors.push(event));
    return errors;
  }

  describe('.execute()', () => {
    it('does not call the function where the run cannot be taken in, and tells that the run has failed', async () => {
      backend.then = 'refused';
      const runs = newManager();
      const told = toldBy(runs);
      const errors = errorsOf(runs);
      const fn = jest.fn();
      const executed = runs.execute({ sessionId, id: 'a' }, fn);
      await expect(executed).rejects.toThrow(refusal('storage_error'));
      expect(fn).not.toHaveBeenCalled();
      expect(told).toEqual(['created a', 'running a', 'failed a']);
      expect(errors.map(({ run, error }) => [run?.id, error.code])).toContainEqual(['a', 'storage_error']);
    });

    it('does not call the function of a run that is cancelled while the store is asked', async () => {
      backend.then = 'hangs, and commits';
      const runs = newManager();
      const told = toldBy(runs);
      const fn = jest.fn();
      const run = runs.create({ sessionId, id: 'a' });
      const executed = runs.execute(run, fn);
      run.cancel('Not needed');
      backend.then = 'ok';
      await expect(executed).rejects.toThrow('Not needed');
      expect(fn).not.toHaveBeenCalled();
      expect(told).toEqual(['created a', 'running a', 'cancelled a']);
    });

    it('returns what the function returned where only the end could not be stored', async () => {
      const runs = newManager();
      const errors = errorsOf(runs);
      const output = await runs.execute({ sessionId, id: 'a' }, () => {
        backend.then = 'refused';
        return { done: true };
      });
      expect(output).toEqual({ done: true });
      expect(errors.at(-1)).toMatchObject({ willRetry: false, error: { code: 'storage_error' } });
    });

    it('tells of no creation where it was handed the run', async () => {
      const runs = newManager();
      const told = toldBy(runs);
      await runs.execute(new Run({ sessionId, id: 'a' }), () => ({}));
      expect(told).toEqual(['running a', 'completed a']);
    });
  });

  describe('.cancel()', () => {
    it('throws where the end cannot be stored', async () => {
      const runs = newManager();
      errorsOf(runs);
      const run = runs.create({ sessionId, id: 'a' });
      await until(async () => (await store.get('a')) !== null);
      backend.then = 'refused';
      await expect(runs.cancel('a', 'Enough')).rejects.toThrow(refusal('storage_error'));
      expect(run.status).toBe('cancelled');
    });

    it('says how a run stands that another process has ended', async () => {
      const runs = newManager();
      errorsOf(runs);
      runs.create({ sessionId, id: 'a' });
      await until(async () => (await store.get('a')) !== null);
      const other = new FlakyStore(backend);
      await other.cancel('a', 'By another');
      await expect(runs.cancel('a', 'By this one')).rejects.toThrow(refusal('invalid_transition'));
      expect((await store.get('a'))?.error?.['message']).toBe('By another');
      await other.close();
    });
  });

  describe('storeError', () => {
    it('comes beside the onError of track, and instead of a warning', async () => {
      const onError = jest.fn();
      const runs = newManager({ track: { onError } });
      const errors = errorsOf(runs);
      backend.then = 'refused';
      runs.create({ sessionId, id: 'a' });
      await until(() => errors.some(({ willRetry }) => !willRetry));
      expect(onError.mock.calls).toEqual(errors.map((event) => [event]));
      expect(warnings).not.toHaveBeenCalled();
    });

    it('is a warning where nobody listens, once what failed is given up', async () => {
      const onError = jest.fn();
      const runs = newManager({ track: { onError } });
      backend.answers = ['away'];
      backend.then = 'refused';
      runs.create({ sessionId, id: 'a' });
      await until(() => warnings.mock.calls.length > 0);
      const given = onError.mock.calls as [StoreErrorEvent][];
      const final = given.filter(([{ willRetry }]) => !willRetry).map(([{ error }]) => [error]);
      expect(given.length).toBeGreaterThan(final.length);
      expect(warnings.mock.calls).toEqual(final);
    });

    it('is no warning where the store refuses a run, which the caller is told', async () => {
      const runs = newManager();
      await store.save(new Run({ sessionId, id: 'a' }).setOutput({}));
      await expect(runs.execute({ sessionId, id: 'a' }, () => ({}))).rejects.toThrow(
        refusal('already_exists'),
      );
      const taken: AnyRun = new Run({ sessionId, id: 'a' });
      await expect(runs.execute(taken, () => ({}))).rejects.toThrow(refusal('already_exists'));
      expect(warnings).not.toHaveBeenCalled();
    });

    it('comes without a run where a sweep fails, and is no warning: it is tried again', async () => {
      const failing = (): void => {
        for (let time = 0; time < 50; time++) backend.errors.push(new RunError('storage_error', 'Read-only'));
      };
      failing();
      const runs = newManager({ recoverEveryMs: 10 });
      await until(() => backend.calls.stale > 0);
      await runs.close();
      expect(warnings).not.toHaveBeenCalled();
      failing();
      const other = newManager({ recoverEveryMs: 10 });
      const errors = errorsOf(other);
      await until(() => errors.length > 0);
      expect(errors[0]).toMatchObject({ run: null, willRetry: true, error: { code: 'storage_error' } });
    });
  });

  describe('.drain()', () => {
    it('settles once every end is stored', async () => {
      const runs = newManager();
      const run = runs.create({ sessionId, id: 'a' }).updateStatus('running');
      await until(async () => (await store.get('a'))?.status === 'running');
      backend.answers = ['away', 'away'];
      await runs.close();
      expect(run.status).toBe('cancelled');
      expect((await store.get('a'))?.status).toBe('cancelled');
    });
  });
});
