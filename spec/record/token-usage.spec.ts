import { portOf } from '../../lib/attachment';
import fc from 'fast-check';
import type { TokenUsage, UsageUpdatedEvent } from 'agent-run';
import { Run } from 'agent-run';
import { copyUsage, totalTokensOf } from '../../lib/record/token-usage';
import { makeRun } from '../support/make-run';
import { recordEvents } from '../support/record-events';
import { issuesOf } from '../support/refusal-of';

/** What stands after the updates. */
function usageAfter(...updates: object[]): TokenUsage {
  const run = makeRun();
  for (const update of updates) run.updateTokenUsage(update);
  return run.tokenUsage;
}

describe('Run', () => {
  describe('.updateTokenUsage()', () => {
    it.each<[title: string, updates: object[], sum: object]>([
      [
        'adds numbers',
        [
          { a: 1, b: 2.5 },
          { a: 10, b: 0.5 },
        ],
        { a: 11, b: 3 },
      ],
      ['lets new counters join', [{ a: 1 }, { b: 2 }], { a: 1, b: 2 }],
      ['adds nothing for an empty update', [{ a: 1 }, {}], { a: 1 }],
      ['knows a count of nothing', [{ a: 0 }], { a: 0 }],
      [
        'adds nested counters key by key',
        [{ details: { cached: 1, deep: { x: 1 } } }, { details: { audio: 2, deep: { x: 2, y: 3 } } }],
        { details: { cached: 1, audio: 2, deep: { x: 3, y: 3 } } },
      ],
      ['knows a count of nothing beside what is not reported', [{ a: 0, b: null }], { a: 0 }],
      ['takes null for not reported', [{ a: 1 }, { a: null }], { a: 1 }],
      ['takes undefined for not reported', [{ a: 1 }, { a: undefined }], { a: 1 }],
      ['leaves out what was never reported', [{ a: null, b: undefined, c: { d: null } }], { c: {} }],
      [
        'erases nothing at depth',
        [{ d: { cached: 5 } }, { d: { cached: null } }, { d: null }],
        { d: { cached: 5 } },
      ],
      ['lets a text replace', [{ tier: 'a' }, { tier: 'b' }], { tier: 'b' }],
      ['lets a boolean replace', [{ cached: false }, { cached: true }], { cached: true }],
      ['lets an array replace', [{ list: [1, 2] }, { list: [3] }], { list: [3] }],
      ['starts a count where a text stood', [{ a: 'n/a' }, { a: 2 }, { a: 3 }], { a: 5 }],
      [
        'starts counters where a text stood',
        [{ a: 'n/a' }, { a: { b: 1 } }, { a: { b: 1 } }],
        { a: { b: 2 } },
      ],
      ['lets a text replace a count', [{ a: 1 }, { a: 'x' }], { a: 'x' }],
    ])('%s', (_title, updates, sum) => {
      expect(usageAfter(...updates)).toEqual(sum);
    });

    it('adds any counts like a sum per counter', () => {
      const counts = fc.array(fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), fc.nat()));
      fc.assert(
        fc.property(counts, (updates) => {
          const sums = new Map<string, number>();
          for (const [name, count] of updates.flatMap((update) => Object.entries(update))) {
            sums.set(name, (sums.get(name) ?? 0) + count);
          }
          expect(new Map(Object.entries(usageAfter(...updates)))).toEqual(sums);
        }),
      );
    });

    it.each([
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'then',
      'valueOf',
      'toJSON',
      'length',
    ])('counts under the name %s', (name) => {
      const update = JSON.parse(`{"${name}":2,"nested":{"${name}":{"${name}":3}}}`) as object;
      const usage = usageAfter(update, update);

      expect(JSON.stringify(usage)).toBe(`{"${name}":4,"nested":{"${name}":{"${name}":6}}}`);
      expect(Object.getPrototypeOf(usage)).toBe(Object.prototype);
      expect(Object.keys(Object.prototype)).toEqual([]);
    });

    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;

    it.each<[title: string, update: unknown, issues: string[]]>([
      ['a negative count', { b: -1 }, ['usage.b: must not be negative']],
      ['NaN', { b: NaN }, ['usage.b: must be a finite number']],
      ['Infinity', { b: Infinity }, ['usage.b: must be a finite number']],
      ['a negative count at depth', { d: { e: { f: -0.5 } } }, ['usage.d.e.f: must not be negative']],
      ['NaN at depth', { d: { e: { f: NaN } } }, ['usage.d.e.f: must be a finite number']],
      ['-Infinity at depth', { d: { e: -Infinity } }, ['usage.d.e: must be a finite number']],
      ['a BigInt', { b: 1n }, ['usage.b: cannot be a bigint']],
      ['a function', { b: () => 1 }, ['usage.b: cannot be a function']],
      ['a Map', { d: new Map() }, ['usage.d: cannot be a Map: use an object']],
      ['a cycle', cycle, ['usage.self: must not contain itself']],
      ['a text', 'text', ['usage: must be a JSON object']],
      ['a number', 7, ['usage: must be a JSON object']],
      ['an array', [1], ['usage: must be a JSON object']],
      ['null', null, ['usage: must be a JSON object']],
      ['nothing', undefined, ['usage: must be a JSON object']],
      [
        'a sum beyond all numbers',
        { huge: Number.MAX_VALUE },
        ['usage.huge: adds up to more than a number holds'],
      ],
      [
        'a sum beyond all numbers at depth',
        { nested: { huge: Number.MAX_VALUE } },
        ['usage.nested.huge: adds up to more than a number holds'],
      ],
      [
        'a getter that throws',
        {
          get a(): number {
            throw new TypeError('secret');
          },
        },
        ['usage.a: cannot be read: TypeError'],
      ],
      [
        'several of them',
        { x: -1, y: { z: -2 } },
        ['usage.x: must not be negative', 'usage.y.z: must not be negative'],
      ],
    ])('refuses %s and changes nothing, not even the counters before it', (_title, bad, issues) => {
      const standing = { a: 1, nested: { a: 1, huge: Number.MAX_VALUE }, huge: Number.MAX_VALUE };
      const run = makeRun().updateTokenUsage(standing);
      const { tokenUsage } = run;
      const events = recordEvents(run);
      const update =
        typeof bad === 'object' && bad !== null && !Array.isArray(bad) && bad !== cycle
          ? Object.defineProperties({ a: 100, nested: { a: 100 } }, Object.getOwnPropertyDescriptors(bad))
          : bad;

      expect(issuesOf(() => run.updateTokenUsage(update as object))).toEqual(issues);
      expect(issuesOf(() => run.updateTokenUsage(bad as object))).toEqual(issues);

      expect(run.tokenUsage).toBe(tokenUsage);
      expect(run.tokenUsage).toEqual(standing);
      expect(events).toEqual([]);
    });

    it('counts after the end too', () => {
      expect(makeRun({}, 'timeout').updateTokenUsage({ a: 1 }).tokenUsage).toEqual({ a: 1 });
    });

    it('keeps nothing of the object that it was given', () => {
      const update = { details: { cached: 1 }, list: [1] };
      const run = makeRun().updateTokenUsage(update);
      update.details.cached = 100;
      update.list.push(2);

      expect(run.tokenUsage).toEqual({ details: { cached: 1 }, list: [1] });
    });

    it('tells what was added and what stands', () => {
      jest.useFakeTimers({ now: 3 });
      const run = makeRun().addCost(0.5).updateTokenUsage({ a: 1 });
      const events = recordEvents(run);

      run.updateTokenUsage({ a: 2, b: null });

      expect(events).toEqual([
        ['usageUpdated', { delta: { a: 2 }, tokenUsage: { a: 3 }, costUsd: 0.5, at: 3 }],
      ]);
      jest.useRealTimers();
    });

    it('tells what stood then, when it is heard late', () => {
      const run = makeRun();
      const kept: UsageUpdatedEvent[] = [];
      run.on('usageUpdated', (event) => void kept.push(event));
      run.once('usageUpdated', () => void run.updateTokenUsage({ details: { a: 10 } }));

      run.updateTokenUsage({ details: { a: 1 } });
      run.updateTokenUsage({ details: { a: 100 } });

      expect(kept.map(({ tokenUsage }) => tokenUsage)).toEqual([
        { details: { a: 1 } },
        { details: { a: 11 } },
        { details: { a: 111 } },
      ]);
    });

    it('lets no listener change what stands through what it hears', () => {
      const run = makeRun();
      run.once('usageUpdated', ({ delta }) => {
        (delta['list'] as unknown as number[]).push(2);
        (delta['details'] as Record<string, number>)['a'] = 100;
      });
      run.on('listenerError', () => undefined);

      run.updateTokenUsage({ list: [1], details: { a: 1 } });

      expect(run.tokenUsage).toEqual({ list: [1], details: { a: 1 } });
    });
  });

  describe('recordUsage() of its port', () => {
    it('adds counters and cost in one event', () => {
      const run = makeRun();
      const events = recordEvents(run);

      portOf(run).recordUsage({ a: 1 }, 0.25);

      expect(events).toMatchObject([
        ['usageUpdated', { delta: { a: 1 }, tokenUsage: { a: 1 }, costUsd: 0.25 }],
      ]);
    });

    it('takes an estimate back', () => {
      const run = makeRun();
      portOf(run).recordUsage({ a: 5 }, 0.3);
      portOf(run).recordUsage({ a: -2 }, -0.1);

      expect(run).toMatchObject({ tokenUsage: { a: 3 }, costUsd: 0.2 });
    });

    it('leaves an unknown cost unknown', () => {
      const run = makeRun();
      portOf(run).recordUsage({ a: 1 }, null);
      expect(run.costUsd).toBeNull();
    });
  });

  describe('.fromJSON()', () => {
    it.each<[title: string, usage: object, path: string | null]>([
      ['counts', { a: 1, b: 2.5 }, null],
      ['counts of nothing', { a: 0, b: { c: 0 } }, null],
      ['what is no count', { a: null, b: 'n/a', c: [-1], d: true }, null],
      ['a negative count', { a: -1 }, 'token_usage.a'],
      ['a negative count at depth', { a: 'n/a', b: { c: { d: -0.5 } } }, 'token_usage.b.c.d'],
      ['an endless count', { a: Infinity }, 'token_usage.a'],
      ['a list', [-1], 'token_usage'],
    ])('reads no count but one that is finite and not negative: %s', (_title, usage, path) => {
      const record = { ...makeRun().toJSON(), token_usage: usage };
      const read = (): Run => Run.fromJSON(record);

      if (path === null) expect(read().tokenUsage).toEqual(usage);
      else expect(issuesOf(read)).toEqual([expect.stringContaining(`${path}: must`)]);
    });

    it('keeps nothing of the counters of the record', () => {
      const usage = { a: 1 };
      const run = Run.fromJSON({ ...makeRun().toJSON(), token_usage: usage });
      usage.a = 100;

      expect(run.updateTokenUsage({ a: 1 }).tokenUsage).toEqual({ a: 2 });
      expect(usage).toEqual({ a: 100 });
    });
  });

  describe('.tokenUsage', () => {
    it('is frozen, at every depth', () => {
      const usage = usageAfter({ a: 1, nested: { b: 1, list: [1, { c: 1 }] } });
      const change = (target: unknown, key: string): boolean => Reflect.set(target as object, key, 100);
      const { nested } = usage as { nested: { list: [number, object] } };

      expect([
        change(usage, 'a'),
        change(usage, 'new'),
        change(nested, 'b'),
        change(nested.list, '0'),
        change(nested.list[1], 'c'),
      ]).toEqual([false, false, false, false, false]);
      expect(usage).toEqual({ a: 1, nested: { b: 1, list: [1, { c: 1 }] } });
    });

    it('is made once between updates', () => {
      const run = makeRun().updateTokenUsage({ a: 1 });
      const { tokenUsage } = run;

      expect(run.tokenUsage).toBe(tokenUsage);
      expect(run.toJSON().token_usage).toBe(tokenUsage);
      run.addCost(1);
      expect(run.tokenUsage).toBe(tokenUsage);
      run.updateTokenUsage({ a: 1 });
      expect(run.tokenUsage).not.toBe(tokenUsage);
      expect(tokenUsage).toEqual({ a: 1 });
    });

    it('is empty at first', () => {
      expect(makeRun().tokenUsage).toEqual({});
    });
  });
});

describe('copyUsage()', () => {
  it('copies what is its own and leaves what every object inherits', () => {
    const counters = { a: 1, b: { c: 2 } };
    Object.defineProperty(Object.prototype, 'inherited', { value: {}, enumerable: true, configurable: true });
    const copy = copyUsage(counters);
    Reflect.deleteProperty(Object.prototype, 'inherited');

    expect(copy).toEqual({ a: 1, b: { c: 2 } });
    expect(Object.keys(copy)).toEqual(['a', 'b']);
    expect(copy['b']).not.toBe(counters.b);
    expect(Object.isFrozen(copy['b'])).toBe(true);
  });
});

describe('totalTokensOf()', () => {
  it.each([
    [{}, 0],
    [{ input_tokens: 2, output_tokens: 3 }, 5],
    [{ total_tokens: 7, input_tokens: 2, output_tokens: 3 }, 7],
    [{ total_tokens: 4, input_tokens: 2, output_tokens: 3 }, 5],
    [{ total_tokens: 'many', input_tokens: null, output_tokens: 3 }, 3],
  ])('gives of %j the larger of the total and input + output', (usage, total) => {
    expect(totalTokensOf(usage)).toBe(total);
  });
});
