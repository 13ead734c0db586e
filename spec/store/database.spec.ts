import { RunError } from 'agent-run';
import { Database, delayAfter } from '../../lib/store/database';
import { awayError, FlakyBackend } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

const OPTIONS = { retryForMs: 3_000, callTimeoutMs: 2_000 };

let clock: VirtualClock;
let database: Database;

function open(options = OPTIONS): Database {
  clock = new VirtualClock(7);
  return new Database(new FlakyBackend(), options, clock);
}

beforeEach(() => {
  database = open();
});

interface Outcome {
  value?: unknown;
  error?: unknown;
  /** When it settled; null before. */
  at: number | null;
}

/** What comes of a promise, and when. */
function follow(promise: Promise<unknown>): Outcome {
  const outcome: Outcome = { at: null };
  promise.then(
    (value) => Object.assign(outcome, { value, at: clock.now() }),
    (error: unknown) => Object.assign(outcome, { error, at: clock.now() }),
  );
  return outcome;
}

/** An answer that takes so long. */
const after = <Result>(ms: number, result: Result): Promise<Result> =>
  new Promise((resolve) => {
    clock.after(ms, () => resolve(result));
  });

const never = (): Promise<never> =>
  new Promise(() => {
    // It never comes.
  });

const away = (): Promise<never> => Promise.reject(awayError());

describe('delayAfter()', () => {
  it('doubles from 20 milliseconds on, up to a second', () => {
    expect([1, 2, 3, 6, 7, 30].map(delayAfter)).toEqual([20, 40, 80, 640, 1_000, 1_000]);
  });
});

