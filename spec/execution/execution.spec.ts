import { portOf } from '../../lib/attachment';
import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Run, RunError } from 'agent-run';
import type { ExecutionContext, RunStatus } from 'agent-run';
import {
  copyOf,
  ENDED,
  essentialsOf,
  EXECUTABLE,
  movesOf,
  never,
  pendingRun,
  rejectionOf,
  restoredRun,
  runErrorOf,
  untilAborted,
} from './subjects';

const TURN_USAGE = { input_tokens: 10, output_tokens: 5 };

/** What an agent reports before it ends one way or the other. */
function work(run: { incrementTurn(): unknown; updateTokenUsage(usage: object): unknown }): void {
  run.incrementTurn();
  run.updateTokenUsage(TURN_USAGE);
}

function unhandledRejections(): { readonly reasons: unknown[]; stop: () => void } {
  const reasons: unknown[] = [];
  const add = (reason: unknown): void => void reasons.push(reason);
  process.on('unhandledRejection', add);
  return { reasons, stop: () => process.off('unhandledRejection', add) };
}

/** Long enough for Node to have told of every unhandled rejection and every listener's error. */
async function nextMacrotask(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

describe.each(EXECUTABLE)('Run .execute() on $kind', ({ makeRun }) => {
  let run: Run;
  let moves: string[];
  let turnsBefore: number;
  let tokensBefore: number;

  beforeEach(() => {
    run = makeRun();
    moves = movesOf(run);
    turnsBefore = run.turnCount;
    tokensBefore = run.tokenUsage.input_tokens ?? 0;
  });

  afterEach(() => {
    expect(moves.filter((move) => !move.endsWith('running'))).toHaveLength(1);
    expect(run.turnCount).toBe(turnsBefore + 1);
    expect(run.tokenUsage.input_tokens).toBe(tokensBefore + 10);
    expect(essentialsOf(copyOf(run))).toEqual(essentialsOf(run));
  });

  it('hands the function the run, running, and a signal that has not aborted', async () => {
    let seen: ExecutionContext | undefined;
    await run.execute((context) => {
      seen = context;
      expect(context.run.status).toBe('running');
      expect(context.signal.aborted).toBe(false);
      work(run);
    });
    expect(seen?.run).toBe(run);
    expect(seen?.signal.aborted).toBe(false);
  });

  it.each([
    ['an object', { response: 'Hello!' }, { response: 'Hello!' }],
    ['nothing', undefined, null],
    ['null', null, null],
    ['a text', 'Hello!', { value: 'Hello!' }],
    ['an empty text', '', { value: '' }],
    ['a number', 42, { value: 42 }],
    ['false', false, { value: false }],
    ['an array', [1, { two: 2 }], { value: [1, { two: 2 }] }],
    ['a Date', new Date(0), { value: '1970-01-01T00:00:00.000Z' }],
  ])('completes with %s and resolves with it', async (_, result: unknown, output) => {
    const resolved = await run.execute(() => {
      work(run);
      return result;
    });
    expect(resolved).toBe(result);
    expect(run.status).toBe('completed');
    expect(run.output).toEqual(output);
    expect(run.error).toBeNull();
  });

  it('waits for the promise of an asynchronous function', async () => {
    const resolved = await run.execute(async () => {
      await nextMacrotask();
      expect(run.status).toBe('running');
      work(run);
      return { response: 'Hello!' };
    });
    expect(resolved).toEqual({ response: 'Hello!' });
    expect(run.status).toBe('completed');
  });

  it.each([
    ['a BigInt', 1n, 'output'],
    ['a Map', new Map([['a', 1]]), 'output'],
    ['NaN', NaN, 'output'],
    ['a function', () => undefined, 'output'],
    ['a symbol', Symbol('secret'), 'output'],
    ['a BigInt at depth', { rows: [{ total: 1n }] }, 'output.rows[0].total'],
    [
      'what throws when it is read',
      Object.defineProperty({}, 'a', { enumerable: true, get: failing }),
      'output.a',
    ],
  ])('fails for %s, which reaches the caller in the cause', async (_, result: unknown, path) => {
    const error = await runErrorOf(
      run.execute(() => {
        work(run);
        return result;
      }),
      'validation_error',
    );
    expect(error.cause).toBe(result);
    expect(error.details['issues']).toEqual([{ path, message: expect.any(String) as string }]);
    expect(run.status).toBe('failed');
    expect(run.error).toMatchObject({ code: 'validation_error', message: error.message });
    expect(run.output).toBeNull();
  });

  it.each([
    ['an Error', new TypeError('no such tool'), { name: 'TypeError', message: 'no such tool' }],
    ['a text', 'no such tool', { message: 'no such tool' }],
    ['nothing', undefined, { message: 'No reason was given' }],
    ['an object', { status: 429 }, { message: '{"status":429}' }],
    [
      'a RunError',
      new RunError('limit_exceeded', 'no more', { details: { limit: 'mine' } }),
      { name: 'RunError', code: 'limit_exceeded', message: 'no more', details: { limit: 'mine' } },
    ],
  ])(
    'fails with the exception when it is %s, and rejects with that same one',
    async (_, thrown: unknown, error) => {
      const rejection = await rejectionOf(
        run.execute(() => {
          work(run);

          throw thrown;
        }),
      );
      expect(rejection).toBe(thrown);
      expect(run.status).toBe('failed');
      expect(run.error).toEqual(error);
    },
  );

  it('fails with what an asynchronous function rejects with', async () => {
    const thrown = new Error('socket hang up');
    const rejection = await rejectionOf(
      run.execute(async () => {
        work(run);
        await nextMacrotask();
        throw thrown;
      }),
    );
    expect(rejection).toBe(thrown);
    expect(run.error).toEqual({ name: 'Error', message: 'socket hang up' });
  });

  it('leaves the signal of a function that throws alone: there is nothing to stop', async () => {
    let seen: AbortSignal | undefined;
    await rejectionOf(
      run.execute(({ signal }) => {
        work(run);
        seen = signal;
        throw new Error('no such tool');
      }),
    );
    expect(seen?.aborted).toBe(false);
  });

  it('fails for an exception that cannot even be looked at', async () => {
    const proxy = new Proxy({}, { getPrototypeOf: failing });
    const rejection = rejectionOf(
      run.execute(() => {
        work(run);
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw proxy;
      }),
    );
    expect((await rejection) === proxy).toBe(true);
    expect(run.status).toBe('failed');
    expect(run.error).toEqual({ message: expect.any(String) as string });
  });

  describe('ended inside by setOutput()', () => {
    it('completes and resolves with what the function returns', async () => {
      const resolved = await run.execute(async ({ signal }) => {
        work(run);
        run.setOutput({ response: 'Hello!' });
        await nextMacrotask();
        expect(signal.aborted).toBe(false);
        return 'something else';
      });
      expect(resolved).toBe('something else');
      expect(run.output).toEqual({ response: 'Hello!' });
    });

    it('completes and rejects with a later exception, which changes nothing', async () => {
      const thrown = new Error('too late');
      const rejection = await rejectionOf(
        run.execute(() => {
          work(run);
          run.setOutput({ response: 'Hello!' });
          throw thrown;
        }),
      );
      expect(rejection).toBe(thrown);
      expect(run.status).toBe('completed');
      expect(run.output).toEqual({ response: 'Hello!' });
      expect(run.error).toBeNull();
    });

    it('resolves with a result that JSON cannot carry: it is not kept', async () => {
      const resolved = await run.execute(() => {
        work(run);
        run.setOutput({ response: 'Hello!' });
        return 1n;
      });
      expect(resolved).toBe(1n);
      expect(run.output).toEqual({ response: 'Hello!' });
    });
  });

  it('completes by updateStatus() inside, and resolves', async () => {
    const resolved = await run.execute(() => {
      work(run);
      run.updateStatus('completed');
      return 'done';
    });
    expect(resolved).toBe('done');
    expect(run.status).toBe('completed');
    expect(run.output).toBeNull();
  });

  it.each([
    [
      'setError() with a code',
      (one: Run) => one.setError({ code: 'tool_failed', message: 'no' }),
      'failed',
      'tool_failed',
      'no',
    ],
    [
      'setError() with an Error',
      (one: Run) => one.setError(new Error('no')),
      'failed',
      'invalid_operation',
      'no',
    ],
    [
      'updateStatus(timeout)',
      (one: Run) => one.updateStatus('timeout'),
      'timeout',
      'invalid_operation',
      /was ended as "timeout"/,
    ],
    ['cancel()', (one: Run) => one.cancel('enough'), 'cancelled', 'cancelled', 'enough'],
  ])('ended inside by %s aborts the signal and rejects', async (_, end, status, code, message) => {
    let reason: unknown;
    const rejection = await rejectionOf(
      run.execute(({ signal }) => {
        work(run);
        end(run);
        expect(signal.aborted).toBe(true);
        reason = signal.reason;
        return { response: 'dropped' };
      }),
    );
    expect(rejection).toBeInstanceOf(RunError);
    expect(rejection).toBe(reason);
    expect(rejection).toMatchObject({ code });
    expect((rejection as RunError).message).toMatch(message);
    expect(run.status).toBe(status);
    expect(run.output).toBeNull();
  });

  it('hands on what ended the run inside as the cause', async () => {
    const cause = new Error('no');
    const rejection = await rejectionOf(
      run.execute(() => {
        work(run);
        run.setError(cause);
      }),
    );
    expect((rejection as RunError).cause).toBe(cause);
  });

  it.each([
    ['completed', { response: 'from elsewhere' }, null, 'invalid_operation'],
    ['failed', null, { code: 'orphaned', message: 'its process died' }, 'orphaned'],
    ['cancelled', null, { code: 'cancelled', message: 'by the user' }, 'cancelled'],
    ['timeout', null, null, 'invalid_operation'],
  ] as const)(
    'ended as %s by another process aborts the signal and rejects',
    async (status, output, error, code) => {
      const promise = run.execute(async ({ signal }) => {
        work(run);
        await untilAborted(signal);
      });
      portOf(run).endRemotely({ status, output, error, endedAtMs: 86_400_000 });
      const rejection = await rejectionOf(promise);
      expect(rejection).toBeInstanceOf(RunError);
      expect(rejection).toMatchObject({ code });
      expect(run.status).toBe(status);
      expect(run.output).toEqual(output);
      expect(run.error).toEqual(error);
      expect(run.toJSON().ended_at).toBe('1970-01-02T00:00:00.000Z');
    },
  );

  it("is cancelled by the caller's signal, whose reason is the cause", async () => {
    const controller = new AbortController();
    const reason = new Error('the client went away');
    let seen: unknown;
    const promise = run.execute(
      async ({ signal }) => {
        work(run);
        await untilAborted(signal).catch((error: unknown) => (seen = error));
      },
      { signal: controller.signal },
    );
    controller.abort(reason);
    expect(run.status).toBe('cancelled');
    const error = await runErrorOf(promise, 'cancelled');
    expect(error).toBe(seen);
    expect(error.cause).toBe(reason);
    expect(error.details).toEqual({});
    expect(run.error).toEqual({ code: 'cancelled', message: 'the client went away' });
  });

  it('is cancelled by cancel() from outside', async () => {
    const promise = run.execute(({ signal }) => {
      work(run);
      return untilAborted(signal);
    });
    run.cancel('by the user');
    const error = await runErrorOf(promise, 'cancelled');
    expect(error.message).toBe('by the user');
    expect(run.error).toEqual({ code: 'cancelled', message: 'by the user' });
  });

  it('keeps what a function reports while it answers its signal, and drops its last result', async () => {
    const promise = run.execute(async ({ signal }) => {
      run.incrementTurn();
      await untilAborted(signal).catch(() => undefined);
      await nextMacrotask();
      run.updateTokenUsage(TURN_USAGE);
      run.addCost(0.25);
      return { response: 'partial' };
    });
    run.cancel();
    const error = await runErrorOf(promise, 'cancelled');
    expect(error.details['abandoned']).toBeUndefined();
    expect(run.status).toBe('cancelled');
    expect(run.output).toBeNull();
    expect(run.costUsd).toBe(0.25);
  });

  it('fails when a limit is passed, and the call that reported it does not throw', async () => {
    const used = (tokensBefore * 3) / 2;
    let reason: unknown;
    const promise = run.execute(
      ({ signal }) => {
        work(run);
        reason = signal.reason;
        return { response: 'dropped' };
      },
      { limits: { maxTotalTokens: used + 14 } },
    );
    const error = await runErrorOf(promise, 'limit_exceeded');
    expect(error).toBe(reason);
    expect(error.cause).toBeUndefined();
    expect(error.details).toEqual({ limit: 'maxTotalTokens', allowed: used + 14, actual: used + 15 });
    expect(run.status).toBe('failed');
    expect(run.error).toEqual({ code: 'limit_exceeded', message: error.message, details: error.details });
    expect(run.output).toBeNull();
  });
});

describe('Run .execute() with a deadline', () => {
  let unhandled: ReturnType<typeof unhandledRejections>;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    unhandled = unhandledRejections();
  });

  afterEach(async () => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
    await nextMacrotask();
    unhandled.stop();
    expect(unhandled.reasons).toEqual([]);
  });

  it.each(EXECUTABLE)('ends $kind with timeout, and its signal with the reason', async ({ makeRun }) => {
    const run = makeRun();
    const promise = run.execute(({ signal }) => untilAborted(signal), { timeoutMs: 1_000 });
    const rejected = runErrorOf(promise, 'timeout');
    await jest.advanceTimersByTimeAsync(999);
    expect(run.status).toBe('running');
    await jest.advanceTimersByTimeAsync(1);
    expect(run.status).toBe('timeout');
    const error = await rejected;
    expect(error.message).toContain('1000 ms');
    expect(error.details).toEqual({ timeoutMs: 1_000 });
    expect(run.error).toEqual({ code: 'timeout', message: error.message });
  });

  it('is a total: turns, usage and nested waits do not re-arm it', async () => {
    const run = pendingRun();
    const ticking = setInterval(() => {
      if (run.isTerminal) clearInterval(ticking);
      else work(run);
    }, 300);
    const promise = run.execute(({ signal }) => untilAborted(signal), { timeoutMs: 1_000 });
    const rejected = runErrorOf(promise, 'timeout');
    await jest.advanceTimersByTimeAsync(1_000);
    await rejected;
    expect(run.turnCount).toBe(3);
    await jest.advanceTimersByTimeAsync(300);
  });

  it('holds beyond 2^31 ms, where a timer of Node would fire at once', async () => {
    const run = pendingRun();
    const timeoutMs = 3 * 2 ** 31 + 5;
    const rejected = runErrorOf(
      run.execute(({ signal }) => untilAborted(signal), { timeoutMs }),
      'timeout',
    );
    await jest.advanceTimersByTimeAsync(timeoutMs - 1);
    expect(run.status).toBe('running');
    await jest.advanceTimersByTimeAsync(1);
    expect(run.status).toBe('timeout');
    await rejected;
  });

  it('leaves no timer when the function is in time', async () => {
    const run = pendingRun();
    await run.execute(() => 'done', { timeoutMs: 2 ** 40 });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives a function that answers graceMs, and is not abandoned then', async () => {
    const run = pendingRun();
    const answer = async ({ signal }: ExecutionContext): Promise<object> => {
      await untilAborted(signal).catch(() => undefined);
      await passed(499);
      run.updateTokenUsage(TURN_USAGE);
      return { response: 'partial' };
    };
    const rejected = runErrorOf(run.execute(answer, { timeoutMs: 1_000, graceMs: 500 }), 'timeout').catch(
      (error: unknown) => error,
    );
    await jest.advanceTimersByTimeAsync(1_499);
    expect(await rejected).toMatchObject({ code: 'timeout', details: { timeoutMs: 1_000 } });
    expect(((await rejected) as RunError).details).not.toHaveProperty('abandoned');
    expect(run.status).toBe('timeout');
    expect(run.tokenUsage).toEqual(TURN_USAGE);
  });

  it.each([
    ['after the deadline', (run: Run) => run, 'timeout', 1_000],
    ['after cancel()', (run: Run) => run.cancel(), 'cancelled', 0],
    ['after a limit', (run: Run) => run.addCost(2), 'limit_exceeded', 0],
    ['after setError()', (run: Run) => run.setError({ code: 'mine', message: 'no' }), 'mine', 0],
  ])('abandons a function that ignores its signal, %s', async (_, end, code, waitMs) => {
    const run = pendingRun({ limits: { maxCostUsd: 1 } });
    const promise = run.execute(never, { timeoutMs: 1_000, graceMs: 500 });
    let settled: unknown;
    promise.catch((error: unknown) => (settled = error));
    end(run);
    await jest.advanceTimersByTimeAsync(waitMs + 499);
    expect(run.isTerminal).toBe(true);
    expect(settled).toBeUndefined();
    await jest.advanceTimersByTimeAsync(1);
    expect(settled).toBeInstanceOf(RunError);
    expect(settled).toMatchObject({ code, details: { abandoned: true } });
  });

  it('abandons after two seconds where nothing else is said', async () => {
    const run = pendingRun();
    let settled: unknown;
    run.execute(never).catch((error: unknown) => (settled = error));
    run.cancel();
    await jest.advanceTimersByTimeAsync(1_999);
    expect(settled).toBeUndefined();
    await jest.advanceTimersByTimeAsync(1);
    expect(settled).toMatchObject({ code: 'cancelled', details: { abandoned: true } });
  });

  it.each<[string, (run: Run) => unknown]>([
    ['returns', () => ({ response: 'too late' })],
    ['returns what JSON cannot carry', () => 1n],
    [
      'throws',
      () => {
        throw new Error('too late');
      },
    ],
    ['sets an output', (run) => run.setOutput({ response: 'too late' })],
    ['sets an error', (run) => run.setError({ message: 'too late' })],
    ['takes a turn', (run) => run.incrementTurn()],
    ['makes a child', (run) => run.createChild()],
    ['executes the run again', (run) => run.execute(() => 'too late')],
  ])(
    'keeps everything as it was when an abandoned function %s; usage and cost still count',
    async (_, late) => {
      const run = pendingRun();
      const moves = movesOf(run);
      const rejected = runErrorOf(
        run.execute(
          async () => {
            await passed(60_000);
            run.updateTokenUsage(TURN_USAGE).addCost(0.125);
            return late(run);
          },
          { timeoutMs: 1_000, graceMs: 500 },
        ),
        'timeout',
      );
      await jest.advanceTimersByTimeAsync(1_500);
      expect((await rejected).details).toEqual({ timeoutMs: 1_000, abandoned: true });
      const before = run.toJSON();
      await jest.advanceTimersByTimeAsync(60_000);
      expect(run.toJSON()).toEqual({ ...before, token_usage: TURN_USAGE, cost_usd: 0.125 });
      expect(moves).toEqual(['pending -> running', 'running -> timeout']);
    },
  );

  describe('that passes after the function has set the output', () => {
    it('aborts the signal, and resolves where the function then returns', async () => {
      const run = pendingRun();
      const promise = run.execute(
        async ({ signal }) => {
          run.setOutput({ response: 'Hello!' });
          await untilAborted(signal).catch(() => undefined);
          return signal.reason as RunError;
        },
        { timeoutMs: 1_000 },
      );
      await jest.advanceTimersByTimeAsync(1_000);
      expect(await promise).toMatchObject({ code: 'timeout' });
      expect(run.status).toBe('completed');
    });

    it('rejects with what the function then throws', async () => {
      const run = pendingRun();
      const promise = run.execute(
        async ({ signal }) => {
          run.setOutput({ response: 'Hello!' });
          await untilAborted(signal);
        },
        { timeoutMs: 1_000 },
      );
      const rejected = runErrorOf(promise, 'timeout');
      await jest.advanceTimersByTimeAsync(1_000);
      await rejected;
      expect(run.status).toBe('completed');
    });

    it('abandons a function that hangs, the run staying completed', async () => {
      const run = pendingRun();
      const rejected = runErrorOf(
        run.execute(
          () => {
            run.setOutput({ response: 'Hello!' });
            return never();
          },
          { timeoutMs: 1_000, graceMs: 500 },
        ),
        'timeout',
      );
      await jest.advanceTimersByTimeAsync(1_500);
      expect((await rejected).details).toEqual({ timeoutMs: 1_000, abandoned: true });
      expect(run.status).toBe('completed');
      expect(run.output).toEqual({ response: 'Hello!' });
    });

    it("stays the reason where the caller's signal aborts after it", async () => {
      const run = pendingRun();
      const controller = new AbortController();
      const hang = (): Promise<never> => {
        run.setOutput({ response: 'Hello!' });
        return never();
      };
      const options = { timeoutMs: 1_000, graceMs: 500, signal: controller.signal };
      const rejected = runErrorOf(run.execute(hang, options), 'timeout');
      await jest.advanceTimersByTimeAsync(1_250);
      controller.abort();
      await jest.advanceTimersByTimeAsync(250);
      expect((await rejected).details).toEqual({ timeoutMs: 1_000, abandoned: true });
    });

    it("aborts for the caller's signal too", async () => {
      const run = pendingRun();
      const controller = new AbortController();
      const promise = run.execute(
        ({ signal }) => {
          run.setOutput({ response: 'Hello!' });
          return untilAborted(signal);
        },
        { signal: controller.signal },
      );
      controller.abort(new Error('the client went away'));
      await runErrorOf(promise, 'cancelled');
      expect(run.status).toBe('completed');
    });
  });
});

