import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventEmitter } from 'eventemitter3';
import type { TurnIncrementedEvent } from 'agent-run';
import { Run } from 'agent-run';
import { portOf } from '../../lib/attachment';
import { announce, IsolatedEmitter } from '../../lib/record/emitter';
import { makeRun } from '../support/make-run';
import { recordEvents } from '../support/record-events';

const ROOT = join(__dirname, '../..');

describe('Run', () => {
  describe('with listeners that fail', () => {
    it('calls every listener, keeps the change, and tells of each failure once', async () => {
      const unhandled = jest.fn();
      process.on('unhandledRejection', unhandled);
      const run = makeRun();
      const calls: string[] = [];
      const thrown = new Error('thrown');
      const rejected = new Error('rejected');
      run.on('statusChanged', () => void calls.push('first'));
      run.on('statusChanged', () => {
        calls.push('second');
        throw thrown;
      });
      run.on('statusChanged', () => void calls.push('third'));
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- listeners are async in real use
      run.on('statusChanged', async () => {
        calls.push('fourth');
        await Promise.resolve();
        throw rejected;
      });
      const errors = jest.fn();
      run.on('listenerError', errors);

      expect(run.updateStatus('running')).toBe(run);
      await nextTurn();

      expect(run.status).toBe('running');
      expect(calls).toEqual(['first', 'second', 'third', 'fourth']);
      expect(errors.mock.calls).toEqual([
        [{ run, event: 'statusChanged', error: thrown }],
        [{ run, event: 'statusChanged', error: rejected }],
      ]);
      expect(unhandled).not.toHaveBeenCalled();
      process.off('unhandledRejection', unhandled);
    });

    it.each([
      ['undefined', undefined],
      ['null', null],
      ['a text', 'oops'],
    ])('passes on %s that was thrown', (_title, value) => {
      const run = makeRun();
      const errors = jest.fn();
      run.on('listenerError', errors);
      run.on('turnIncremented', () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- listeners throw anything
        throw value;
      });

      run.incrementTurn();

      expect(errors).toHaveBeenCalledWith({ run, event: 'turnIncremented', error: value });
    });

    it('takes any thenable for a promise, one with a broken then too', () => {
      const run = makeRun();
      const errors = jest.fn();
      run.on('listenerError', errors);
      const rejecting = { then: (_: unknown, reject: (error: unknown) => void) => reject('rejected') };
      const broken = {
        get then(): never {
          throw new Error('broken');
        },
      };
      run.on('turnIncremented', () => rejecting as never);
      run.on('turnIncremented', () => broken as never);
      run.on('turnIncremented', () => ({ then: 'no function' }) as never);
      run.on('turnIncremented', () => null as never);

      run.incrementTurn();

      expect(errors.mock.calls.map(([{ error }]: [{ error: unknown }]) => error)).toEqual([
        'rejected',
        new Error('broken'),
      ]);
    });

    it('throws on the next tick, not before', () => {
      jest.useFakeTimers();
      const run = makeRun();
      const error = new Error('from a listener');
      run.on('turnIncremented', () => {
        throw error;
      });

      expect(run.incrementTurn().turnCount).toBe(1);
      expect(() => jest.runAllTicks()).toThrow(error);
      jest.useRealTimers();
    });

    it('ends in an uncaught exception where nobody listens to listenerError', () => {
      const { printed, exitCode } = program(`
        run.on('turnIncremented', () => { throw new Error('from a listener'); });
        run.on('turnIncremented', async () => { throw new Error('from a promise'); });
        run.incrementTurn();
        console.log('turns', run.turnCount);
      `);

      expect(printed).toEqual([
        'turns 1',
        'uncaughtException from a listener',
        'uncaughtException from a promise',
      ]);
      expect(exitCode).toBe(0);
    });

    it('throws on the next tick what a listener of listenerError throws', () => {
      const { printed } = program(`
        run.on('turnIncremented', () => { throw new Error('first'); });
        run.on('listenerError', ({ error }) => { throw new Error('about ' + error.message); });
        run.on('listenerError', async ({ error }) => { throw new Error('later about ' + error.message); });
        run.on('listenerError', ({ error }) => { console.log('heard', error.message); });
        run.incrementTurn();
      `);

      expect(printed).toEqual([
        'heard first',
        'uncaughtException about first',
        'uncaughtException later about first',
      ]);
    });

    it('ends a process that catches nothing', () => {
      const { exitCode, complaint } = program(
        `run.on('turnIncremented', () => { throw new Error('not caught'); }); run.incrementTurn();`,
        '',
      );

      expect(exitCode).not.toBe(0);
      expect(complaint).toContain('not caught');
    });
  });

  describe('with a listener that changes the run', () => {
    it('lets every listener hear the first change before any hears the second', () => {
      const run = makeRun();
      const heard: string[] = [];
      run.on('statusChanged', ({ to }) => {
        heard.push(`first: ${to}`);
        if (to === 'running') run.incrementTurn().setOutput({ done: true });
      });
      run.on('statusChanged', ({ run: live, to }) => void heard.push(`second: ${to} of ${live.status}`));
      run.on('turnIncremented', ({ turnCount }) => void heard.push(`turn ${turnCount}`));

      run.updateStatus('running');

      expect(heard).toEqual([
        'first: running',
        'second: running of completed',
        'turn 1',
        'first: completed',
        'second: completed of completed',
      ]);
    });

    it('tells of a failure after the event in which it happened', () => {
      const run = makeRun();
      const heard: string[] = [];
      run.on('listenerError', ({ event }) => void heard.push(`failed: ${event}`));
      run.on('turnIncremented', () => {
        throw new Error('oops');
      });
      run.on('turnIncremented', () => void heard.push('turn'));

      run.incrementTurn();

      expect(heard).toEqual(['turn', 'failed: turnIncremented']);
    });

    it('keeps what each event said, whatever came later', () => {
      const run = makeRun();
      const events = recordEvents(run);
      run.updateTokenUsage({ input_tokens: 1 });
      run.updateTokenUsage({ input_tokens: 2 });

      expect(events.map(([, payload]) => (payload as { tokenUsage: unknown }).tokenUsage)).toEqual([
        { input_tokens: 1 },
        { input_tokens: 3 },
      ]);
    });

    it('hands an event to the listeners that stand when its delivery begins', () => {
      const run = makeRun();
      const heard: string[] = [];
      const late = (): void => void heard.push('late');
      const early = (): void => void heard.push('early');
      run.once('statusChanged', () => {
        run.on('statusChanged', late);
        run.incrementTurn();
        run.off('turnIncremented', early);
        run.on('turnIncremented', late);
      });
      run.on('turnIncremented', early);

      run.updateStatus('running');
      expect(heard).toEqual(['late']);

      run.updateStatus('completed');
      expect(heard).toEqual(['late', 'late']);
    });

    it('hands an event that waits to nobody, once its listeners are gone', () => {
      const run = makeRun();
      const heard = jest.fn();
      run.on('turnIncremented', heard);
      run.once('statusChanged', () => {
        run.incrementTurn();
        run.removeAllListeners();
      });

      run.updateStatus('running');

      expect(heard).not.toHaveBeenCalled();
    });

    it('works off a long chain without recursion', () => {
      const run = makeRun();
      run.on('turnIncremented', ({ turnCount }) => {
        if (turnCount < 1_000) run.incrementTurn();
      });

      expect(run.incrementTurn().turnCount).toBe(1_000);
    });

    it('stops a listener that answers each event with another, before the call changes anything', () => {
      const run = makeRun({}, 'running');
      const errors: unknown[] = [];
      run.on('usageUpdated', () => run.addCost(1));
      run.on('listenerError', ({ event, error }) => errors.push([event, error]));

      run.addCost(1);

      expect(run.costUsd).toBe(1_000);
      expect(errors).toEqual([['usageUpdated', expect.objectContaining({ code: 'invalid_operation' })]]);
      expect(run.setOutput({ a: 1 }).status).toBe('completed');
      run.addCost(1);
      expect(errors).toHaveLength(2);
    });

    it.each<[string, (run: Run) => unknown]>([
      ['incrementTurn()', (run) => run.incrementTurn()],
      ['updateTokenUsage()', (run) => run.updateTokenUsage({ a: 1 })],
      ['draftOutput()', (run) => run.draftOutput({ a: 1 })],
      ['an assignment', (run) => void (run.metadata = { a: 1 })],
      ['note()', (run) => run.note('again')],
      ['createChild()', (run) => run.createChild()],
      ['emit()', (run) => (run as unknown as EventEmitter).emit('mine')],
    ])('stops a storm of %s', (_name, next) => {
      const run = makeRun({}, 'running');
      const failed = jest.fn();
      const names = ['turnIncremented', 'usageUpdated', 'attributesChanged', 'noted', 'childCreated', 'mine'];
      for (const name of names) (run as unknown as EventEmitter).on(name, () => void next(run));
      run.on('listenerError', ({ error }) => void failed(error));

      next(run);

      expect(failed).toHaveBeenCalledTimes(1);
      expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code: 'invalid_operation' }));
    });

    it('says how many events one call may set off', () => {
      const run = makeRun();
      const errors: unknown[] = [];
      run.on('turnIncremented', () => void run.incrementTurn());
      run.on('listenerError', ({ error }) => errors.push(error));
      run.incrementTurn();

      expect(errors).toMatchObject([{ details: { allowed: 1_000 } }]);
    });

    it('lets a run in a tree set off as many as one alone', () => {
      const parent = makeRun({}, 'running');
      const child = parent.createChild();
      child.on('usageUpdated', () => void child.addCost(1));
      child.on('listenerError', () => undefined);
      child.addCost(1);

      expect(child.costUsd).toBe(1_000);
    });

    it('counts no failures of listeners, whatever their number', () => {
      const run = makeRun();
      const failed = jest.fn();
      run.on('turnIncremented', ({ turnCount }) => {
        if (turnCount < 700) run.incrementTurn();
        throw new Error('broken');
      });
      run.on('listenerError', failed);
      run.incrementTurn();

      expect(run.turnCount).toBe(700);
      expect(failed).toHaveBeenCalledTimes(700);
    });

    it.each<[string, (run: Run) => unknown]>([
      ['createChild()', (run) => run.createChild()],
      ['note()', (run) => run.note('again')],
      ['startStep()', (run) => run.startStep('again', {})],
      ['the end of a step', (run) => run.startStep('again').end()],
      ['incrementTurn()', (run) => run.incrementTurn()],
    ])('counts no %s that nobody hears, followed or not', (_what, call) => {
      for (const isFollowed of [false, true]) {
        const run = makeRun({}, 'running');
        const failed = jest.fn();
        if (isFollowed) portOf(run).attach({ changed: () => undefined });
        run.on('attributesChanged', () => {
          for (let count = 0; count < 1_100; count++) call(run);
        });
        run.on('listenerError', failed);
        run.provider = 'openai';

        expect(failed).not.toHaveBeenCalled();
      }
    });

    it('tells of no failure of a listener of listenerError, which surfaces on the next tick', () => {
      const run = makeRun();
      const heard = jest.fn();
      const nextTick = jest.spyOn(process, 'nextTick').mockImplementation(() => undefined);
      run.on('turnIncremented', () => {
        throw new Error('first');
      });
      run.on('listenerError', ({ event }) => {
        heard(event);
        throw new Error('second');
      });
      run.incrementTurn();
      const [surface] = nextTick.mock.calls[0] as [() => void];
      nextTick.mockRestore();

      expect(heard.mock.calls).toEqual([['turnIncremented']]);
      expect(surface).toThrow('second');
    });

    it('keeps the order of a tree after its first event too', () => {
      const parent = makeRun({}, 'running');
      const child = parent.createChild();
      const heard: string[] = [];
      parent.on('turnIncremented', () => heard.push('parent'));
      parent.incrementTurn();
      child.once('turnIncremented', () => void parent.incrementTurn());
      child.on('turnIncremented', () => heard.push('child'));
      child.incrementTurn();

      expect(heard).toEqual(['parent', 'child', 'parent']);
    });

    it('counts the events of one call alone, and of each run for itself', () => {
      const parent = makeRun({}, 'running');
      const children = Array.from({ length: 2_000 }, () => parent.createChild());
      const ends = jest.fn();
      for (const child of children) child.on('statusChanged', ends);
      parent.on('statusChanged', () => undefined);
      for (let index = 0; index < 2_000; index++) parent.incrementTurn();

      parent.cancel();

      expect(ends).toHaveBeenCalledTimes(2_000);
    });
  });

  describe('without listeners', () => {
    it('builds no payload', () => {
      const now = jest.spyOn(Date, 'now');
      const run = makeRun();
      run.on('listenerError', () => undefined);
      now.mockClear();

      run.incrementTurn().updateTokenUsage({ input_tokens: 1 }).addCost(1).note('a', { b: 1 });
      run.metadata = { a: 1 };

      expect(now).not.toHaveBeenCalled();
      now.mockRestore();
    });
  });

  describe('as an eventemitter3', () => {
    const payload = { turnCount: 1, at: 0 } as TurnIncrementedEvent<Run>;
    type Emitter = EventEmitter<{ turnIncremented: [event: TurnIncrementedEvent<Run>] }>;

    /** Does the same to a run and to a bare eventemitter3; what both did is compared. */
    function sideBySide(script: (emitter: Emitter, log: (entry: unknown) => void) => void): unknown[] {
      const [bare, run] = [new EventEmitter() as Emitter, makeRun() as unknown as Emitter].map((emitter) => {
        const entries: unknown[] = [];
        script(emitter, (entry) => void entries.push(entry === emitter ? 'the emitter' : entry));
        return entries;
      });
      expect(run).toEqual(bare);
      return run as unknown[];
    }

    it('answers emit() with whether anybody listens', () => {
      const log = sideBySide((emitter, note) => {
        note(emitter.emit('turnIncremented', payload));
        emitter.on('turnIncremented', (event) => note(event));
        note(emitter.emit('turnIncremented', payload));
      });

      expect(log).toEqual([false, payload, true]);
    });

    it('calls a listener of once() once, one of on() each time', () => {
      const log = sideBySide((emitter, note) => {
        emitter.once('turnIncremented', () => note('once'));
        emitter.on('turnIncremented', () => note('on'));
        for (let round = 0; round < 3; round++) emitter.emit('turnIncremented', payload);
        note(emitter.listenerCount('turnIncremented'));
      });

      expect(log).toEqual(['once', 'on', 'on', 'on', 1]);
    });

    it('removes a listener of once() before it is called', () => {
      const log = sideBySide((emitter, note) => {
        emitter.once('turnIncremented', () => note(emitter.listenerCount('turnIncremented')));
        emitter.emit('turnIncremented', payload);
      });

      expect(log).toEqual([0]);
    });

    it('calls a listener with the context that it was given, else with the emitter', () => {
      const log = sideBySide((emitter, note) => {
        const context = { name: 'context' };
        function listener(this: unknown): void {
          note(this);
        }
        emitter.on('turnIncremented', listener);
        emitter.on('turnIncremented', listener, context);
        emitter.once('turnIncremented', listener, context);
        emitter.emit('turnIncremented', payload);
      });

      expect(log).toEqual(['the emitter', { name: 'context' }, { name: 'context' }]);
    });

    it('asks removeListener() to take off a listener of once(), and no other', () => {
      const log = sideBySide((emitter, note) => {
        const [once, always] = [(): void => undefined, (): void => undefined];
        emitter.once('turnIncremented', once).on('turnIncremented', always);
        emitter.removeListener = (event, listener) => {
          note([event, listener === once]);
          return emitter.off(event, listener);
        };
        emitter.emit('turnIncremented', payload);
      });

      expect(log).toEqual([['turnIncremented', true]]);
    });

    it('removes by function, by context, and by once', () => {
      sideBySide((emitter, note) => {
        const context = {};
        const listener = (): void => note('called');
        const all = (): void => {
          emitter.on('turnIncremented', listener);
          emitter.on('turnIncremented', listener, context);
          emitter.once('turnIncremented', listener);
          emitter.addListener('turnIncremented', () => undefined);
        };
        for (const remove of [
          () => emitter.off('turnIncremented', listener),
          () => emitter.removeListener('turnIncremented', listener, context),
          () => emitter.off('turnIncremented', listener, undefined, true),
          () => emitter.off('turnIncremented'),
          () => emitter.off('turnIncremented', () => undefined),
        ]) {
          all();
          remove();
          note(emitter.listenerCount('turnIncremented'));
          emitter.emit('turnIncremented', payload);
          note(emitter.listeners('turnIncremented').length);
          emitter.removeAllListeners();
        }
      });
    });

    it('removes all listeners of an event, and of every event', () => {
      const log = sideBySide((emitter, note) => {
        emitter.on('turnIncremented', () => note('called'));
        note(emitter.eventNames());
        emitter.removeAllListeners('turnIncremented');
        note(emitter.eventNames());
        emitter.on('turnIncremented', () => note('called'));
        emitter.removeAllListeners();
        note(emitter.emit('turnIncremented', payload));
      });

      expect(log).toEqual([['turnIncremented'], [], false]);
    });

    it('still calls listeners that another one of the same delivery removed, none that it added', () => {
      const log = sideBySide((emitter, note) => {
        const second = (): void => note('second');
        emitter.on('turnIncremented', () => {
          emitter.off('turnIncremented', second);
          emitter.on('turnIncremented', () => note('added'));
        });
        emitter.on('turnIncremented', second);
        emitter.emit('turnIncremented', payload);
      });

      expect(log).toEqual(['second']);
    });

    it('chains on(), once() and off()', () => {
      sideBySide((emitter, note) => {
        const listener = (): void => undefined;
        note(emitter.on('turnIncremented', listener));
        note(emitter.once('turnIncremented', listener));
        note(emitter.off('turnIncremented', listener));
        note(emitter.removeAllListeners());
      });
    });

    it('hears events named like members of every object', () => {
      const run = makeRun() as unknown as EventEmitter;
      const heard = jest.fn();

      expect(['constructor', '__proto__', 'toString'].map((name) => run.emit(name, 1))).toEqual([
        false,
        false,
        false,
      ]);
      for (const name of ['constructor', '__proto__', 'toString']) run.on(name, heard).emit(name, 1);
      expect(heard).toHaveBeenCalledTimes(3);
    });
  });
});

