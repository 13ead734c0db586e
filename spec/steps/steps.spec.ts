import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NotedEvent, StepEndedEvent, StepStartedEvent } from 'agent-run';
import { Run, RunError } from 'agent-run';
import fc from 'fast-check';
import { portOf } from '../../lib/attachment';

function newRun(): Run {
  return new Run({ sessionId: 'session-123', id: 'run_1' });
}

type Told =
  | { readonly started: StepStartedEvent['step'] }
  | { readonly ended: Omit<StepEndedEvent['step'], 'durationMs'> }
  | { readonly noted: Pick<NotedEvent, 'name' | 'data'> }
  | { readonly status: string };

/** What a run says of its steps and its status, in order. */
function toldBy(run: Run): Told[] {
  const told: Told[] = [];
  run.on('stepStarted', ({ step }) => told.push({ started: step }));
  run.on('stepEnded', ({ step }) => {
    const { durationMs, ...rest } = step;
    expect(durationMs).toBeGreaterThanOrEqual(0);
    told.push({ ended: rest });
  });
  run.on('noted', ({ name, data }) => told.push({ noted: { name, data } }));
  run.on('statusChanged', ({ to }) => told.push({ status: to }));
  return told;
}

const codeOf = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error instanceof RunError ? error.code : error;
  }
  return undefined;
};