describe('Run .execute() refuses', () => {
  const called = jest.fn();

  beforeEach(() => called.mockClear());
  afterEach(() => expect(called).not.toHaveBeenCalled());

  it.each(ENDED)('a run that is $status, with invalid_transition', async ({ status, makeRun }) => {
    const run = makeRun();
    const before = run.toJSON();
    const error = await runErrorOf(run.execute(called, { limits: { maxTurns: 1 } }), 'invalid_transition');
    expect(error.details).toEqual({ from: status, to: 'running', allowed: [] });
    expect(run.toJSON()).toEqual(before);
  });

  it('a run read from the record of an ended one', async () => {
    const run = copyOf(pendingRun().cancel());
    await runErrorOf(run.execute(called), 'invalid_transition');
  });

  it('a run that is being executed, with invalid_operation, and lets the execution go on', async () => {
    const run = pendingRun();
    const resolved = await run.execute(async () => {
      await runErrorOf(run.execute(called, { limits: { maxTurns: 1 } }), 'invalid_operation');
      expect(run.limits).toBeNull();
      return 'done';
    });
    expect(resolved).toBe('done');
  });

  it('a run that a listener executes first, from a change that executing makes', async () => {
    const run = pendingRun();
    let inner: Promise<unknown> | undefined;
    run.once('attributesChanged', () => {
      inner = rejectionOf(run.execute(called));
    });
    expect(await run.execute(() => 'done', { limits: { maxTurns: 1 } })).toBe('done');
    expect(await inner).toMatchObject({ code: 'invalid_operation' });
  });

  it('what is no function, with validation_error', async () => {
    const run = pendingRun();
    const error = await runErrorOf(run.execute({} as () => unknown), 'validation_error');
    expect(error.details['issues']).toEqual([{ path: 'fn', message: 'must be a function' }]);
    expect(run.status).toBe('pending');
  });

  it('bad options, with validation_error and the run as it was', async () => {
    const run = pendingRun();
    const options = { timeoutMs: 0, graceMs: -1, limits: { maxTurns: 1.5 } };
    const error = await runErrorOf(run.execute(called, options), 'validation_error');
    expect(error.details['issues']).toHaveLength(3);
    expect(run.status).toBe('pending');
    expect(run.limits).toBeNull();
    expect(await run.execute(() => 'done')).toBe('done');
  });

  it.each(EXECUTABLE)(
    "to call anything for $kind when the caller's signal has aborted already",
    async ({ makeRun }) => {
      const run = makeRun();
      const moves = movesOf(run);
      const reason = new Error('the client went away');
      const error = await runErrorOf(run.execute(called, { signal: AbortSignal.abort(reason) }), 'cancelled');
      expect(error.cause).toBe(reason);
      expect(moves).toEqual([`${makeRun().status} -> cancelled`]);
      expect(run.error).toEqual({ code: 'cancelled', message: 'the client went away' });
    },
  );

  it('to call anything for a restored run that is past a limit', async () => {
    const run = restoredRun();
    await runErrorOf(run.execute(called, { limits: { maxTotalTokens: 100 } }), 'limit_exceeded');
    expect(run.status).toBe('failed');
  });
});