describe('What a listener does to an event', () => {
  it('no other listener sees, nor what delivers it elsewhere', () => {
    const run = makeRun({}, 'running');
    const seen: unknown[] = [];
    const spoil = (event: object): void => {
      const members = Object.fromEntries(
        Object.entries(event as Record<string, unknown>).filter(([name]) => name !== 'run'),
      );
      seen.push(JSON.parse(JSON.stringify(members)));
      for (const member of [event, ...Object.values(members)]) {
        if (typeof member === 'object' && member !== null) Reflect.set(member, 'at', 'spoiled');
      }
      Reflect.set((event as { delta?: object }).delta ?? {}, 'input_tokens', 'spoiled');
    };
    portOf(run).attach({ hears: () => true, deliver: (...[, event]) => spoil(event) });
    for (let time = 0; time < 3; time++) {
      run.on('usageUpdated', spoil);
      run.on('attributesChanged', spoil);
      run.on('noted', spoil);
    }
    const usage = { input_tokens: 1, details: { cached: 1 } };
    run.updateTokenUsage(usage);
    run.metadata = { a: 1 };
    run.note('progress', { percent: { done: 1 } });

    expect(new Set(seen.map((event) => JSON.stringify(event))).size).toBe(3);
    expect(seen).toHaveLength(12);
    expect(run.tokenUsage).toEqual(usage);
  });

  it('leaves each an event of its own that says the same', () => {
    const run = makeRun();
    const heard = new Map<string, object[]>();
    for (const name of ['statusChanged', 'turnIncremented', 'usageUpdated', 'attributesChanged'] as const) {
      const events: object[] = [];
      heard.set(name, events);
      for (let time = 0; time < 3; time++) run.on(name, (event: object) => events.push(event));
    }
    run.updateStatus('running').incrementTurn().updateTokenUsage({ input_tokens: 1 });
    run.provider = 'openai';

    for (const [first, ...others] of heard.values()) {
      expect(others).toEqual([first, first]);
      expect(new Set([first, ...others]).size).toBe(3);
    }
    expect(heard.get('statusChanged')?.map((event) => Object.keys(event).join())).toEqual(
      Array.from({ length: 3 }, () => 'run,from,to,at'),
    );
  });
});

