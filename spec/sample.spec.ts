import * as fc from 'fast-check';
import { Sample } from 'agent-run';

describe('Sample', () => {
  it('emits and survives JSON', () => {
    const sample = new Sample();
    const seen: number[] = [];
    sample.on('counted', ({ count }) => seen.push(count));
    sample.add();
    expect(seen).toEqual([1]);
    expect(Sample.fromJSON(sample.toJSON()).count).toBe(1);
    expect(Object.keys(new Sample().toJSON())).toEqual(['id', 'turn_count']);
  });

  it('refuses what is no record', () => {
    expect(() => Sample.fromJSON({ id: 1 })).toThrow('no sample');
    fc.assert(
      fc.property(fc.integer({ max: -1 }), (n) => {
        expect(() => Sample.fromJSON({ id: 'a', turn_count: n })).toThrow(TypeError);
      }),
    );
  });
});
