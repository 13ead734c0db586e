import * as fc from 'fast-check';
import type { MetadataScalar } from '../../lib/store/metadata';
import { isMetadataScalar, memberOf, membersOf, rarestFirst } from '../../lib/store/metadata';

const name = fc.string({ unit: 'binary', maxLength: 256 });
const scalar = fc.oneof(name, fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }));

describe('memberOf()', () => {
  it('is another one for another name, value or kind of value', () => {
    fc.assert(
      fc.property(name, scalar, name, scalar, (leftName, left, rightName, right) => {
        const isSame = leftName === rightName && JSON.stringify(left) === JSON.stringify(right);
        const [one, other] = [memberOf(leftName, left), memberOf(rightName, right)];
        expect(one.name === other.name && one.value === other.value).toBe(isSame);
      }),
    );
  });

  it('fits into the index of PostgreSQL, and has no letter that a database refuses', () => {
    fc.assert(
      fc.property(name, scalar, (key, value) => {
        const member = memberOf(key, value);
        for (const text of [member.name, member.value]) {
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(520);
          expect(text).not.toMatch(/\0|\p{Surrogate}/u);
        }
      }),
    );
  });
});

describe('memberOf()', () => {
  it('has as they are a name and a value that fill an index, and a hash of longer ones', () => {
    const text = '\u00e9'.repeat(255);
    expect(memberOf('n', text)).toEqual({ name: 'n', value: `"${text}"` });
    expect(memberOf('n', `${text}x`).value).toMatch(/^sha256:[0-9a-f]{64}$/);
    const name = '\u00e9'.repeat(256);
    expect(memberOf(name, 1)).toEqual({ name, value: '1' });
    expect(memberOf(`${name}x`, 1).name).toHaveLength('?sha256:'.length + 64);
  });
});

describe('rarestFirst()', () => {
  it('puts the member first that the fewest runs have, and keeps their order otherwise', () => {
    const members = ['a', 'b', 'c', 'd'].map((key) => memberOf(key, 1));
    const ordered = rarestFirst(members, [5, 2, 5, 0]);
    expect(ordered.map((member) => member.name)).toEqual(['d', 'b', 'a', 'c']);
  });
});

describe('isMetadataScalar()', () => {
  it('is true of what a member can be found by', () => {
    expect(['', 'a', 0, -1.5, true, false].map(isMetadataScalar)).not.toContain(false);
    expect([null, undefined, NaN, Infinity, {}, [], 1n].map(isMetadataScalar)).not.toContain(true);
  });
});

describe('membersOf()', () => {
  it('gives the members that can be found, as memberOf() has them', () => {
    const metadata: Readonly<Record<string, unknown>> = {
      a: 1,
      b: [1],
      c: null,
      d: 'x',
      ['e'.repeat(257)]: 1,
      f: false,
    };
    const wanted = ['a', 'd', 'f'].map((key) => memberOf(key, metadata[key] as MetadataScalar));
    expect(membersOf(JSON.stringify(metadata))).toEqual(wanted);
    expect(membersOf('{}')).toEqual([]);
  });

  it('gives members with names and texts of up to 256 characters, 32 of them', () => {
    const [most, more] = ['x'.repeat(256), 'x'.repeat(257)];
    const named = (metadata: object): string[] =>
      membersOf(JSON.stringify(metadata)).map((member) => member.name);
    expect(named({ [more]: 1, a: more, b: most, [most]: 1, c: 2 ** 300 })).toEqual(['b', most, 'c']);
    const names = Array.from({ length: 33 }, (_, index) => `name${index}`);
    const many = Object.fromEntries(names.map((key) => [key, true]));
    expect(named({ object: {}, ...many })).toEqual(names.slice(0, 32));
  });
});