describe('What an event costs', () => {
  const noted = (run: Run): { run: Run; name: string; data: { a: number }; at: number } => ({
    run,
    name: 'progress',
    data: { a: 1 },
    at: 1,
  });

  it('is no copy for the last of several listeners, nor for one alone', () => {
    for (const count of [1, 3]) {
      const run = makeRun();
      const heard: unknown[] = [];
      for (let index = 0; index < count; index++) run.on('noted', (event) => heard.push(event));
      const event = noted(run);
      portOf(run).announce('noted', event);

      expect(heard.map((each) => each === event)).toEqual([
        ...Array.from({ length: count - 1 }, () => false),
        true,
      ]);
    }
  });

  it('is neither a copy nor a freezing for what delivers it where nobody listens', () => {
    const run = makeRun();
    const delivered: unknown[] = [];
    portOf(run).attach({ hears: () => true, deliver: (...[, event]) => void delivered.push(event) });
    const event = noted(run);
    portOf(run).announce('noted', event);

    expect(delivered[0]).toBe(event);
    expect(Object.isFrozen(event.data)).toBe(false);
  });

  it('is no freezing for a single listener, where what follows the run hears other events', () => {
    const run = makeRun();
    portOf(run).attach({ hears: (name) => name === 'parked', deliver: () => undefined });
    run.on('noted', () => undefined);
    const event = noted(run);
    portOf(run).announce('noted', event);

    expect(Object.isFrozen(event.data)).toBe(false);
  });
});

