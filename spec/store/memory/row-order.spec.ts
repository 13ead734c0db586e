import type { RowKey } from '../../../lib/store/backend';
import { RowOrder } from '../../../lib/store/memory/row-order';

const orderOf = (...keys: readonly (readonly [number, string])[]): RowOrder<RowKey> => {
  const order = new RowOrder<RowKey>();
  for (const [startedMs, id] of keys) order.add({ startedMs, id });
  return order;
};

const idsOf = (rows: Iterable<RowKey>): string[] => [...rows].map(({ id }) => id);

describe('RowOrder', () => {
  it('gives the newest first, by id where they started at once, whenever they came', () => {
    const order = orderOf([2, 'b'], [1, 'z'], [3, 'a'], [2, 'a'], [2, 'c']);
    expect(idsOf(order.newestFirst())).toEqual(['a', 'c', 'b', 'a', 'z']);
  });

  it('goes on from a key, whether it is there or not', () => {
    const order = orderOf([1, 'a'], [2, 'a'], [2, 'b'], [3, 'a']);
    expect(idsOf(order.newestFirst({ startedMs: 2, id: 'b' }))).toEqual(['a', 'a']);
    expect(idsOf(order.newestFirst({ startedMs: 2, id: 'bb' }))).toEqual(['b', 'a', 'a']);
    expect(idsOf(order.newestFirst({ startedMs: 0, id: '' }))).toEqual([]);
  });

  it('removes one, and is empty after the last', () => {
    const order = orderOf([1, 'a'], [1, 'b']);
    order.remove({ startedMs: 1, id: 'a' });
    expect(idsOf(order.newestFirst())).toEqual(['b']);
    order.remove({ startedMs: 1, id: 'b' });
    expect(order.isEmpty).toBe(true);
  });
});