describe('Run', () => {
  describe('.step()', () => {
    it('runs the function, gives its result and tells of the start and the end', async () => {
      const run = newRun();
      const told = toldBy(run);
      const result = await run.step('add', () => 1 + 1, { input: { left: 1, right: 1 } });
      expect(result).toBe(2);
      expect(told).toEqual([
        { started: { index: 1, parent: null, name: 'add', kind: 'tool', input: { left: 1, right: 1 } } },
        { ended: { index: 1, name: 'add', kind: 'tool', status: 'completed' } },
      ]);
    });

    it('tells the times in milliseconds since the epoch, and how long it took', async () => {
      const run = newRun();
      const starts: StepStartedEvent[] = [];
      const ends: StepEndedEvent[] = [];
      run.on('stepStarted', (event) => starts.push(event));
      run.on('stepEnded', (event) => ends.push(event));
      const beforeMs = Date.now();
      await run.step('wait', () => sleep(15));
      const [start, end] = [starts[0]!, ends[0]!];
      expect(start.run).toBe(run);
      expect(start.at).toBeGreaterThanOrEqual(beforeMs);
      expect(end.step.durationMs).toBe(end.at - start.at);
      expect(end.step.durationMs).toBeGreaterThanOrEqual(10);
    });

    it('calls the function at once', () => {
      const fn = jest.fn(() => 'x');
      void newRun().step('now', fn);
      expect(fn).toHaveBeenCalledTimes(1);
    });

    it('fails with the exception of its function, which goes on', async () => {
      const run = newRun();
      const told = toldBy(run);
      const error = Object.assign(new TypeError('no page'), { code: 'not_found', details: { page: 7 } });
      await expect(
        run.step('fetch_page', () => {
          throw error;
        }),
      ).rejects.toBe(error);
      expect(told[1]).toEqual({
        ended: {
          index: 1,
          name: 'fetch_page',
          kind: 'tool',
          status: 'failed',
          error: { name: 'TypeError', message: 'no page', code: 'not_found', details: { page: 7 } },
        },
      });
    });

    it('keeps the result only on request, whole or what is picked from it', async () => {
      const run = newRun();
      const told = toldBy(run);
      await run.step('a', () => ({ secret: 1 }));
      await run.step('b', () => ({ rows: 2 }), { output: true });
      await run.step('c', () => 'text', { output: true });
      await run.step('d', () => ({ rows: [1, 2], secret: 1 }), { output: ({ rows }) => rows.length });
      const outputs = told.flatMap((each) => ('ended' in each ? [each.ended.output] : []));
      expect(outputs).toEqual([undefined, { rows: 2 }, { value: 'text' }, { value: 2 }]);
    });

    it.each([undefined, null])(
      'keeps no output where the result is %p, and leaves none out',
      async (result) => {
        const run = newRun();
        const told = toldBy(run);
        await run.step('a', () => result, { output: true });
        run.startStep('b').end(result);
        const common = { kind: 'tool', status: 'completed' };
        expect([told[1], told[3]]).toStrictEqual([
          { ended: { index: 1, name: 'a', ...common } },
          { ended: { index: 2, name: 'b', ...common } },
        ]);
      },
    );

    it('keeps a result of 65,536 bytes of JSON', async () => {
      const run = newRun();
      const told = toldBy(run);
      for (const text of ['x'.repeat(65_524), `x${'€'.repeat(21_841)}`]) {
        await run.step('large', () => text, { output: true });
        expect(told.at(-1)).toMatchObject({ ended: { output: { value: text } } });
        await run.step('larger', () => `x${text}`, { output: true });
        expect(told.at(-1)).toMatchObject({ ended: { omitted: true } });
      }
    });

    it.each<[string, () => unknown, true | (() => unknown)]>([
      ['is no JSON', () => new Map(), true],
      ['is larger than 65,536 bytes', () => 'x'.repeat(65_537), true],
      ['is larger in UTF-8', () => '€'.repeat(30_000), true],
      [
        'cannot be picked from',
        () => ({}),
        () => {
          throw new Error('no');
        },
      ],
    ])('leaves out a result that %s, and has not failed', async (_what, fn, output) => {
      const run = newRun();
      const told = toldBy(run);
      await run.step('large', fn, { output });
      expect(told[1]).toEqual({
        ended: { index: 1, name: 'large', kind: 'tool', status: 'completed', omitted: true },
      });
    });

    it('cuts the record of an exception that is large', async () => {
      const run = newRun();
      const told = toldBy(run);
      const error = Object.assign(new Error('x'.repeat(100_000)), { code: 'big', details: { a: 1 } });
      await expect(run.step('a', () => Promise.reject(error))).rejects.toBe(error);
      expect(told[1]).toMatchObject({
        ended: { error: { name: 'Error', message: 'x'.repeat(2_000), code: 'big' } },
      });
    });

    it.each([
      [
        'an Error without a code',
        new Error('x'.repeat(100_000)),
        { name: 'Error', message: 'x'.repeat(2_000) },
      ],
      [
        'an Error whose details are large',
        Object.assign(new Error('no'), { code: 7, details: { text: 'x'.repeat(100_000) } }),
        { name: 'Error', message: 'no', code: 7 },
      ],
      ['a text', 'x'.repeat(100_000), { message: 'x'.repeat(2_000) }],
    ])('cuts %s to what says the most', (_what, thrown, error) => {
      const run = newRun();
      const told = toldBy(run);
      run.startStep('a').fail(thrown);
      expect(told[1]).toStrictEqual({
        ended: { index: 1, name: 'a', kind: 'tool', status: 'failed', error },
      });
    });

    it('has the step around it as its parent, also side by side and across awaits', async () => {
      const run = newRun();
      const told = toldBy(run);
      await run.step('plan', async () => {
        await sleep(1);
        await Promise.all([
          run.step('left', async () => {
            await sleep(2);
            await run.step('leaf', () => undefined);
          }),
          run.step('right', () => sleep(1)),
        ]);
      });
      await run.step('after', () => undefined);
      const parents = told.flatMap((each) =>
        'started' in each ? [[each.started.name, each.started.index, each.started.parent]] : [],
      );
      expect(parents).toEqual([
        ['plan', 1, null],
        ['left', 2, 1],
        ['right', 3, 1],
        ['leaf', 4, 2],
        ['after', 5, null],
      ]);
    });

    it('has no parent in a step of another run, and finds its own around that one', async () => {
      const run = newRun();
      const child = run.createChild();
      const told = [toldBy(run), toldBy(child)];
      await run.step('ask', () => child.step('look', () => run.step('note', () => undefined)));
      const parents = told.map((each) =>
        each.flatMap((one) => ('started' in one ? [[one.started.name, one.started.parent]] : [])),
      );
      expect(parents).toEqual([
        [
          ['ask', null],
          ['note', 1],
        ],
        [['look', null]],
      ]);
    });

    it('is not the parent of what begins after its end in what it left behind', async () => {
      const run = newRun();
      const told = toldBy(run);
      let left: Promise<unknown> = Promise.resolve();
      await run.step('outer', async () => {
        await run.step('inner', () => {
          left = sleep(5).then(() => run.step('late', () => undefined));
        });
        await left;
      });
      expect(told).toContainEqual({
        started: { index: 3, parent: 1, name: 'late', kind: 'tool', input: null },
      });
    });

    it('has no parent in what is left behind by steps that have all ended', async () => {
      const run = newRun();
      const told = toldBy(run);
      let left: Promise<unknown> = Promise.resolve();
      await run.step('outer', () =>
        run.step('inner', () => {
          left = sleep(5).then(() => run.step('late', () => undefined));
        }),
      );
      await left;
      expect(told).toContainEqual({
        started: { index: 3, parent: null, name: 'late', kind: 'tool', input: null },
      });
    });

    it('is called within what follows the run, by its index', async () => {
      const run = newRun();
      const storage = new AsyncLocalStorage<number>();
      portOf(run).attach({ surroundStep: (index, fn) => storage.run(index, fn) });
      await run.step('first', () => undefined);
      expect(await run.step('second', () => storage.getStore())).toBe(2);
    });

    it('hands the function the run, the signal of the execution and the step', async () => {
      const run = newRun();
      await run.execute(async ({ signal }) => {
        await run.step('look', (context) => {
          expect(context.run).toBe(run);
          expect(context.signal).toBe(signal);
          expect(context.step.index).toBe(1);
        });
      });
    });

    it('counts the first end: one that its function gives stands', async () => {
      const run = newRun();
      const told = toldBy(run);
      const [read, pick] = [jest.fn(), jest.fn()];
      const broken = Object.defineProperty(new Error('no'), 'code', { get: read });
      await run.step(
        'a',
        ({ step }) => {
          step.end({ early: true });
          step.end({ second: true });
          step.fail(broken);
          return 'late';
        },
        { output: pick },
      );
      expect(read).not.toHaveBeenCalled();
      expect(pick).not.toHaveBeenCalled();
      expect(told.slice(1)).toEqual([
        { ended: { index: 1, name: 'a', kind: 'tool', status: 'completed', output: { early: true } } },
      ]);
    });

    it.each([
      ['completes', (run: Run) => run.setOutput({})],
      ['fails', (run: Run) => run.setError({})],
      ['is cancelled', (run: Run) => run.cancel()],
      ['passes a limit', (run: Run) => run.updateTokenUsage({ input_tokens: 5 })],
    ])('ends as cancelled before the end of a run that %s, its inner steps first', async (_how, end) => {
      const run = new Run({ sessionId: 'session-123', limits: { maxTotalTokens: 1 } });
      const told = toldBy(run);
      const settled = run.step('outer', () => run.step('inner', () => sleep(5).then(() => 'late')));
      run.startStep('by hand');
      end(run);
      await expect(settled).resolves.toBe('late');
      const endings = told.flatMap((each) => {
        if ('ended' in each) return [`${each.ended.name} ${each.ended.status}`];
        return 'status' in each ? [each.status] : [];
      });
      expect(endings).toEqual(['by hand cancelled', 'inner cancelled', 'outer cancelled', run.status]);
      expect(run.isTerminal).toBe(true);
    });

    it('is cancelled, not failed, where its run is stopped', async () => {
      const run = newRun();
      const told = toldBy(run);
      const settled = run.execute(() =>
        run.step('wait', async ({ signal }) => {
          await sleep(10_000, undefined, { signal });
        }),
      );
      run.cancel('Enough');
      await expect(settled).rejects.toMatchObject({ code: 'cancelled' });
      expect(told.map((each) => ('ended' in each ? each.ended.status : ''))).toEqual([
        '',
        '',
        'cancelled',
        '',
      ]);
    });

    it('has a signal that aborts at the end where nothing executes the run', async () => {
      const run = newRun().updateStatus('running');
      let signal: AbortSignal | undefined;
      const settled = run.step('wait', async (context) => {
        signal = context.signal;
        await once(signal, 'abort');
      });
      expect(signal?.aborted).toBe(false);
      run.cancel('Enough');
      await settled;
      expect(signal?.reason).toMatchObject({ code: 'cancelled', message: 'Enough' });
    });

    it('has one such signal with the steps beside it', () => {
      const run = newRun().updateStatus('running');
      const signals: AbortSignal[] = [];
      for (const name of ['a', 'b']) {
        void run.step(name, ({ signal }) => {
          signals.push(signal);
          return once(signal, 'abort');
        });
      }
      run.setError({ code: 7, message: { text: 'no text' } });
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
      expect(signals[0]?.reason).toMatchObject({ code: 'invalid_operation', message: 'The run has ended' });
    });

    it('begins no more after the end', async () => {
      const run = newRun().setOutput({});
      const fn = jest.fn();
      await expect(run.step('late', fn)).rejects.toMatchObject({ code: 'invalid_operation' });
      expect(codeOf(() => run.startStep('late'))).toBe('invalid_operation');
      expect(fn).not.toHaveBeenCalled();
    });

    it('refuses what it does not know', async () => {
      const run = newRun();
      const name = 'must be a text of 1 to 1000 bytes';
      const refused: [unknown, unknown, unknown, path: string, message: string][] = [
        ['', () => 1, undefined, 'name', name],
        [7, () => 1, undefined, 'name', name],
        ['x'.repeat(1_001), () => 1, undefined, 'name', name],
        ['é'.repeat(501), () => 1, undefined, 'name', name],
        ['a', 7, undefined, 'fn', 'must be a function'],
        ['a', () => 1, { kind: '' }, 'kind', name],
        ['a', () => 1, { output: 'yes' }, 'output', 'must be true, false or a function'],
        ['a', () => 1, { outputs: true }, 'outputs', expect.any(String) as string],
        ['a', () => 1, { input: { at: new Map() } }, 'input.at', expect.any(String) as string],
        ['a', () => 1, { input: 'x'.repeat(65_525) }, 'input', 'must be at most 65536 bytes of JSON'],
        ['a', () => 1, null, '', 'must be an object'],
      ];
      for (const [called, fn, options, path, message] of refused) {
        const call = run.step as unknown as (...all: unknown[]) => Promise<unknown>;
        await expect(call.call(run, called, fn, options)).rejects.toMatchObject({
          code: 'validation_error',
          details: { issues: [{ path, message }] },
        });
      }
      const told = toldBy(run);
      await run.step('a', () => 1);
      expect(told[0]).toMatchObject({ started: { index: 1 } });
    });

    it.each(['x'.repeat(400), 'x'.repeat(1_000), 'é'.repeat(500)])(
      'takes a name of up to 1,000 bytes',
      (name) => {
        const run = newRun();
        const told = toldBy(run);
        run.startStep(name, { kind: name });
        expect(told[0]).toMatchObject({ started: { name, kind: name } });
      },
    );

    it('tells nothing of one refused for its input but the path', async () => {
      const error: unknown = await newRun()
        .step('a', () => 1, { input: { secret: new Set(['x']) } })
        .catch((thrown: unknown) => thrown);
      expect((error as RunError).details['issues']).toEqual([
        { path: 'input.secret', message: expect.any(String) as string },
      ]);
    });
  });

  describe('.startStep()', () => {
    it('is ended by hand', () => {
      const run = newRun();
      const told = toldBy(run);
      const step = run.startStep('gpt-5', { kind: 'model', input: 'Hi' });
      step.end('Hello!');
      step.end('again');
      run.startStep('none').end();
      expect(told).toEqual([
        { started: { index: 1, parent: null, name: 'gpt-5', kind: 'model', input: { value: 'Hi' } } },
        {
          ended: { index: 1, name: 'gpt-5', kind: 'model', status: 'completed', output: { value: 'Hello!' } },
        },
        { started: { index: 2, parent: null, name: 'none', kind: 'tool', input: null } },
        { ended: { index: 2, name: 'none', kind: 'tool', status: 'completed' } },
      ]);
    });

    it('fails with what is thrown', () => {
      const run = newRun();
      const told = toldBy(run);
      run.startStep('a').fail('no');
      expect(told[1]).toMatchObject({ ended: { status: 'failed', error: { message: 'no' } } });
    });

    it('stays open where its output is refused', () => {
      const run = newRun();
      const told = toldBy(run);
      const step = run.startStep('a');
      expect(codeOf(() => step.end(new Map()))).toBe('validation_error');
      expect(codeOf(() => step.end('x'.repeat(65_536)))).toBe('validation_error');
      expect(told).toHaveLength(1);
      step.end();
      expect(told[1]).toMatchObject({ ended: { status: 'completed' } });
    });

    it('is a child of the step around it, and is around nothing itself', async () => {
      const run = newRun();
      const told = toldBy(run);
      await run.step('outer', () => {
        run.startStep('inner');
        run.startStep('beside');
      });
      expect(told.flatMap((each) => ('started' in each ? [each.started.parent] : []))).toEqual([null, 1, 1]);
    });

    it('ends once where its output ends it as it is read', () => {
      const run = newRun();
      const told = toldBy(run);
      const step = run.startStep('a');
      step.end({
        toJSON: () => {
          step.end({ first: true });
          return { second: true };
        },
      });
      expect(told.slice(1)).toMatchObject([{ ended: { output: { first: true } } }]);
    });

    it('ends with its run, the last begun first, whichever others have ended before', () => {
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 8 }), fc.nat(8), (picks, count) => {
          const run = newRun();
          const steps = Array.from({ length: count }, (_, index) => run.startStep(`step ${index + 1}`));
          const ended: string[] = [];
          run.on('stepEnded', ({ step }) => ended.push(`${step.index} ${step.status}`));
          const open = new Set(steps);
          for (const pick of picks) {
            const step = [...open][pick % Math.max(1, open.size)];
            if (step === undefined) break;
            step.end();
            open.delete(step);
          }
          ended.length = 0;
          run.cancel();
          expect(ended).toEqual([...open].reverse().map(({ index }) => `${index} cancelled`));
        }),
      );
    });

    it('reads the clock once a tick, however many begin and end that nobody hears', async () => {
      await Promise.resolve();
      const now = jest.spyOn(Date, 'now');
      const run = newRun();
      now.mockClear();
      for (let count = 0; count < 10; count++) run.startStep('a').end();
      expect(now).toHaveBeenCalledTimes(1);
      now.mockRestore();
    });

    it('does nothing after the end of its run', () => {
      const run = newRun();
      const step = run.startStep('a');
      const told = toldBy(run);
      run.cancel();
      step.end({ large: 'x'.repeat(100_000) });
      step.fail(new Error('late'));
      expect(told).toHaveLength(2);
    });

    it('knows nothing of options but its own', () => {
      const start = newRun().startStep.bind(newRun()) as unknown as (...all: unknown[]) => unknown;
      expect(codeOf(() => start('a', { output: true }))).toBe('validation_error');
    });
  });

  describe('.note()', () => {
    it('tells of it once', () => {
      const run = newRun();
      const heard: NotedEvent[] = [];
      run.on('noted', (event) => heard.push(event));
      expect(run.note('progress', { percent: 40 })).toBe(run);
      run.note('done').note('text', 'x').note('none', null);
      expect(heard).toEqual([
        { run, name: 'progress', data: { percent: 40 }, at: expect.any(Number) as number },
        { run, name: 'done', data: null, at: expect.any(Number) as number },
        { run, name: 'text', data: { value: 'x' }, at: expect.any(Number) as number },
        { run, name: 'none', data: null, at: expect.any(Number) as number },
      ]);
    });

    it('is refused after the end, without a name, and with too much', () => {
      const run = newRun();
      expect(codeOf(() => run.note(''))).toBe('validation_error');
      expect(codeOf(() => run.note('a', { text: 'x'.repeat(65_536) }))).toBe('validation_error');
      expect(codeOf(() => run.setOutput({}).note('a'))).toBe('invalid_operation');
    });
  });

  it('keeps nothing of its steps in its record', async () => {
    const run = newRun();
    const before = JSON.stringify(run);
    await run.step('a', () => 1, { input: { a: 1 }, output: true });
    run.note('b').startStep('c');
    expect(JSON.stringify(run)).toBe(before);
  });
});
