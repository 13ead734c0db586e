import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import type { ValidationIssue } from 'agent-run';
import {
  copyJson,
  formatPath,
  isJsonObject,
  MAX_DEPTH,
  setMember,
  takeJsonObject,
} from '../../lib/record/json';
import { issuesOf, refusalOf } from '../support/refusal-of';

const HOSTILE_KEYS = ['__proto__', 'constructor', 'then', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON'];

const foreign = createContext({});

/** Any JSON object, hostile keys included. */
const jsonObjects = fc.dictionary(
  fc.oneof(fc.string(), fc.constantFrom(...HOSTILE_KEYS)),
  fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...HOSTILE_KEYS), fc.jsonValue())),
);

class Point {
  readonly #secret = 7;
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
  get sum(): number {
    return this.x + this.y + this.#secret;
  }
}

class Secret {
  readonly #value = 1;
  get value(): number {
    return this.#value;
  }
}

class Itself {
  readonly a = 1;
  toJSON(): this {
    return this;
  }
}

function* generate(): Generator<number> {
  yield 1;
}

async function* generateLater(): AsyncGenerator<number> {
  await Promise.resolve();
  yield 1;
}

describe('takeJsonObject()', () => {
  it('copies any JSON object, deep-equal and in the same order of keys', () => {
    fc.assert(
      fc.property(jsonObjects, (given) => {
        const text = JSON.stringify(given);
        const source = JSON.parse(text) as object;
        const copy = takeJsonObject(source, 'input');
        expect(JSON.stringify(copy)).toBe(text);
        expect(copy).not.toBe(source);
      }),
    );
  });

  it('gives what JSON.parse(JSON.stringify()) gives, of what JSON can carry', () => {
    const arrays = [1, undefined, 'a'];
    const given = {
      text: 'é\u0000\ud800"\\\n',
      none: undefined,
      date: new Date(5),
      noDate: new Date(NaN),
      url: new URL('https://example.org/a?b=c'),
      bytes: Buffer.from('hi'),
      point: new Point(1, 2),
      bare: Object.assign(Object.create(null) as object, { a: 1 }),
      boxed: [new Number(1), new String('a'), new Boolean(false)] as unknown[],
      zero: -0,
      // eslint-disable-next-line no-sparse-arrays -- holes are what is tested
      holes: [, 1, , 2],
      arrays,
      twice: [arrays, arrays],
      own: { toJSON: () => ({ inner: new Date(6), gone: undefined }) },
      list: { toJSON: () => [new Date(7)] },
      armed: Object.assign([1, 2], { toJSON: () => 'an array of its own' }),
      boxedAnswer: { toJSON: () => new Number(3) },
      missing: { toJSON: () => undefined },
      itself: new Itself(),
      notHidden: Object.defineProperty({ shown: 1 }, 'hidden', { value: 2, enumerable: false }),
      symbols: { [Symbol('left out')]: 1 },
      foreign: runInContext(
        '({ list: [1], when: new Date(8), bare: Object.create(null) })',
        foreign,
      ) as object,
    };

    const copy = takeJsonObject(given, 'input');

    expect(copy).toEqual(JSON.parse(JSON.stringify(given)));
    expect(JSON.stringify(copy)).toBe(JSON.stringify(given));
    expect(Object.is(copy['zero'], 0)).toBe(true);
  });

  it('calls toJSON with the key, once, and does not ask its answer again', () => {
    const toJSON = jest.fn((key: string) => ({ key, toJSON: () => 'asked again' }));

    expect(() => takeJsonObject({ member: { toJSON } }, 'input')).toThrow('toJSON cannot be a function');
    expect(toJSON.mock.calls).toEqual([['member']]);
  });

  it('reads each member once', () => {
    const reads: string[] = [];
    const source = new Proxy({ a: 1, b: { c: 2 } }, { get: (target, key) => note(target, key) });
    function note(target: object, key: string | symbol): unknown {
      reads.push(String(key));
      return Reflect.get(target, key);
    }

    expect(takeJsonObject(source, 'input')).toEqual({ a: 1, b: { c: 2 } });
    expect(reads.filter((key) => key !== 'toJSON')).toEqual(['a', 'b']);
  });

  it('keeps hostile keys as own members and touches no prototype', () => {
    const text =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"then":1,"toString":2,"toJSON":3}';
    const copy = takeJsonObject(JSON.parse(text), 'input');

    expect(Object.keys(copy)).toEqual(['__proto__', 'constructor', 'then', 'toString', 'toJSON']);
    expect(JSON.stringify(copy)).toBe(text);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });

  it('leaves what it was given alone', () => {
    const given = Object.freeze({ a: Object.freeze([1, Object.freeze({ b: undefined })]) });

    expect(takeJsonObject(given, 'input')).toEqual({ a: [1, {}] });
  });

  it.each<[title: string, value: unknown]>([
    ['a text', 'text'],
    ['a number', 7],
    ['true', true],
    ['nothing', undefined],
    ['null', null],
    ['an array', [1]],
    ['a Date', new Date(0)],
    ['a URL', new URL('https://example.org')],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a BigInt', 1n],
    ['a boxed text', new String('text')],
    ['an object that becomes a text', { toJSON: () => 'text' }],
    ['an object that becomes nothing', { toJSON: () => undefined }],
  ])('refuses %s where an object is wanted', (_title, value) => {
    expect(issuesOf(() => takeJsonObject(value, 'output'))).toEqual([
      expect.stringMatching(/^output: (must be a JSON object|is missing)$/),
    ]);
  });

  const cycle: Record<string, unknown> = { list: [] };
  (cycle['list'] as unknown[]).push({ back: cycle });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it.each<[title: string, value: unknown, message: string]>([
    ['a BigInt', 1n, 'cannot be a bigint'],
    ['a function', () => 1, 'cannot be a function'],
    ['a class', Point, 'cannot be a function'],
    ['a symbol', Symbol('s'), 'cannot be a symbol'],
    ['NaN', NaN, 'must be a finite number'],
    ['Infinity', Infinity, 'must be a finite number'],
    ['-Infinity', -Infinity, 'must be a finite number'],
    ['a Map', new Map(), 'cannot be a Map: use an object'],
    ['a Set', new Set(), 'cannot be a Set: use an array'],
    ['a Map of another realm', runInContext('new Map()', foreign), 'cannot be a Map: use an object'],
    ['a WeakMap', new WeakMap(), 'cannot be of the kind WeakMap: JSON writes {}'],
    ['a WeakSet', new WeakSet(), 'cannot be of the kind WeakSet: JSON writes {}'],
    ['a RegExp', /x/, 'cannot be of the kind RegExp: JSON writes {}'],
    ['a Response', new Response('x'), 'cannot be of the kind Response: JSON writes {}'],
    ['a stream', new ReadableStream(), 'cannot be of the kind ReadableStream: JSON writes {}'],
    ['Headers', new Headers({ a: '1' }), 'cannot be of the kind Headers: JSON writes {}'],
    ['URLSearchParams', new URLSearchParams('a=1'), 'cannot be of the kind URLSearchParams: JSON writes {}'],
    ['FormData', new FormData(), 'cannot be of the kind FormData: JSON writes {}'],
    ['a Blob', new Blob(['x']), 'cannot be of the kind Blob: JSON writes {}'],
    ['a generator', generate(), 'cannot be of the kind Generator: JSON writes {}'],
    ['an asynchronous generator', generateLater(), 'cannot be of the kind AsyncGenerator: JSON writes {}'],
    ['an iterator', [1][Symbol.iterator](), 'cannot be of the kind Array Iterator: JSON writes {}'],
    ['a WeakRef', new WeakRef({}), 'cannot be of the kind WeakRef: JSON writes {}'],
    ['an AbortSignal', new AbortController().signal, 'cannot be of the kind AbortSignal: JSON writes {}'],
    ['a Proxy of a Map', new Proxy(new Map(), {}), 'cannot be of the kind Map: JSON writes {}'],
    [
      'what has only private members',
      new Secret(),
      'cannot be an instance without members of its own: JSON writes {}',
    ],
    [
      'what its toJSON() gives of that',
      { toJSON: () => new Secret() },
      'cannot be an instance without members of its own: JSON writes {}',
    ],
    ['a Promise', Promise.resolve(1), 'cannot be a Promise: await it'],
    ['an Error', new TypeError('e'), 'cannot be an Error: JSON writes {}'],
    ['an Error of another realm', runInContext('new Error()', foreign), 'cannot be an Error: JSON writes {}'],
    ['bytes', new Uint8Array(2), 'cannot be binary data: encode it as text'],
    ['an ArrayBuffer', new ArrayBuffer(2), 'cannot be binary data: encode it as text'],
    ['a DataView', new DataView(new ArrayBuffer(2)), 'cannot be binary data: encode it as text'],
    ['a boxed NaN', new Number(NaN), 'must be a finite number'],
    ['a boxed BigInt', Object(1n), 'cannot be a bigint'],
    ['a boxed symbol', Object(Symbol('s')), 'cannot be a symbol'],
    ['what becomes a Map', { toJSON: () => new Map() }, 'cannot be a Map: use an object'],
    ['what becomes a BigInt', { toJSON: () => 1n }, 'cannot be a bigint'],
    ['what becomes a boxed NaN', { toJSON: () => new Number(NaN) }, 'must be a finite number'],
    [
      'a getter that throws',
      throwing({ get: () => fail(new TypeError('secret')) }),
      'cannot be read: TypeError',
    ],
    ['a getter that throws a text', throwing({ get: () => fail('secret') }), 'cannot be read: it throws'],
    ['keys that throw', throwing({ ownKeys: () => fail(new Error('secret')) }), 'cannot be read: Error'],
    [
      'a prototype that throws',
      throwing({ getPrototypeOf: () => fail('secret') }),
      'cannot be read: it throws',
    ],
    ['a revoked Proxy', revoked.proxy, 'cannot be read: TypeError'],
    ['a toJSON that throws', { toJSON: () => fail(new RangeError('secret')) }, 'cannot be read: RangeError'],
  ])('refuses %s at depth, with the path to it', (_title, value, message) => {
    const given = { rows: [0, 1, { total: value }], 'a key': { deep: value } };

    const error = refusalOf(() => takeJsonObject(given, 'output'));

    expect(issuesOf(() => takeJsonObject(given, 'output'))).toEqual([
      `output.rows[2].total: ${message}`,
      `output["a key"].deep: ${message}`,
    ]);
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(error.message).not.toContain('secret');
  });

  it('refuses a cycle, wherever it closes', () => {
    const self: Record<string, unknown> = {};
    self['self'] = self;
    const list: unknown[] = [];
    list.push(list);
    const viaToJson = { toJSON: () => ({ back: viaToJson }) };
    const answer: Record<string, unknown> = {};
    answer['answer'] = { toJSON: () => answer };

    expect(issuesOf(() => takeJsonObject({ cycle, self, list, viaToJson, answer }, 'input'))).toEqual([
      'input.cycle.list[0].back: must not contain itself',
      'input.self.self: must not contain itself',
      'input.list[0]: must not contain itself',
      'input.viaToJson.back: must not contain itself',
      'input.answer.answer: must not contain itself',
    ]);
  });

  it('takes what stands twice without a cycle', () => {
    const shared = { a: 1 };
    expect(takeJsonObject({ one: shared, two: [shared, shared] }, 'input')).toEqual({
      one: { a: 1 },
      two: [{ a: 1 }, { a: 1 }],
    });
  });

  it(`takes ${MAX_DEPTH} levels and refuses one more`, () => {
    expect(JSON.stringify(takeJsonObject(nested(MAX_DEPTH), 'input'))).toBe(
      JSON.stringify(nested(MAX_DEPTH)),
    );
    expect(issuesOf(() => takeJsonObject(nested(MAX_DEPTH + 1), 'input'))).toEqual([
      expect.stringMatching(/^input(\.a){11}…(\.a){8}: nests deeper than 1000 levels$/),
    ]);
  });

  it.each([
    ['objects', nested(10_000)],
    ['arrays', { list: JSON.parse('['.repeat(3_000) + ']'.repeat(3_000)) as object }],
    ['answers of toJSON', { toJSON: endless }],
    [
      'getters',
      {
        get deeper(): object {
          return endlessGetter();
        },
      },
    ],
  ])('refuses 10,000 levels of %s with nothing but a validation_error', (_title, value) => {
    expect(issuesOf(() => takeJsonObject(value, 'input')).join()).toMatch(/nests deeper than 1000 levels$/);
  });

  it('names twenty issues and no more', () => {
    const rows = Array.from({ length: 500 }, () => NaN);

    expect(issuesOf(() => takeJsonObject({ rows }, 'input'))).toHaveLength(20);
  });
});