describe('Database', () => {
  it('is patient for thirty seconds, with attempts of ten, where nothing else is said', () => {
    const { retryForMs, callTimeoutMs } = new Database(new FlakyBackend(), {}, clock);
    expect([retryForMs, callTimeoutMs]).toEqual([30_000, 10_000]);
    expect([database.retryForMs, database.callTimeoutMs]).toEqual([3_000, 2_000]);
  });

  it('takes 500 writes at once, or as many as its backend does', () => {
    const few = Object.assign(new FlakyBackend(), { mostWrites: 7 });
    expect([database.mostWrites, new Database(few, {}, clock).mostWrites]).toEqual([500, 7]);
  });

  describe('.attempt()', () => {
    it('hands over the backend, gives its answer, and leaves no timer', async () => {
      const call = jest.fn((backend: unknown) => Promise.resolve(backend instanceof FlakyBackend));
      await expect(database.attempt('read a run', call)).resolves.toBe(true);
      expect(clock.waiting).toBe(0);
    });

    it('keeps the process alive for its deadline, and for what close() waits for', async () => {
      const timer = jest.spyOn(clock, 'after');
      void database.attempt('read a run', never).catch(() => undefined);
      void database.close();
      expect(timer.mock.calls.map((call: readonly unknown[]) => call[2])).toEqual([false, false]);
      await clock.pass(5_000);
    });

    it('gives up at its deadline, and drops an answer that comes later', async () => {
      const [late, brief] = [
        follow(database.attempt('read a run', () => after(2_001, 'late'))),
        follow(database.attempt('read a run', () => after(31, 'late'), 30)),
      ];
      await clock.pass(5_000);
      expect([late.at, brief.at]).toEqual([2_000, 30]);
      expect(late.error).toMatchObject({
        code: 'storage_error',
        retryable: true,
        details: { timeoutMs: 2_000 },
      });
      expect(brief.error).toMatchObject({ details: { timeoutMs: 30 } });
    });

    it.each([
      [
        'throws',
        (): never => {
          throw new TypeError('no driver');
        },
      ],
      ['rejects with', () => Promise.reject(new TypeError('no driver'))],
    ])('makes an error of the store of what the backend %s', async (_, call) => {
      await expect(database.attempt('read a run', call)).rejects.toMatchObject({
        code: 'storage_error',
        message: 'The store could not be reached: no driver',
        retryable: false,
      });
      expect(clock.waiting).toBe(0);
    });
  });

  describe('.reachableForMs', () => {
    it('is not known as long as nothing has failed', async () => {
      expect(database.reachableForMs).toBeUndefined();
      await database.attempt('read a run', () => Promise.resolve());
      const refusal = new RunError('storage_error', 'The file is broken');
      await database.attempt('read a run', () => Promise.reject(refusal)).catch(() => undefined);
      expect(database.reachableForMs).toBeUndefined();
    });

    it('is 0 while the database is away, and counts from when it answers again', async () => {
      await database.attempt('read a run', away).catch(() => undefined);
      await clock.pass(50);
      expect(database.reachableForMs).toBe(0);
      await database.attempt('read a run', () => Promise.resolve());
      expect(database.reachableForMs).toBe(0);
      await clock.pass(50);
      await database.attempt('read a run', () => Promise.resolve());
      expect(database.reachableForMs).toBe(50);
    });

    it('counts how long an answer took, not when it came', async () => {
      await clock.pass(5_000);
      await database.attempt('read a run', () => Promise.resolve());
      expect(database.reachableForMs).toBeUndefined();
    });

    it.each([
      [999, undefined],
      [1_000, 0],
    ])('takes an answer after %p milliseconds for one of %p', async (ms, reachableForMs) => {
      const slow = follow(database.attempt('read a run', () => after(ms, 'slow')));
      await clock.pass(ms);
      expect(slow.value).toBe('slow');
      expect(database.reachableForMs).toBe(reachableForMs);
    });
  });

  describe('.patiently()', () => {
    it('tries again until it succeeds, after longer and longer pauses', async () => {
      const times: number[] = [];
      const call = (): Promise<string> => {
        times.push(clock.now());
        return times.length < 6 ? away() : Promise.resolve('there');
      };
      const outcome = follow(database.patiently('read a run', call));
      await clock.pass(3_000);
      expect(outcome.value).toBe('there');
      const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      for (const [index, pause] of pauses.entries()) {
        expect(pause).toBeGreaterThanOrEqual(10 * 2 ** index);
        expect(pause).toBeLessThan(20 * 2 ** index);
      }
      expect(new Set(pauses.map((pause, index) => pause / 2 ** index)).size).toBe(pauses.length);
    });

    it('gives up rather than begin an attempt when its patience is over', async () => {
      const call = jest.fn(away);
      const outcome = follow(database.patiently('read a run', call));
      await clock.pass(10_000);
      expect(outcome.error).toMatchObject({ code: 'storage_error', retryable: true });
      expect(outcome.at).toBeGreaterThan(1_000);
      expect(outcome.at).toBeLessThan(3_000);
      expect(call.mock.calls.length).toBeGreaterThan(6);
    });

    it('begins no attempt at the very end of its patience', async () => {
      database = open({ ...OPTIONS, retryForMs: 30 });
      jest.spyOn(clock, 'random').mockReturnValue(0);
      const call = jest.fn(away);
      const outcome = follow(database.patiently('read a run', call));
      await clock.pass(1_000);
      // After 10 milliseconds once, and 20 more would be 30.
      expect([call.mock.calls.length, outcome.at]).toEqual([2, 10]);
    });

    it('tries once where it has no patience', async () => {
      database = open({ ...OPTIONS, retryForMs: 0 });
      const call = jest.fn(away);
      await expect(database.patiently('read a run', call)).rejects.toMatchObject({ retryable: true });
      expect(call).toHaveBeenCalledTimes(1);
      const hanging = follow(database.patiently('read a run', never));
      await clock.pass(5_000);
      expect(hanging.at).toBe(2_000);
    });

    it('does not let an attempt outlast its patience', async () => {
      const call = jest.fn(never);
      const outcome = follow(database.patiently('read a run', call));
      await clock.pass(10_000);
      expect(outcome.at).toBe(3_000);
      expect(call).toHaveBeenCalledTimes(2);
    });

    it('does not try again what is refused for good', async () => {
      const refusal = new RunError('storage_error', 'The file is broken');
      const call = jest.fn(() => Promise.reject(refusal));
      await expect(database.patiently('read a run', call)).rejects.toBe(refusal);
      expect(call).toHaveBeenCalledTimes(1);
    });

    it('ends with its signal, before an attempt', async () => {
      const reason = new Error('enough');
      const call = jest.fn(away);
      const aborted = database.patiently('read a run', call, AbortSignal.abort(reason));
      await expect(aborted).rejects.toBe(reason);
      expect(call).not.toHaveBeenCalled();
      const controller = new AbortController();
      const outcome = follow(database.patiently('read a run', call, controller.signal));
      await clock.pass(0);
      controller.abort(reason);
      await clock.pass(100);
      expect(outcome.error).toBe(reason);
      expect(call).toHaveBeenCalledTimes(1);
    });
  });

  describe('.close()', () => {
    it('settles at once where nothing is on its way, and nothing is tried after it', async () => {
      const outcome = follow(database.close());
      await clock.pass(0);
      expect(outcome.at).toBe(0);
      expect(clock.waiting).toBe(0);
      const call = jest.fn(away);
      await expect(database.patiently('read a run', call)).rejects.toMatchObject({
        code: 'invalid_operation',
      });
      expect(call).not.toHaveBeenCalled();
    });

    it('waits for the last attempt that is on its way, and leaves no timer', async () => {
      const attempts = [20, 50].map((ms) => follow(database.attempt('read a run', () => after(ms, ms))));
      const closed = follow(database.close());
      await clock.pass(49);
      expect(closed.at).toBeNull();
      await clock.pass(1);
      expect(closed.at).toBe(50);
      expect(attempts.map(({ value }) => value)).toEqual([20, 50]);
      expect(clock.waiting).toBe(0);
    });

    it.each([
      [{ retryForMs: 300, callTimeoutMs: 2_000 }, 300],
      [{ retryForMs: 3_000, callTimeoutMs: 200 }, 200],
    ])('waits no longer than %p', async (options, ms) => {
      database = open(options);
      void database.attempt('read a run', never).catch(() => undefined);
      const closed = follow(database.close());
      await clock.pass(5_000);
      expect(closed.at).toBe(ms);
    });

    it('tells whoever waits for an answer that never comes that the store is closed', async () => {
      const outcome = follow(database.attempt('read a run', never));
      void database.close();
      await clock.pass(5_000);
      expect(outcome.error).toMatchObject({ code: 'invalid_operation' });
    });

    it('ends a call between two attempts', async () => {
      const call = jest.fn(away);
      const outcome = follow(database.patiently('read a run', call));
      await clock.pass(0);
      await database.close();
      await clock.pass(5_000);
      expect(outcome.error).toMatchObject({ code: 'invalid_operation' });
      expect(call).toHaveBeenCalledTimes(1);
    });
  });
});
