import fc from 'fast-check';
import { sortInTurns } from '../../lib/store/sort-in-turns';

const byKey = (left: { key: number }, right: { key: number }): number => left.key - right.key;

describe('sortInTurns()', () => {
  it('sorts as Array.sort() does, equals in their order', async () => {
    const items = fc
      .array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 })
      .chain((keys) => fc.constantFrom(0, 1, 150, 333).map((times) => [keys, times] as const));
    await fc.assert(
      fc.asyncProperty(items, async ([keys, times]) => {
        const many = [...keys, ...Array.from({ length: times }, () => keys).flat()];
        const given = many.map((key, place) => ({ key, place }));
        expect(await sortInTurns(given, byKey)).toEqual([...given].sort(byKey));
      }),
      { numRuns: 40 },
    );
  });

  it('lets others in when it takes long', async () => {
    let turns = 0;
    let isSorting = true;
    const takeTurns = (): void => {
      turns += 1;
      if (isSorting) setImmediate(takeTurns);
    };
    setImmediate(takeTurns);
    const items = Array.from({ length: 100_000 }, (_, index) => ({ key: (index * 7919) % 100_000 }));
    const sorted = await sortInTurns(items, byKey);
    isSorting = false;
    expect(sorted.map(({ key }) => key)).toEqual(items.map((_, index) => index));
    expect(turns).toBeGreaterThan(3);
  });
});
