import * as fc from 'fast-check';
import type { MetadataScalar } from '../../lib/store/metadata';
import { memberOf, membersOf } from '../../lib/store/metadata';

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
});
