import { createContext, runInContext } from 'node:vm';
import { RunError } from 'agent-run';
import { errorPayload, isError, messageOf } from '../../lib/record/error-payload';

const foreign = runInContext('new TypeError("from elsewhere")', createContext({})) as Error;
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

describe('errorPayload()', () => {
  it('keeps the name and the message', () => {
    expect(errorPayload(new TypeError('no function'))).toStrictEqual({
      name: 'TypeError',
      message: 'no function',
    });
  });

  it.each<[title: string, error: Error, word: object]>([
    ['name', Object.assign(new Error('x'), { name: 'n'.repeat(201) }), { name: 'n'.repeat(200) }],
    ['code', Object.assign(new Error('x'), { code: 'c'.repeat(201) }), { code: 'c'.repeat(200) }],
  ])('cuts a %s after 200 characters', (_title, error, word) => {
    expect(errorPayload(error)).toMatchObject(word);
  });

  it('knows an Error of another realm', () => {
    expect(errorPayload(foreign)).toEqual({ name: 'TypeError', message: 'from elsewhere' });
  });

  it('keeps the code, the details and the cause', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const error = new RunError('storage_error', 'No answer', { details: { host: 'db' }, cause });

    expect(errorPayload(error)).toEqual({
      name: 'RunError',
      message: 'No answer',
      code: 'storage_error',
      details: { host: 'db' },
      cause: { name: 'Error', message: 'refused', code: 'ECONNREFUSED' },
    });
  });

  it.each<[code: unknown, kept: boolean]>([
    ['E_CODE', true],
    [0, true],
    [404, true],
    [NaN, false],
    [1n, false],
    [{ a: 1 }, false],
    [null, false],
  ])('keeps a code of %p: %p', (code, kept) => {
    const payload = errorPayload(Object.assign(new Error('x'), { code }));

    expect(payload).toEqual(kept ? { name: 'Error', message: 'x', code } : { name: 'Error', message: 'x' });
  });

  it('keeps a cause that is no Error where JSON can carry it', () => {
    expect(errorPayload(new Error('x', { cause: { status: 500 } }))).toMatchObject({
      cause: { status: 500 },
    });
    expect(errorPayload(new Error('x', { cause: 'a text' }))).toMatchObject({ cause: 'a text' });
    expect(errorPayload(new Error('x', { cause: 1n }))).toEqual({ name: 'Error', message: 'x' });
    expect(errorPayload(new Error('x', { cause: null }))).toEqual({ name: 'Error', message: 'x' });
  });

  it('leaves out details that JSON cannot carry', () => {
    const error = new RunError('conflict', 'x', { details: { socket: () => 1 } });

    expect(errorPayload(error)).toEqual({ name: 'RunError', code: 'conflict', message: 'x' });
  });

  it('keeps the stack on request only, of each cause too', () => {
    const error = new Error('x', { cause: new Error('y') });

    expect(JSON.stringify(errorPayload(error))).not.toContain('stack');
    expect(errorPayload(error, { stack: true })).toMatchObject({
      stack: error.stack,
      cause: { stack: (error.cause as Error).stack },
    });
  });

  it('follows eight causes, of a cycle too', () => {
    const error = new Error('round');
    error.cause = error;
    const depth = JSON.stringify(errorPayload(error)).split('"cause"').length - 1;

    expect(depth).toBe(8);
  });

  it('follows errors within errors eight levels down, of a cycle too', () => {
    const error = new AggregateError([], 'round');
    error.errors.push(error);
    const depth = JSON.stringify(errorPayload(error)).split('"errors"').length - 1;

    expect(depth).toBe(8);
  });

  it.each<[title: string, thrown: unknown, message: string]>([
    ['a text', 'oops', 'oops'],
    ['a number', 7, '7'],
    ['an object', { status: 500 }, '{"status":500}'],
    ['null', null, 'No reason was given'],
    ['undefined', undefined, 'No reason was given'],
    ['a symbol', Symbol('s'), 'Neither an Error nor JSON, but a value of the type symbol'],
    ['a function', () => 1, 'Neither an Error nor JSON, but a value of the type function'],
    ['a revoked Proxy', revoked, 'Neither an Error nor JSON, but a value of the type object'],
  ])('makes a message of %s', (_title, thrown, message) => {
    expect(errorPayload(thrown)).toStrictEqual({ message });
    expect(messageOf(thrown)).toBe(message);
  });

  it('survives an Error whose members throw or are no texts', () => {
    const error = new Error('x');
    Object.defineProperty(error, 'message', { value: 7 });
    Object.defineProperty(error, 'stack', { value: null });
    Object.defineProperty(error, 'cause', { get: () => fail() });
    Object.defineProperty(error, 'name', { get: () => fail() });

    expect(errorPayload(error, { stack: true })).toEqual({ name: '', message: '', stack: '' });
    expect(messageOf(error)).toBe('');
  });

  it('survives members that cannot be looked at', () => {
    const hostile = { code: 7, message: 'x', [Symbol.toStringTag]: 'x' };
    Object.defineProperty(hostile, Symbol.toStringTag, { get: () => fail() });
    const endless = new Proxy([], { get: () => fail() });

    expect(errorPayload(hostile)).toEqual({ code: 7, message: 'x' });
    for (const errors of [revoked, endless]) {
      const error = Object.assign(new Error('x'), { details: revoked, cause: revoked, errors });
      expect(errorPayload(error)).toEqual({ name: 'Error', message: 'x' });
    }
  });
});

