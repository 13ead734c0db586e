import type { RunAttributes } from 'agent-run';
import { Run, RunError } from 'agent-run';
import { portOf } from '../lib/attachment';
import { makeRun } from './support/make-run';
import { recordEvents } from './support/record-events';
import { issuesOf, refusalOf } from './support/refusal-of';

beforeEach(() => jest.useFakeTimers({ now: 1_000 }));
afterEach(() => jest.useRealTimers());

describe('Run', () => {
  describe('.setOutput()', () => {
    it.each(['pending', 'running'] as const)('completes a %s run and sets endedAt', (status) => {
      const run = makeRun({}, status);
      jest.advanceTimersByTime(250);
      const events = recordEvents(run);

      expect(run.setOutput({ response: 'Hello!' })).toBe(run);

      expect(run).toMatchObject({ status: 'completed', output: { response: 'Hello!' }, error: null });
      expect(run).toMatchObject({ isTerminal: true, endedAt: new Date(1_250), durationMs: 250 });
      expect(events).toEqual([['statusChanged', { from: status, to: 'completed', at: 1_250 }]]);
    });

    it('has the output in place when listeners hear of it', () => {
      const run = makeRun();
      const outputs: unknown[] = [];
      run.on('statusChanged', (event) => void outputs.push([event.run.status, event.run.output]));

      run.setOutput({ a: 1 });

      expect(outputs).toEqual([['completed', { a: 1 }]]);
    });

    it('fills in the output of a completed run that has none', () => {
      const run = makeRun({}, 'completed');
      const { endedAt } = run;
      jest.advanceTimersByTime(5);
      const events = recordEvents(run);

      run.setOutput({ late: true });

      expect(run).toMatchObject({ status: 'completed', output: { late: true }, endedAt });
      expect(events).toEqual([['attributesChanged', { names: ['output'], at: 1_005 }]]);
    });

    it('never replaces an output', () => {
      const run = makeRun().setOutput({ first: true });
      const events = recordEvents(run);

      const error = refusalOf(() => run.setOutput({ second: true }));

      expect(error.code).toBe('invalid_operation');
      expect(error.details).toEqual({ from: 'completed', to: 'completed', allowed: [] });
      expect(run.output).toEqual({ first: true });
      expect(events).toEqual([]);
    });

    it.each(['failed', 'cancelled', 'timeout'] as const)('is refused by a run that is %s', (status) => {
      const run = makeRun({}, status);

      expect(refusalOf(() => run.setOutput({ a: 1 })).details).toEqual({
        from: status,
        to: 'completed',
        allowed: [],
      });
      expect(run).toMatchObject({ status, output: null });
    });

    it.each([['text'], [7], [null], [undefined], [[1]], [{ rows: [1n] }]])(
      'refuses %p and goes on',
      (value) => {
        const run = makeRun({}, 'running');
        const events = recordEvents(run);

        expect(issuesOf(() => run.setOutput(value as object as never))).toHaveLength(1);
        expect(run).toMatchObject({ status: 'running', output: null, endedAt: null });
        expect(events).toEqual([]);
      },
    );

    it('keeps a copy, handed out by reference', () => {
      const output = { list: [1] };
      const run = makeRun().setOutput(output);
      output.list.push(2);

      expect(run.output).toEqual({ list: [1] });
      expect(run.output).toBe(run.output);
      expect(run.toJSON().output).toBe(run.output);
    });
  });

  describe('.setError()', () => {
    it('keeps an object and fails the run', () => {
      const run = makeRun({}, 'running');
      const events = recordEvents(run);

      expect(run.setError({ code: 'provider_error', message: 'No answer' })).toBe(run);

      expect(run).toMatchObject({
        status: 'failed',
        error: { code: 'provider_error', message: 'No answer' },
        output: null,
        endedAt: new Date(1_000),
      });
      expect(events).toEqual([['statusChanged', { from: 'running', to: 'failed', at: 1_000 }]]);
    });

    it('keeps an Error without its stack', () => {
      const error = Object.assign(new TypeError('no function'), { code: 'E1' });

      expect(makeRun().setError(error).error).toEqual({
        name: 'TypeError',
        message: 'no function',
        code: 'E1',
      });
      expect(makeRun().setError(error, { stack: true }).error).toMatchObject({ stack: error.stack });
    });

    it('fills in the error of a failed run that has none, and never replaces one', () => {
      const run = makeRun({}, 'failed');
      const events = recordEvents(run);

      run.setError({ message: 'late' });
      expect(refusalOf(() => run.setError(new Error('later'))).code).toBe('invalid_operation');

      expect(run).toMatchObject({ status: 'failed', error: { message: 'late' } });
      expect(events).toEqual([['attributesChanged', { names: ['error'], at: 1_000 }]]);
    });

    it.each(['completed', 'cancelled', 'timeout'] as const)('is refused by a run that is %s', (status) => {
      const run = makeRun({}, status);

      expect(refusalOf(() => run.setError(new Error('x'))).code).toBe('invalid_transition');
      expect(run).toMatchObject({ status, error: null });
    });

    it.each([['text'], [7], [null], [undefined], [['a']], [new Map()], [{ at: NaN }]])(
      'refuses %p',
      (value) => {
        const run = makeRun({}, 'running');

        expect(issuesOf(() => run.setError(value as object))).toHaveLength(1);
        expect(run).toMatchObject({ status: 'running', error: null });
      },
    );
  });

  describe('.cancel()', () => {
    it.each<[title: string, reason: string | Error | undefined, message: string]>([
      ['no reason', undefined, 'Run cancelled'],
      ['a text', 'The user left', 'The user left'],
      ['an Error', new Error('Shutting down'), 'Shutting down'],
      ['an empty text', '', ''],
    ])('cancels with %s', (_title, reason, message) => {
      const run = makeRun({}, 'running');
      const events = recordEvents(run);

      expect(run.cancel(reason)).toBe(run);

      expect(run).toMatchObject({ status: 'cancelled', endedAt: new Date(1_000) });
      expect(run.error).toEqual({ code: 'cancelled', message });
      expect(events).toEqual([['statusChanged', { from: 'running', to: 'cancelled', at: 1_000 }]]);
    });

    it('hands an Error on, as the cause, to who executes the run', async () => {
      const run = makeRun();
      const reason = new Error('Shutting down');
      const settled = run.execute(() => void run.cancel(reason));

      await expect(settled).rejects.toMatchObject({ code: 'cancelled', cause: reason });
    });

    it('does nothing to a cancelled run: the first reason stands', () => {
      const run = makeRun().cancel('first');
      const events = recordEvents(run);

      run.cancel('second');

      expect(run.error).toEqual({ code: 'cancelled', message: 'first' });
      expect(events).toEqual([]);
    });

    it.each(['completed', 'failed', 'timeout'] as const)('is refused by a run that is %s', (status) => {
      expect(refusalOf(() => makeRun({}, status).cancel()).code).toBe('invalid_transition');
    });
  });

  describe('.incrementTurn()', () => {
    it('adds one and says so', () => {
      const run = makeRun();
      const events = recordEvents(run);

      expect(run.incrementTurn().incrementTurn().turnCount).toBe(2);

      expect(events).toEqual([
        ['turnIncremented', { turnCount: 1, at: 1_000 }],
        ['turnIncremented', { turnCount: 2, at: 1_000 }],
      ]);
    });

    it.each(['completed', 'failed', 'cancelled', 'timeout'] as const)(
      'is refused by a run that is %s',
      (status) => {
        const run = makeRun({}, status);
        const error = refusalOf(() => run.incrementTurn());

        expect(error.code).toBe('invalid_operation');
        expect(error.details).toEqual({ from: status, to: status, allowed: [] });
        expect(error.message).toContain(`Run ${run.id} is "${status}"`);
        expect(run.turnCount).toBe(0);
      },
    );
  });

  describe('.endRemotely()', () => {
    it('ends the run as another process ended it', () => {
      const run = makeRun({}, 'running');
      const events = recordEvents(run);

      portOf(run).endRemotely({ status: 'failed', error: { code: 'orphaned' }, endedAtMs: 900_000 });

      expect(run).toMatchObject({
        status: 'failed',
        error: { code: 'orphaned' },
        endedAt: new Date(900_000),
      });
      expect(events).toEqual([['statusChanged', { from: 'running', to: 'failed', at: 1_000 }]]);
    });
  });

  it('has one event with a terminal status in its life', () => {
    const run = makeRun({}, 'running');
    const ends = jest.fn();
    run.on('statusChanged', ({ to }) => {
      if (to !== 'running') ends(to);
    });
    const attempts = [
      () => run.setOutput({ a: 1 }),
      () => run.cancel(),
      () => run.setError(new Error('x')),
      () => run.updateStatus('timeout'),
      () => run.updateStatus('completed'),
      () => portOf(run).endRemotely({ status: 'cancelled' }),
    ];

    for (const attempt of attempts) {
      try {
        attempt();
      } catch (error) {
        expect(error).toBeInstanceOf(RunError);
      }
    }

    expect(ends.mock.calls).toEqual([['completed']]);
  });

  it('may be extended', () => {
    class TaggedRun extends Run {
      tag = 'mine';
    }
    const run = new TaggedRun({ sessionId: 's' });
    const again = TaggedRun.fromJSON(JSON.parse(JSON.stringify(run)));

    expect(again).toBeInstanceOf(TaggedRun);
    expect(again.id).toBe(run.id);
  });
});