describe('Run .execute() with listeners that change the run', () => {
  const called = jest.fn();

  beforeEach(() => called.mockClear());

  it('calls nothing when one cancels at `running`, and rejects with cancelled', async () => {
    const run = pendingRun();
    const moves = movesOf(run);
    run.on('statusChanged', ({ to }) => {
      if (to === 'running') run.cancel('not today');
    });
    const error = await runErrorOf(run.execute(called), 'cancelled');
    expect(error.message).toBe('not today');
    expect(called).not.toHaveBeenCalled();
    expect(moves).toEqual(['pending -> running', 'running -> cancelled']);
  });

  it('calls nothing when one completes the run at `running`, and rejects with invalid_operation', async () => {
    const run = pendingRun();
    run.on('statusChanged', ({ to }) => {
      if (to === 'running') run.setOutput({ response: 'from the cache' });
    });
    const error = await runErrorOf(run.execute(called), 'invalid_operation');
    expect(error.message).toContain('was ended as "completed"');
    expect(called).not.toHaveBeenCalled();
    expect(run.output).toEqual({ response: 'from the cache' });
  });

  it('calls nothing when one cancels as the limits are taken over', async () => {
    const run = pendingRun();
    run.on('attributesChanged', () => run.cancel('not today'));
    await runErrorOf(run.execute(called, { limits: { maxTurns: 1 } }), 'cancelled');
    expect(called).not.toHaveBeenCalled();
    await runErrorOf(run.execute(called), 'invalid_transition');
  });

  it('stays cancelled when one aborts the signal as the limits are taken over', async () => {
    const run = pendingRun();
    const controller = new AbortController();
    run.on('attributesChanged', () => {
      run.cancel('not today');
      controller.abort();
    });
    const options = { limits: { maxTurns: 1 }, signal: controller.signal };
    const error = await runErrorOf(run.execute(called, options), 'cancelled');
    expect(error.message).toBe('not today');
  });

  it('ends once when one cancels at the end', async () => {
    const run = pendingRun();
    const moves = movesOf(run);
    const errors: unknown[] = [];
    run.on('listenerError', ({ error }) => errors.push(error));
    run.on('statusChanged', ({ to }) => {
      if (to === 'completed') run.cancel();
    });
    expect(await run.execute(() => ({ response: 'Hello!' }))).toEqual({ response: 'Hello!' });
    expect(moves).toEqual(['pending -> running', 'running -> completed']);
    expect(errors).toEqual([expect.objectContaining({ code: 'invalid_transition' })]);
  });

  it("resolves when one aborts the caller's signal at the end", async () => {
    const run = pendingRun();
    const controller = new AbortController();
    run.on('statusChanged', ({ to }) => {
      if (to === 'completed') controller.abort();
    });
    const resolved = await run.execute(() => 'done', { signal: controller.signal });
    expect(resolved).toBe('done');
    expect(run.status).toBe('completed');
  });

  describe("and abort the caller's signal", () => {
    let run: Run;
    let controller: AbortController;
    let uncaught: jest.Mock;

    beforeEach(() => {
      run = pendingRun();
      controller = new AbortController();
      uncaught = jest.fn();
      process.on('uncaughtException', uncaught);
    });

    afterEach(async () => {
      await nextMacrotask();
      process.off('uncaughtException', uncaught);
      expect(uncaught).not.toHaveBeenCalled();
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    });

    function abortAt(status: RunStatus): void {
      run.on('statusChanged', ({ to }) => {
        if (to === status) controller.abort(new Error('shut down'));
      });
    }

    it('at `running`: nothing is called, and the run is cancelled', async () => {
      abortAt('running');
      const error = await runErrorOf(run.execute(called, { signal: controller.signal }), 'cancelled');
      expect(error.message).toBe('shut down');
      expect(called).not.toHaveBeenCalled();
    });

    it('as the limits are taken over: nothing is called', async () => {
      run.on('attributesChanged', () => controller.abort());
      const options = { signal: controller.signal, limits: { maxTurns: 1 } };
      await runErrorOf(run.execute(called, options), 'cancelled');
      expect(called).not.toHaveBeenCalled();
    });

    it('at an end from outside: the first end holds', async () => {
      abortAt('cancelled');
      const promise = run.execute(({ signal }) => untilAborted(signal), { signal: controller.signal });
      run.cancel('by the user');
      expect((await runErrorOf(promise, 'cancelled')).message).toBe('by the user');
      expect(run.error).toEqual({ code: 'cancelled', message: 'by the user' });
    });

    it('at setOutput() inside: the run stays completed, and the function is told to stop', async () => {
      abortAt('completed');
      const promise = run.execute(
        ({ signal }) => {
          run.setOutput({ response: 'Hello!' });
          return untilAborted(signal);
        },
        { signal: controller.signal },
      );
      expect((await runErrorOf(promise, 'cancelled')).message).toBe('shut down');
      expect(run.status).toBe('completed');
    });
  });

  it('ends as cancelled when one cancels at a turn', async () => {
    const run = pendingRun();
    run.on('turnIncremented', ({ turnCount }) => {
      if (turnCount === 2) run.cancel('two are enough');
    });
    const promise = run.execute(({ signal }) => {
      run.incrementTurn();
      run.incrementTurn();
      expect(signal.aborted).toBe(true);
    });
    await runErrorOf(promise, 'cancelled');
    expect(run.turnCount).toBe(2);
  });

  it('goes on when one throws or rejects', async () => {
    const run = pendingRun();
    const errors: unknown[] = [];
    run.on('listenerError', ({ error }) => errors.push(error));
    run.on('statusChanged', () => {
      throw new Error('threw');
    });
    const rejecting = (): unknown => Promise.reject(new Error('rejected'));
    run.on('statusChanged', rejecting);
    expect(await run.execute(() => 'done')).toBe('done');
    await nextMacrotask();
    expect(errors.map(String).sort()).toEqual([
      'Error: rejected',
      'Error: rejected',
      'Error: threw',
      'Error: threw',
    ]);
  });
});

