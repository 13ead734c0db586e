import type { ValidationIssue } from '../../lib/record/error';
import { countAt, keysOf, readSource, takeCount } from '../../lib/usage/count-path';

function found(text: string, usage: object, path = ''): [number | undefined, string[]] {
  const issues: ValidationIssue[] = [];
  const count = countAt(readSource(text), usage, path, issues);
  return [count, issues.map((issue) => issue.path)];
}

describe('readSource()', () => {
  it('tells a fallback, and what stands around the usage', () => {
    expect(readSource('a')).toMatchObject({ isFallback: false, isAround: false, text: 'a' });
    expect(readSource('? a')).toMatchObject({ isFallback: true, isAround: false, text: '? a' });
    expect(readSource('^a.b')).toMatchObject({ isFallback: false, isAround: true });
    expect(readSource('? ^a.b')).toMatchObject({ isFallback: true, isAround: true });
  });
});

describe('keysOf()', () => {
  it.each([
    ['a', [['a']]],
    ['a.b', [['a', 'b']]],
    ['? ^a.b + c', [['a', 'b'], ['c']]],
    ['list[kind=AUDIO].n', [['list', 'n']]],
  ])('gives the keys of %s', (text, keys) => {
    expect(keysOf(readSource(text))).toEqual(keys);
  });
});

describe('countAt()', () => {
  it.each<[string, object, number | undefined]>([
    ['a', { a: 3 }, 3],
    ['a', { a: 0 }, 0],
    ['a', {}, undefined],
    ['a', { a: null }, undefined],
    ['a', { a: {} }, undefined],
    ['a', { a: { a: 3 } }, undefined],
    ['a.b', { a: { b: 3 } }, 3],
    ['a.b', { a: { b: { b: 3 } } }, undefined],
    ['a.b', { a: 3 }, undefined],
    ['a.b', { a: 'x' }, undefined],
    ['a.b', { a: null }, undefined],
    ['a.b', { a: [{ b: 3 }, { b: 4 }] }, 7],
    ['a.b', { a: [{ b: 0 }] }, 0],
    ['a.b', { a: [{}, 5, null, 'x'] }, undefined],
    ['a.b', { a: [null, { b: 4 }] }, 4],
    ['a.b', { a: [] }, undefined],
    ['a + b', { a: 3, b: 4 }, 7],
    ['a + b', { b: 4 }, 4],
    ['a + b', { a: 0 }, 0],
    ['a + b', {}, undefined],
    ['? a', { a: 3 }, 3],
    ['^a', { a: 3 }, 3],
    ['a[kind=X].n', { a: [{ kind: 'X', n: 3 }, { kind: 'Y', n: 4 }, { n: 5 }] }, 3],
    ['a[kind=X].n', { a: [{ kind: 'Y', n: 4 }] }, undefined],
    ['a[kind=X].n', { a: { n: 4 } }, 4],
  ])('reads %s in %j', (text, usage, count) => {
    expect(found(text, usage)).toEqual([count, []]);
  });

  it('names the path of what is no count', () => {
    expect(found('a', { a: 'x' })).toEqual([undefined, ['a']]);
    expect(found('a.b', { a: { b: -1 } }, 'usage')).toEqual([undefined, ['usage.a.b']]);
    expect(found('a + b', { a: 'x', b: 4 })).toEqual([4, ['a']]);
    expect(found('a[kind=X].n', { a: [{ kind: 'X', n: true }] })).toEqual([undefined, ['a.n']]);
  });
});

describe('takeCount()', () => {
  it.each([0, 0.5, 1, Number.MAX_SAFE_INTEGER])('takes %p', (value) => {
    const issues: ValidationIssue[] = [];
    expect(takeCount(value, 'a', issues)).toBe(value);
    expect(issues).toEqual([]);
  });

  it.each([[undefined], [null], [{}], [[]]])('says nothing of %p', (value) => {
    const issues: ValidationIssue[] = [];
    expect(takeCount(value, 'a', issues)).toBeUndefined();
    expect(issues).toEqual([]);
  });

  it.each([-1, NaN, Infinity, Number.MAX_SAFE_INTEGER + 1, '5', '', true, false])('refuses %p', (value) => {
    const issues: ValidationIssue[] = [];
    expect(takeCount(value, 'a.b', issues)).toBeUndefined();
    expect(issues).toMatchObject([{ path: 'a.b' }]);
  });
});