describe('30,000 listeners', () => {
  it('are added one by one without a copy of all of them for each', () => {
    const run = makeRun();
    const slice = jest.spyOn(Array.prototype, 'slice');
    for (let index = 0; index < 30_000; index++) run.on('statusChanged', () => undefined);
    const copies = slice.mock.calls.length;
    slice.mockRestore();
    // Lists of two to eight are kept without room for more.
    expect(copies).toBe(7);
    expect(run.listenerCount('statusChanged')).toBe(30_000);
  });
});

describe("A user's own event", () => {
  class ProgressRun extends Run {
    progress(...args: unknown[]): boolean {
      return (this as unknown as EventEmitter).emit('progress', ...args);
    }
  }

  it('names the run where a listener fails, whatever its arguments are', () => {
    const run = new ProgressRun({ sessionId: 's' });
    const failed = jest.fn();
    const error = new Error('broken');
    (run as unknown as EventEmitter).on('progress', () => {
      throw error;
    });
    run.on('listenerError', failed);
    for (const args of [[], [null], [{ run: 'another' }], [{ run: 'another' }, 2]]) run.progress(...args);

    expect(failed.mock.calls).toEqual(Array.from({ length: 4 }, () => [{ run, event: 'progress', error }]));
  });

  it('keeps all its arguments, delivered late too', () => {
    const run = new ProgressRun({ sessionId: 's' });
    const heard: unknown[][] = [];
    (run as unknown as EventEmitter).on('progress', (...args: unknown[]) => heard.push(args));
    run.on('turnIncremented', () => run.progress(2, 'pages', 'more'));
    expect(run.progress(40, 'pages')).toBe(true);
    expect(run.progress()).toBe(true);
    run.incrementTurn();
    expect(heard).toEqual([[40, 'pages'], [], [2, 'pages', 'more']]);
  });
});

