import { inherits } from 'node:util';
import { EventEmitter } from 'eventemitter3';
import { makeRun } from '../support/make-run';

type Note = (...entries: unknown[]) => void;
type Script = (emitter: EventEmitter, note: Note) => void;

const WORD = Symbol('word');
const CONTEXT = { name: 'context' };
const REFUSED = ['TypeError', 'The listener must be a function'];
const nothing = (): void => undefined;

/** A bare emitter, and a run. */
function both(): readonly [EventEmitter, EventEmitter] {
  return [new EventEmitter(), makeRun() as unknown as EventEmitter];
}

/** What users of eventemitter3 rely on, method by method: the script, and what it notes. */
const FACTS: Readonly<
  Record<string, readonly (readonly [fact: string, script: Script, noted: unknown[]])[]>
> = {
  '.emit()': [
    [
      'says no where nobody listens to the event, whoever listens to others',
      (emitter, note) => {
        note(emitter.emit('a'), emitter.on('a', nothing).emit('b'), emitter.emit('a'));
      },
      [false, false, true],
    ],
    [
      'hands on each argument, as many as there are',
      (emitter, note) => {
        emitter.on('a', (...args: unknown[]) => {
          note(args);
        });
        for (let count = 0; count <= 7; count++) emitter.emit('a', ...Array<number>(count).fill(count));
        emitter.emit('a', undefined);
        emitter.emit('a', undefined, null);
      },
      [
        [],
        [1],
        [2, 2],
        [3, 3, 3],
        [4, 4, 4, 4],
        [5, 5, 5, 5, 5],
        [6, 6, 6, 6, 6, 6],
        [7, 7, 7, 7, 7, 7, 7],
        [undefined],
        [undefined, null],
      ],
    ],
    [
      'hands several arguments to several listeners, each with its context',
      (emitter, note) => {
        function listener(this: unknown, ...args: unknown[]): void {
          note(this, args);
        }
        emitter.on('listenerError', note);
        emitter.on('a', listener, 'one').on('a', listener, 'two').once('a', listener, CONTEXT);
        emitter.emit('a', 1, 2);
        emitter.emit('a', 3);
      },
      ['one', [1, 2], 'two', [1, 2], CONTEXT, [1, 2], 'one', [3], 'two', [3]],
    ],
    [
      'calls listeners in the order in which they were added',
      (emitter, note) => {
        for (const name of ['first', 'second', 'third']) {
          emitter.on('a', () => {
            note(name);
          });
        }
        emitter.emit('a');
      },
      ['first', 'second', 'third'],
    ],
    [
      'calls a listener as often as it was added',
      (emitter, note) => {
        const listener = (): void => {
          note('called');
        };
        emitter.on('a', listener).on('a', listener).emit('a');
      },
      ['called', 'called'],
    ],
    [
      'takes symbols for names',
      (emitter, note) => {
        emitter.on(WORD, (value) => {
          note(value);
        });
        note(emitter.emit(WORD, 1), emitter.emit(Symbol('word'), 2));
      },
      [1, true, false],
    ],
    [
      'calls whom the delivery began with, whoever is removed or added meanwhile',
      (emitter, note) => {
        const second = (): void => {
          note('second');
        };
        emitter.on('a', () => {
          note('first');
          emitter.removeAllListeners('a').on('a', () => {
            note('added');
          });
        });
        emitter.on('a', second);
        emitter.emit('a');
        emitter.emit('a');
      },
      ['first', 'second', 'added'],
    ],
  ],
  '.on()': [
    [
      'gives the emitter, as addListener() does',
      (emitter, note) => {
        note(emitter.on('a', nothing) === emitter, emitter.addListener('a', nothing) === emitter);
        note(emitter.listenerCount('a'));
      },
      [true, true, 2],
    ],
    [
      'refuses what is no function, and keeps nothing of it',
      (emitter, note) => {
        for (const add of ['on', 'once', 'addListener'] as const) {
          try {
            emitter[add]('a', 'listener' as never);
          } catch (error) {
            note((error as Error).name, (error as Error).message);
          }
        }
        note(emitter.eventNames());
      },
      [...['on', 'once', 'addListener'].flatMap(() => REFUSED), []],
    ],
    [
      'binds to the emitter where there is no context',
      (emitter, note) => {
        function listener(this: unknown): void {
          note(this === emitter);
        }
        emitter.on('a', listener).once('a', listener).emit('a');
      },
      [true, true],
    ],
  ],
  '.once()': [
    [
      'is called once, however often and however deep the event is emitted',
      (emitter, note) => {
        emitter.once('a', () => {
          note('called', emitter.emit('a'), emitter.listenerCount('a'));
        });
        note(emitter.emit('a'), emitter.emit('a'));
      },
      ['called', false, 0, true, false],
    ],
    [
      'is independent of others of the event',
      (emitter, note) => {
        emitter
          .once('a', () => {
            note('one');
          })
          .once('a', () => {
            note('other');
          })
          .on('a', () => {
            note('each');
          });
        for (let round = 0; round < 3; round++) emitter.emit('a');
        note(emitter.listeners('a').length);
      },
      ['one', 'other', 'each', 'each', 'each', 1],
    ],
    [
      'has its context, and its arguments',
      (emitter, note) => {
        emitter.once(
          'a',
          function (this: unknown, ...args: unknown[]) {
            note(this, args);
          },
          CONTEXT,
        );
        emitter.emit('a', 1, 2, 3);
      },
      [CONTEXT, [1, 2, 3]],
    ],
  ],
  '.listeners()': [
    [
      'gives the functions, in a list of the caller’s own',
      (emitter, note) => {
        note(emitter.listeners('a'));
        emitter.on('a', nothing).once('a', nothing, CONTEXT);
        note(emitter.listeners('a'));
        emitter.listeners('a').length = 0;
        note(emitter.listeners('a').length, emitter.listeners('b'));
        emitter.on(WORD, nothing);
        note(emitter.listeners(WORD));
      },
      [[], [nothing, nothing], 2, [], [nothing]],
    ],
  ],
  '.listenerCount()': [
    [
      'counts none, one and several, of names and of symbols',
      (emitter, note) => {
        note(emitter.listenerCount('a'));
        emitter.on('a', nothing);
        note(emitter.listenerCount('a'));
        emitter.once('a', nothing).on(WORD, nothing);
        note(emitter.listenerCount('a'), emitter.listenerCount(WORD), emitter.listenerCount('b'));
      },
      [0, 1, 2, 1, 0],
    ],
  ],
  '.eventNames()': [
    [
      'names what is listened to, symbols last, and nothing after the last listener is gone',
      (emitter, note) => {
        note(emitter.eventNames());
        emitter.on(WORD, nothing).on('a', nothing).on('b', nothing).once('c', nothing);
        note(emitter.eventNames());
        emitter.emit('c');
        emitter.off('a', nothing).removeAllListeners('b');
        note(emitter.eventNames());
        emitter.off(WORD);
        note(emitter.eventNames());
      },
      [[], ['a', 'b', 'c', WORD], [WORD], []],
    ],
  ],
  '.removeListener()': [
    [
      'gives the emitter, as off() does, also where there is nothing to remove',
      (emitter, note) => {
        note(emitter.removeListener('a') === emitter, emitter.off('a', nothing) === emitter);
      },
      [true, true],
    ],
    [
      'removes the function from its event alone, and each time that it was added',
      (emitter, note) => {
        const other = (): void => undefined;
        emitter.on('a', nothing).on('a', other).on('a', nothing).on('b', nothing);
        emitter.removeListener('a', nothing);
        note(emitter.listeners('a'), emitter.listeners('b').length);
        emitter.removeListener('a', nothing);
        note(emitter.listeners('a').length);
      },
      [[expect.any(Function)], 1, 1],
    ],
    [
      'removes all of the event where no function is given',
      (emitter, note) => {
        emitter.on('a', nothing).once('a', nothing, CONTEXT).on('b', nothing).removeListener('a');
        note(emitter.eventNames());
      },
      [['b']],
    ],
    [
      'goes by function, context and once, all that are given',
      (emitter, note) => {
        const fill = (): EventEmitter =>
          emitter
            .removeAllListeners()
            .on('a', nothing)
            .on('a', nothing, CONTEXT)
            .once('a', nothing)
            .once('a', nothing, CONTEXT);
        const count = (): number => emitter.listenerCount('a');
        fill().off('a', nothing);
        note(count());
        fill().off('a', nothing, CONTEXT);
        note(count());
        fill().off('a', nothing, undefined, true);
        note(count());
        fill().off('a', nothing, CONTEXT, true);
        note(count());
        fill().off('a', nothing, { name: 'context' });
        note(count());
      },
      [0, 2, 2, 3, 4],
    ],
    [
      'leaves a single listener that has another context, or comes more than once',
      (emitter, note) => {
        emitter.on('a', nothing, CONTEXT).off('a', nothing, {});
        note(emitter.listenerCount('a'));
        emitter.off('a', nothing, CONTEXT, true);
        note(emitter.listenerCount('a'));
        emitter.off('a', nothing, CONTEXT);
        note(emitter.listenerCount('a'));
      },
      [1, 1, 0],
    ],
    [
      'removes the listener that is being called',
      (emitter, note) => {
        const listener = (): void => {
          emitter.off('a', listener);
          note('called');
        };
        emitter.on('a', listener).emit('a');
        note(emitter.emit('a'));
      },
      ['called', false],
    ],
  ],
  '.removeAllListeners()': [
    [
      'removes those of one event, a symbol too, or all',
      (emitter, note) => {
        const fill = (): EventEmitter => emitter.on('a', nothing).on('b', nothing).on(WORD, nothing);
        note(fill().removeAllListeners('a') === emitter, emitter.eventNames());
        fill().removeAllListeners(WORD);
        note(emitter.eventNames());
        note(emitter.removeAllListeners('none') === emitter, emitter.removeAllListeners() === emitter);
        note(emitter.eventNames(), emitter.emit('a'), emitter.emit(WORD));
      },
      [true, ['b', WORD], ['b', 'a'], true, true, [], false, false],
    ],
    [
      'lets listeners be added again',
      (emitter, note) => {
        emitter.on('a', nothing).removeAllListeners().on('a', nothing);
        note(emitter.eventNames(), emitter.emit('a'));
      },
      [['a'], true],
    ],
  ],
};

