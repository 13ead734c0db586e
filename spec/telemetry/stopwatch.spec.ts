import fc from 'fast-check';
import { secondsBetween, Stopwatch, toHrTime } from '../../lib/telemetry/stopwatch';

const epochMs = fc.integer({ min: 0, max: 4e12 });

describe('Stopwatch', () => {
  it('starts at its time and never goes back, whoever sets the clock', () => {
    jest.spyOn(Date, 'now').mockReturnValue(0);
    const stopwatch = new Stopwatch(1_700_000_000_999);
    expect(stopwatch.startTime).toEqual([1_700_000_000, 999_000_000]);
    let last = stopwatch.startTime;
    for (let index = 0; index < 1000; index++) {
      const now = stopwatch.now();
      expect(secondsBetween(last, now)).toBeGreaterThanOrEqual(0);
      expect(now[1]).toBeLessThan(1e9);
      last = now;
    }
    jest.restoreAllMocks();
  });
});

describe('toHrTime()', () => {
  it('keeps every millisecond', () => {
    fc.assert(
      fc.property(epochMs, (ms) => {
        const [seconds, nanos] = toHrTime(ms);
        expect(seconds * 1000 + nanos / 1e6).toBe(ms);
      }),
    );
  });
});

describe('secondsBetween()', () => {
  it('is the difference', () => {
    expect(secondsBetween([1, 900_000_000], [3, 100_000_000])).toBe(1.2);
    expect(secondsBetween([1, 100_000_000], [3, 900_000_000])).toBe(2.8);
    fc.assert(
      fc.property(epochMs, fc.nat(), (start, length) => {
        expect(secondsBetween(toHrTime(start), toHrTime(start + length))).toBeCloseTo(length / 1000, 6);
      }),
    );
  });
});