describe("An event of the run's own that is emitted from outside", () => {
  it('reaches the listeners, as with any emitter, and nothing that follows the run', () => {
    const run = makeRun();
    const heard = jest.fn();
    const followed = jest.fn();
    portOf(run).attach({ changed: followed, hears: () => true, deliver: followed });
    run.on('turnIncremented', heard);
    run.emit('turnIncremented', { run, turnCount: 7, at: 0 });
    expect(heard).toHaveBeenCalledTimes(1);
    expect(followed).not.toHaveBeenCalled();
    expect(run.turnCount).toBe(0);
  });
});

describe('IsolatedEmitter', () => {
  it('names the run of an event whose listener fails, where it is itself no run', async () => {
    class Plain extends IsolatedEmitter<{ noted: [event: object]; listenerError: [event: object] }> {}
    const emitter = new Plain();
    const failed = jest.fn();
    const error = new Error('broken');
    emitter.on('listenerError', failed);
    emitter.on('noted', () => {
      throw error;
    });
    emitter.on('noted', () => Promise.reject(error) as never);
    announce(emitter, 'noted', { run: 'a run' });
    await nextTurn();

    expect(failed.mock.calls).toEqual(
      Array.from({ length: 2 }, () => [{ run: 'a run', event: 'noted', error }]),
    );
  });

  it('delivers again, in order, after something got past it', () => {
    class Plain extends IsolatedEmitter<{ tick: [count: number]; listenerError: [event: object] }> {}
    const emitter = new Plain();
    const heard: number[] = [];
    const nextTick = jest.spyOn(process, 'nextTick').mockImplementation(() => {
      throw new RangeError('Maximum call stack size exceeded');
    });
    emitter.on('tick', (count) => {
      heard.push(count);
      if (count !== 1) return;
      emitter.emit('tick', 2);
      throw new Error('broken');
    });

    expect(() => emitter.emit('tick', 1)).toThrow(RangeError);
    nextTick.mockRestore();
    emitter.emit('tick', 3);

    expect(heard).toEqual([1, 2, 3]);
  });
});