describe('What a run knows of its tree and its times', () => {
  it('has its own id as the root where it is nobody’s child, and writes no key for it', () => {
    const run = makeRun();
    expect(run.rootRunId).toBe(run.id);
    expect(run.toJSON()).not.toHaveProperty('root_run_id');
  });

  it('has the root of the tree in every child, on the wire too', () => {
    const run = makeRun();
    const grandchild = run.createChild().createChild();
    expect(grandchild.rootRunId).toBe(run.id);
    expect(grandchild.toJSON().root_run_id).toBe(run.id);
    expect(Run.fromJSON(grandchild.toJSON()).rootRunId).toBe(run.id);
  });

  it('has no time at which it went to running before it has', () => {
    expect(makeRun().runningAt).toBeNull();
    expect(makeRun({}, 'completed').runningAt).toBeNull();
    expect(makeRun().toJSON()).not.toHaveProperty('running_at');
  });

  it('keeps when it first went to running, with every digit of a record', () => {
    const run = makeRun({}, 'running');
    expect(run.runningAt).toEqual(new Date(1_000));
    expect(run.toJSON().running_at).toBe('1970-01-01T00:00:01.000Z');
    const record = { ...run.toJSON(), running_at: '2026-01-31T12:00:00.123456Z' };
    expect(Run.fromJSON(record).toJSON().running_at).toBe(record.running_at);
  });

  it.each(['id', 'sessionId', 'provider'])('takes %s of at most 1,000 bytes of UTF-8', (name) => {
    const attributes = (text: string): RunAttributes => ({ sessionId: 's', [name]: text });
    expect(() => new Run(attributes('é'.repeat(500)))).not.toThrow();
    expect(() => new Run(attributes('€'.repeat(333)))).not.toThrow();
    expect(refusalOf(() => new Run(attributes('é'.repeat(501)))).details['issues']).toEqual([
      { path: name, message: 'must be at most 1000 bytes of UTF-8' },
    ]);
    const record = new Run(attributes('x')).toJSON();
    const wireName = name === 'sessionId' ? 'session_id' : name;
    expect(refusalOf(() => Run.fromJSON({ ...record, [wireName]: 'é'.repeat(501) })).code).toBe(
      'validation_error',
    );
  });
});