describe.each(Object.entries(FACTS))('%s of a run, as of an eventemitter3', (_method, facts) => {
  it.each(facts)('%s', (_fact, script, noted) => {
    const [bare, run] = both().map((emitter) => {
      const notes: unknown[] = [];
      script(emitter, (...entries) => void notes.push(...entries));
      return notes;
    });

    expect(bare).toEqual(noted);
    expect(run).toEqual(noted);
  });
});

describe('A run, other than an eventemitter3', () => {
  it('delivers what a listener emits after the event that it hears', () => {
    const told: string[] = [];
    for (const emitter of both()) {
      emitter.on('outer', () => emitter.emit('inner'));
      emitter.on('outer', () => void told.push('outer'));
      emitter.on('inner', () => void told.push('inner'));
      emitter.emit('outer');
    }

    expect(told).toEqual(['inner', 'outer', 'outer', 'inner']);
  });

  it('goes on after a listener that throws', () => {
    const [bare, run] = both();
    const thrown = new Error('of a listener');
    const heard = jest.fn();
    const failed = jest.fn();
    for (const emitter of [bare, run]) {
      emitter.on('listenerError', failed);
      emitter.on('a', () => {
        throw thrown;
      });
      emitter.on('a', heard);
    }

    expect(() => bare.emit('a')).toThrow(thrown);
    expect(heard).not.toHaveBeenCalled();
    expect(run.emit('a')).toBe(true);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(failed).toHaveBeenCalledWith({ run, event: 'a', error: thrown });
  });

  it('is a class, which util.inherits() makes no emitter of', () => {
    function Beast(): void {
      // As of old: without a call of what it inherits from.
    }
    inherits(Beast, makeRun().constructor);
    const beast = new (Beast as unknown as new () => EventEmitter)();

    expect(beast).toBeInstanceOf(EventEmitter);
    expect(() => beast.on('a', nothing)).toThrow(TypeError);
  });

  it('keeps nothing for listeners among its members', () => {
    const run = makeRun();
    run.on('statusChanged', nothing).once('noted', nothing);

    expect(Object.getOwnPropertyNames(run)).toEqual([]);
    expect(Object.keys(new EventEmitter())).toEqual(['_events', '_eventsCount']);
  });
});