describe('eventemitter3', () => {
  it('keeps its listeners as this package reads them', () => {
    const emitter = new EventEmitter() as EventEmitter & { _events: Record<string, unknown> };
    const first = (): void => undefined;
    const second = (): void => undefined;
    const context = {};

    expect(emitter._events['one']).toBeUndefined();
    emitter.on('one', first);
    expect(emitter._events['one']).toMatchObject({ fn: first, context: emitter, once: false });
    emitter.once('one', second, context);
    expect(emitter._events['one']).toEqual([
      expect.objectContaining({ fn: first, context: emitter, once: false }),
      expect.objectContaining({ fn: second, context, once: true }),
    ]);
    expect(emitter._events['one']).toMatchObject([{ fn: first }, { fn: second, context, once: true }]);

    const standing = emitter._events['one'];
    emitter.off('one', first);
    expect(standing).toHaveLength(2);
    emitter.off('one', second);
    expect(emitter._events['one']).toBeUndefined();
    expect(Object.getPrototypeOf(emitter._events)).toBe(Object.getPrototypeOf(emptyTable()));
  });
});

function emptyTable(): object {
  return (new EventEmitter() as unknown as { _events: object })._events;
}

const CATCH_ALL = `process.on('uncaughtException', (error, origin) => console.log(origin, error.message));`;

/** Runs a few lines in a process of their own, with a `run` at hand. */
function program(
  lines: string,
  preamble = CATCH_ALL,
): { printed: string[]; exitCode: number | null; complaint: string } {
  const setUp = `const { Run } = require('./lib/index.ts'); const run = new Run({ sessionId: 's' });`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--eval', `${preamble} ${setUp} ${lines}`],
    { cwd: ROOT, encoding: 'utf8' },
  );
  return { printed: stdout.split('\n').filter(Boolean), exitCode: status, complaint: stderr };
}