describe('Run .createChild()', () => {
  it('tells attachments, then listeners, of the child', () => {
    const run = makeRun();
    const heard: [string, Run][] = [];
    run.on('childCreated', ({ child }) => heard.push(['listener', child as unknown as Run]));
    portOf(run).attach({
      changed: (name, event) => {
        if (name === 'childCreated') heard.push(['attachment', event.child as unknown as Run]);
      },
    });
    const child = run.createChild();
    expect(heard.map(([who]) => who)).toEqual(['attachment', 'listener']);
    expect(heard.every(([, each]) => each === child)).toBe(true);
    expect(child.parentRunId).toBe(run.id);
  });
});

describe('Run .draftOutput()', () => {
  it('keeps what there is so far, and says that the output changed', () => {
    const run = makeRun({}, 'running');
    const events = recordEvents(run);
    run.draftOutput({ text: 'Hel' }).draftOutput({ text: 'Hello' });
    expect(run).toMatchObject({ status: 'running', output: { text: 'Hello' } });
    expect(events).toEqual([
      ['attributesChanged', { names: ['output'], at: 1_000 }],
      ['attributesChanged', { names: ['output'], at: 1_000 }],
    ]);
  });

  it('is replaced by the output', () => {
    expect(makeRun({}, 'running').draftOutput({ a: 1 }).setOutput({ b: 2 }).output).toEqual({ b: 2 });
  });

  it.each<[string, (run: Run) => unknown]>([
    ['a cancel', (run) => run.cancel()],
    ['a failure', (run) => run.setError(new Error('x'))],
    ['a timeout', (run) => run.updateStatus('timeout')],
    ['a completion without another output', (run) => run.updateStatus('completed')],
  ])('stays on %s', (_what, end) => {
    const run = makeRun({}, 'running').draftOutput({ text: 'Hel' });
    end(run);
    expect(run.output).toEqual({ text: 'Hel' });
    expect(refusalOf(() => run.draftOutput({ text: 'Hello' })).code).toBe('invalid_operation');
  });

  it('stays where the function returns nothing, and travels in the record', async () => {
    const run = makeRun();
    await run.execute(() => void run.draftOutput({ text: 'Hel' }));
    expect(Run.fromJSON(run.toJSON())).toMatchObject({ status: 'completed', output: { text: 'Hel' } });
  });

  it('refuses what JSON cannot carry and keeps what stood', () => {
    const run = makeRun({}, 'running').draftOutput({ a: 1 });
    expect(refusalOf(() => run.draftOutput({ a: 1n })).code).toBe('validation_error');
    expect(run.output).toEqual({ a: 1 });
  });
});
