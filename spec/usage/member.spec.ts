import { isObject, memberOf, objectAt, objectUnder, textOf } from '../../lib/usage/member';
import { refusal } from './subjects';

describe('memberOf', () => {
  it('reads a member of an SDK’s class, whose getters are on the prototype', () => {
    class Usage {
      readonly #input = 5;
      get inputTokens(): number {
        return this.#input;
      }
    }
    expect(memberOf(new Usage(), 'inputTokens')).toBe(5);
    expect(memberOf(new Usage(), 'outputTokens')).toBeUndefined();
  });

  it('refuses a member that throws, with its name and with what it threw', () => {
    const cause = new Error('not streamed yet');
    const source = {
      get usage(): never {
        throw cause;
      },
    };
    const error = refusal(() => memberOf(source, 'usage'));
    expect(error).toMatchObject({ code: 'validation_error', cause });
    expect(error.details['issues']).toEqual([{ path: 'usage', message: 'cannot be read: it throws' }]);
  });
});

describe('objectAt', () => {
  it.each([undefined, null, 'text', 5, true])('gives nothing where %p stands', (value) => {
    expect(objectAt({ value }, 'value')).toBeUndefined();
  });

  it('gives the object', () => {
    const value = {};
    expect(objectAt({ value }, 'value')).toBe(value);
  });
});

describe('textOf', () => {
  it('gives the first that is a text with something in it', () => {
    const source = { first: 5, second: '', third: 'c', fourth: 'd' };
    expect(textOf(source, 'first', 'second', 'missing', 'third', 'fourth')).toBe('c');
  });

  it('gives null where none is', () => {
    expect(textOf({ first: 5, second: '' }, 'first', 'second')).toBeNull();
  });
});

describe('objectUnder', () => {
  const inner = {};
  const source = { outer: { inner }, text: 'x' };

  it('follows the names', () => {
    expect(objectUnder(source, 'outer', 'inner')).toBe(inner);
    expect(objectUnder(source)).toBe(source);
  });

  it.each([[['missing', 'inner']], [['outer', 'missing']], [['text', 'length']]])(
    'gives nothing where %p leads nowhere',
    (names) => {
      expect(objectUnder(source, ...names)).toBeUndefined();
    },
  );
});

describe('isObject', () => {
  it.each<[unknown, boolean]>([
    [{}, true],
    [[], true],
    [null, false],
    [undefined, false],
    ['text', false],
    [() => undefined, false],
  ])('says of %p %p', (value, expected) => {
    expect(isObject(value)).toBe(expected);
  });
});
