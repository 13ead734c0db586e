import * as fc from 'fast-check';
import { createAxis, roomToGrow } from '../../../lib/http/page/model/axis';

const HOUR = 3_600_000;

describe('createAxis()', () => {
  it('puts moments between 0 and 1', () => {
    const axis = createAxis({ start: 1_000, end: 11_000 });
    expect([0, 1_000, 6_000, 11_000, 99_000].map((at) => axis.position(at))).toEqual([0, 0, 0.5, 1, 1]);
    expect(axis.ticks.map(({ label }) => label)).toEqual(
      ['0', '2 s', '4 s', '6 s', '8 s', '10 s'].filter((_, index) => index < axis.ticks.length),
    );
  });

  it('has a tick at each round time since the start, as many as there is room for', () => {
    const labels = ['0', '2 s', '4 s', '6 s', '8 s', '10 s', '12 s'];
    const ticks = labels.map((label, index) => ({ label, position: index / 6 }));
    expect(createAxis({ start: 0, end: 12_000, ticks: 6 }).ticks).toEqual(ticks);
    expect(createAxis({ start: 777, end: 12_777, ticks: 6 }).ticks).toEqual(ticks);
    const longer = createAxis({ start: 0, end: 12_001, ticks: 6 }).ticks;
    expect(longer.map(({ label }) => label)).toEqual(['0', '5 s', '10 s']);
  });

  it('ends bars of what lasts now, and never behind its end', () => {
    expect(createAxis({ start: 0, end: 10 }).now).toBe(10);
    expect(createAxis({ start: 0, end: 10, now: 5 }).now).toBe(5);
    expect(createAxis({ start: 0, end: 10, now: 50 }).now).toBe(10);
  });

  it('has no tick within a wait that is drawn short, and says behind it once how late it is', () => {
    const waits = [{ start: 3_500, end: 3_500 + HOUR }];
    const { ticks, position } = createAxis({ start: 0, end: 7_000 + HOUR, waits, ticks: 8 });
    expect(ticks.map(({ label }) => label)).toEqual(['0', '1 s', '2 s', '3 s', '1 h']);
    expect(ticks[4]!.position).toBeCloseTo(position(HOUR + 4_000));
  });

  it('puts the start at 0 where the run began with a wait', () => {
    expect(createAxis({ start: 0, end: 10_000, waits: [{ start: 0, end: 500 }] }).position(0)).toBe(0);
  });

  it('takes a run without a length', () => {
    const axis = createAxis({ start: 5, end: 5 });
    expect(axis.position(5)).toBe(0);
    expect(axis.ticks.length).toBeGreaterThan(0);
  });

  it('draws a weekend of waiting short', () => {
    const waits = [{ start: 10_000, end: 10_000 + 60 * HOUR }];
    const axis = createAxis({ start: 0, end: 20_000 + 60 * HOUR, waits });
    expect(axis.position(10_000)).toBeGreaterThan(0.4);
    expect(axis.position(10_000 + 60 * HOUR)).toBeLessThan(0.6);
  });

  it('lets a wait that is short be as long as it was', () => {
    const axis = createAxis({ start: 0, end: 10_000, waits: [{ start: 4_000, end: 4_500 }] });
    expect(axis.position(5_000)).toBeCloseTo(0.5);
  });

  it('lets a run that did nothing but wait fill the axis', () => {
    const axis = createAxis({ start: 0, end: HOUR, waits: [{ start: 0, end: null }] });
    expect(axis.position(HOUR / 2)).toBeCloseTo(0.5);
  });

  it('keeps the order of moments, and ticks that do not touch', () => {
    const moment = fc.integer({ min: 0, max: 10 * HOUR });
    fc.assert(
      fc.property(
        moment,
        fc.array(fc.tuple(moment, moment), { maxLength: 4 }),
        fc.array(moment),
        (end, pairs, moments) => {
          const waits = pairs.map(([one, other]) => ({
            start: Math.min(one, other),
            end: Math.max(one, other),
          }));
          waits.sort((one, other) => one.start - other.start);
          const axis = createAxis({ start: 0, end, waits });
          const positions = moments.sort((one, other) => one - other).map((at) => axis.position(at));
          expect(positions).toEqual([...positions].sort((one, other) => one - other));
          for (const position of positions) expect(position >= 0 && position <= 1).toBe(true);
          expect(axis.ticks.length).toBeLessThanOrEqual(12);
          for (const [index, { position }] of axis.ticks.entries()) {
            if (index > 0) expect(position - axis.ticks[index - 1]!.position).toBeGreaterThan(0.09);
          }
        },
      ),
    );
  });
});

describe('roomToGrow()', () => {
  it('moves in steps, ahead of the time', () => {
    expect([0, 4_901, 4_903].map(roomToGrow)).toEqual([5_000, 5_000, 6_000]);
    expect(new Set([20_000, 20_500, 21_000, 24_000].map(roomToGrow))).toEqual(new Set([25_000]));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e11 }), (elapsed) => {
        expect(roomToGrow(elapsed)).toBeGreaterThan(elapsed);
        expect(roomToGrow(elapsed)).toBeLessThanOrEqual(Math.max(5_000, 1.4 * 1.02 * elapsed) + 1);
      }),
    );
  });
});