describe('Run .execute() with a result or an exception that ends the run as it is read', () => {
  it('rejects as the run ended', async () => {
    const run = pendingRun();
    const toJSON = (): object => run.cancel('as it is read').toJSON();
    const error = await runErrorOf(
      run.execute(() => ({ toJSON })),
      'cancelled',
    );
    expect(error.message).toBe('as it is read');
    expect(run.output).toBeNull();
  });

  it('resolves where that completed it', async () => {
    const run = pendingRun();
    const result = { toJSON: () => run.setOutput({ response: 'Hello!' }).status };
    expect(await run.execute(() => result)).toBe(result);
    expect(run.output).toEqual({ response: 'Hello!' });
  });

  it('rejects with the exception, the run as it was ended', async () => {
    const run = pendingRun();
    const thrown = Object.defineProperty(new Error('broken'), 'code', { get: () => run.cancel().status });
    const rejection = await rejectionOf(run.execute(() => Promise.reject(thrown)));
    expect(rejection).toBe(thrown);
    expect(run.status).toBe('cancelled');
  });
});

describe('Run .execute() of a subclass', () => {
  it('hands the function that run', async () => {
    class NamedRun extends Run {
      readonly agent = 'clerk';
    }
    const run = new NamedRun({ sessionId: 'session-123' });
    expect(await run.execute(({ run: executed }) => executed === run)).toBe(true);
  });
});

/** Settles after a time of the clock that the test sets. */
function passed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

function failing(): never {
  throw new Error('cannot be read');
}