describe('copyJson()', () => {
  it('copies values that are no objects', () => {
    expect(['text', 1.5, true, null, [1]].map((value) => copyJson(value, 'x', []))).toEqual([
      'text',
      1.5,
      true,
      null,
      [1],
    ]);
  });

  it('says that nothing is missing', () => {
    const issues: ValidationIssue[] = [];
    copyJson(undefined, 'value', issues);
    expect(issues).toEqual([{ path: 'value', message: 'is missing' }]);
  });
});

describe('isJsonObject()', () => {
  it.each<[title: string, value: unknown, verdict: boolean]>([
    ['a literal', {}, true],
    ['an object without prototype', Object.create(null), true],
    ['an object of another realm', runInContext('({})', foreign), true],
    ['an object with a key constructor', { constructor: null }, true],
    ['an array', [], false],
    ['null', null, false],
    ['a text', 'text', false],
    ['a Date', new Date(), false],
    ['a Map', new Map(), false],
    ['an instance', new Point(1, 2), false],
    ['a function', () => 1, false],
  ])('says of %s', (_title, value, verdict) => {
    expect(isJsonObject(value)).toBe(verdict);
  });
});

describe('setMember()', () => {
  it('sets __proto__ as a member like any other', () => {
    const target = {};
    setMember(target, '__proto__', { a: 1 });
    setMember(target, 'b', 2);

    expect(JSON.stringify(target)).toBe('{"__proto__":{"a":1},"b":2}');
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
  });

  it.each(['__proto__', 'b'])('leaves a member %s that can be written, listed and deleted', (key) => {
    const target = {};
    setMember(target, key, 1);

    expect(Object.getOwnPropertyDescriptor(target, key)).toEqual({
      value: 1,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  });
});

describe('formatPath()', () => {
  it.each([
    [['output'], 'output'],
    [['output', 'rows', 3, 'total'], 'output.rows[3].total'],
    [['output', 'total cost', 'a-b', '0'], 'output["total cost"]["a-b"]["0"]'],
    [['output', '', 'a"b'], 'output[""]["a\\"b"]'],
    [['output', '__proto__', '$x', '_y'], 'output.__proto__.$x._y'],
    [['output', 'k'.repeat(30), 'long '.repeat(40)], `output.${'k'.repeat(30)}["${'long '.repeat(16)}"]`],
  ])('writes %j', (keys, path) => {
    expect(formatPath(keys)).toBe(path);
  });

  it('writes 24 keys, and of more the first twelve and the last eight', () => {
    const keys = Array.from({ length: 25 }, (_, index) => `k${index}`);

    expect(formatPath(keys.slice(0, 24))).toBe(keys.slice(0, 24).join('.'));
    expect(formatPath(keys)).toBe(`${keys.slice(0, 12).join('.')}….${keys.slice(-8).join('.')}`);
  });
});

function nested(levels: number): object {
  let value = {};
  for (let level = 1; level < levels; level++) value = { a: value };
  return value;
}

function endless(): object {
  return { deeper: { toJSON: endless } };
}

function endlessGetter(): object {
  return {
    get deeper(): object {
      return endlessGetter();
    },
  };
}

function throwing(handler: ProxyHandler<object>): object {
  return new Proxy({ member: 1 }, handler);
}

function fail(error: unknown): never {
  throw error;
}

describe('An object that JSON writes as {}', () => {
  it('is taken where it is plain and empty, of whatever realm', () => {
    for (const plain of [{}, Object.create(null), runInContext('({})', createContext({}))] as object[]) {
      expect(takeJsonObject({ plain }, 'output')).toEqual({ plain: {} });
    }
  });

  it('is taken where it is an instance that has members', () => {
    class Point {
      readonly x = 1;
    }
    expect(takeJsonObject({ point: new Point() }, 'output')).toEqual({ point: { x: 1 } });
  });

  it('is refused for its members where it is an instance that has no other', () => {
    class Call {
      readonly run = (): number => 1;
    }
    expect(issuesOf(() => takeJsonObject({ call: new Call() }, 'output'))).toEqual([
      'output.call.run: cannot be a function',
    ]);
  });

  it('is named by what it calls itself, cut where that is long', () => {
    const named = Object.create({ [Symbol.toStringTag]: 'x'.repeat(1_000_000) }) as object;
    expect(refusalOf(() => takeJsonObject({ named }, 'output')).message.length).toBeLessThan(200);
  });

  it('leaves a path short, however long its keys are', () => {
    const key = 'k'.repeat(1_000_000);
    expect(refusalOf(() => takeJsonObject({ [key]: 1n }, 'output')).message.length).toBeLessThan(200);
  });
});
