import * as fc from 'fast-check';
import {
  cutText,
  formatAgo,
  formatClock,
  formatCount,
  formatDollars,
  formatDuration,
  formatShare,
  formatTime,
  formatTokens,
  formatUtc,
  plural,
  shortId,
} from '../../../lib/http/page/model/format';

const NOW = new Date(2026, 10, 25, 14, 3, 22).getTime();

describe('formatDuration()', () => {
  it.each([
    [-5, '0 ms'],
    [0, '0 ms'],
    [340.4, '340 ms'],
    [999, '999 ms'],
    [1_000, '1 s'],
    [4_249, '4.2 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [42_400, '42 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [192_000, '3 min 12 s'],
    [3_598_500, '59 min 59 s'],
    [3_599_500, '1 h'],
    [3_599_600, '1 h'],
    [7_500_000, '2 h 5 min'],
    [86_310_000, '23 h 59 min'],
    [86_370_000, '1 d'],
    [86_400_000, '1 d'],
    [273_600_000, '3 d 4 h'],
    [4e12, '46,296 d 7 h'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('formatDollars()', () => {
  it.each([
    [null, '–'],
    [undefined, '–'],
    [0, '$0'],
    [0.000_000_4, '< $0.000001'],
    [0.000_001, '$0.0000010'],
    [0.000_012, '$0.000012'],
    [0.0042, '$0.0042'],
    [0.026_31, '$0.026'],
    [0.0995, '$0.10'],
    [0.0999, '$0.10'],
    [1.3, '$1.30'],
    [12.345, '$12.35'],
    [999.99, '$999.99'],
    [999.995, '$1,000'],
    [1_234.4, '$1,234'],
  ])('writes %p as %s', (usd, text) => {
    expect(formatDollars(usd)).toBe(text);
  });
});

describe('formatTokens()', () => {
  it.each([
    [null, '–'],
    [undefined, '–'],
    [0, '0'],
    [940, '940'],
    [9_999, '9,999'],
    [10_000, '10k'],
    [12_345, '12.3k'],
    [42_000, '42k'],
    [999_499, '999k'],
    [999_500, '1M'],
    [4_561_000, '4.56M'],
    [9_995_000, '10M'],
    [123_456_789, '123M'],
    [999_500_000, '1B'],
    [1_200_000_000, '1.2B'],
  ])('writes %p as %s', (tokens, text) => {
    expect(formatTokens(tokens)).toBe(text);
  });
});

describe('formatShare()', () => {
  it.each([
    [0, '0 %'],
    [0.0004, '< 0.1 %'],
    [0.001, '0.1 %'],
    [0.003, '0.3 %'],
    [0.04, '4 %'],
    [0.224, '22 %'],
    [1, '100 %'],
  ])('writes %d as %s', (share, text) => {
    expect(formatShare(share)).toBe(text);
  });
});

describe('formatAgo()', () => {
  it.each([
    [0, 'now'],
    [1_500, 'now'],
    [2_000, '2 s ago'],
    [12_000, '12 s ago'],
    [60_000, '1 min ago'],
    [180_000, '3 min ago'],
    [3_600_000, '1 h ago'],
    [7_200_000, '2 h ago'],
    [172_800_000, '2 d ago'],
    [-1_000, 'now'],
    [-1_001, 'in 1 s'],
    [432_000_000, '5 d ago'],
    [-180_000, 'in 3 min'],
  ])('writes what was %d ms ago as %s', (ms, text) => {
    expect(formatAgo(NOW - ms, NOW)).toBe(text);
  });
});

describe('formatTime()', () => {
  it('gives the time of today with seconds', () => {
    expect(formatTime(NOW - 1_000, NOW)).toBe(formatClock(NOW - 1_000));
    expect(formatClock(NOW)).toMatch(/14.03.22/);
  });

  it('gives the day of this year and the year of another', () => {
    expect(formatTime(new Date(2026, 1, 3, 9, 5).getTime(), NOW)).not.toContain('2026');
    expect(formatTime(new Date(2025, 1, 3, 9, 5).getTime(), NOW)).toContain('2025');
  });
});

describe('formatUtc()', () => {
  it('gives milliseconds and says that it is UTC', () => {
    expect(formatUtc(Date.parse('2026-11-25T13:03:22.123Z'))).toBe('2026-11-25 13:03:22.123 UTC');
  });
});

describe('plural()', () => {
  it('counts in words', () => {
    expect([plural(1, 'run'), plural(2, 'run'), plural(0, 'entry', 'entries')]).toEqual([
      '1 run',
      '2 runs',
      '0 entries',
    ]);
    expect(formatCount(1_234_567)).toBe('1,234,567');
  });
});

describe('shortId()', () => {
  it('keeps the end, by which ids of one moment differ', () => {
    expect(shortId('run_0198fc2e77aa7000800012345678abcd')).toBe('run_01…5678abcd');
    expect(shortId('session-1')).toBe('session-1');
    expect(shortId('x'.repeat(18))).toBe('x'.repeat(18));
    expect(shortId('x'.repeat(19))).toBe('xxxxxx…xxxxxxxx');
  });
});

describe('cutText()', () => {
  it.each([
    ['as it is', 'as it is'],
    ['  one \n\n  two ', 'one two'],
    ['12345678', '12345678'],
    ['123456789', '1234567…'],
    ['123456 89', '123456…'],
  ])('makes %j %j where eight characters have room', (text, cut) => {
    expect(cutText(text, 8)).toBe(cut);
  });

  it('gives one line of at most that length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), fc.integer({ min: 2, max: 90 }), (text, length) => {
        const cut = cutText(text, length);
        expect(cut.length).toBeLessThanOrEqual(length);
        expect(cut).not.toMatch(/[\n\r\t]/);
      }),
    );
  });
});
