import { readAll } from '../../lib/store/read-all';

describe('readAll()', () => {
  it('leaves out what cannot be read, and reports it', () => {
    const unreadable = jest.fn();
    const error = new Error('no number');
    const read = (row: string): number => {
      if (row === 'b') throw error;
      return row.length;
    };
    expect(readAll(['aa', 'b', 'ccc'], read, { unreadable })).toEqual([2, 3]);
    expect(unreadable.mock.calls).toEqual([[error]]);
  });
});