describe('isError()', () => {
  it('knows errors of every realm and survives what cannot be looked at', () => {
    class Derived extends RangeError {}
    const values = [new Error(), new Derived(), foreign, new DOMException('x'), {}, 'x', null, revoked];

    expect(values.map(isError)).toEqual([true, true, true, true, false, false, false, false]);
  });
});

function fail(): never {
  throw new Error('a getter');
}

describe('What an error of an SDK becomes', () => {
  class RateLimitError extends Error {
    readonly status = 429;
  }

  it('has the name of its class where the error only says Error, and its status', () => {
    expect(errorPayload(new RateLimitError('slow down'))).toEqual({
      name: 'RateLimitError',
      message: 'slow down',
      status: 429,
    });
    expect(errorPayload(Object.assign(new TypeError('x'), { statusCode: 503 }))).toEqual({
      name: 'TypeError',
      message: 'x',
      status: 503,
    });
    expect(errorPayload(Object.assign(new Error('x'), { status: 'bad' }))).toEqual({
      name: 'Error',
      message: 'x',
    });
  });

  it('says Error where its class has no name, or none that is a text', () => {
    const unnamed = new (class extends Error {})('x');
    const odd = Object.assign(new Error('x'), { constructor: { name: 7 } });
    const none = Object.assign(new Error('x'), { constructor: undefined });

    expect([unnamed, odd, none].map((error) => errorPayload(error)['name'])).toEqual([
      'Error',
      'Error',
      'Error',
    ]);
  });

  it('has the errors of an AggregateError, at most 10', () => {
    const errors = Array.from({ length: 12 }, (_, index) => new RateLimitError(String(index)));
    const payload = errorPayload(
      new AggregateError([...errors.slice(0, 9), { code: 'a' }, 'late'], 'all failed'),
    );
    expect(payload).toMatchObject({ name: 'AggregateError', message: 'all failed' });
    expect(payload['errors']).toHaveLength(10);
    expect((payload['errors'] as object[])[0]).toEqual({ name: 'RateLimitError', message: '0', status: 429 });
    expect((payload['errors'] as object[])[9]).toEqual({ code: 'a', message: '{"code":"a"}' });
  });

  it.each(['text', { email: new Error('x') }])('has no errors where those are no list: %p', (errors) => {
    expect(errorPayload(Object.assign(new Error('x'), { errors }))).toEqual({ name: 'Error', message: 'x' });
  });

  it('stays small where errors hold errors that hold errors', () => {
    const nest = (depth: number): Error =>
      depth === 0
        ? new Error('x')
        : new AggregateError(
            Array.from({ length: 10 }, () => nest(depth - 1)),
            'many',
          );
    const payload = errorPayload(nest(4));
    const within = (each: object): object[] => {
      const errors = (each as { errors?: object[] }).errors ?? [];
      return errors.concat(errors.flatMap(within));
    };

    expect(JSON.stringify(payload).length).toBeLessThan(5_000);
    expect(within(payload).map((each) => Object.keys(each)[0])).toEqual(
      Array.from({ length: 40 }, () => 'name'),
    );
  });

  it('has no number for a code where it is a DOMException', () => {
    expect(errorPayload(new DOMException('stopped', 'AbortError'))).toEqual({
      name: 'AbortError',
      message: 'stopped',
    });
  });

  it('keeps the code of what was thrown and is no Error', () => {
    expect(errorPayload({ code: 'quota', message: 'none left' })).toEqual({
      code: 'quota',
      message: 'none left',
    });
    expect(messageOf({ code: 'quota', message: 'none left' })).toBe('none left');
    expect(errorPayload({ code: 7, why: 'x' })).toEqual({ code: 7, message: '{"code":7,"why":"x"}' });
  });

  it('leaves out details that would become {}', () => {
    const error = Object.assign(new Error('x'), { details: { response: new Response('secret') } });
    expect(errorPayload(error)).toEqual({ name: 'Error', message: 'x' });
  });
});
