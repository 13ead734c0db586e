import fc from 'fast-check';
import { formatTimestamp, parseTimestamp } from '../../lib/record/timestamp';

const YEAR_0 = Date.UTC(2000, 0, 1) - 730_485 * 86_400_000;
const YEAR_9999 = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

describe('formatTimestamp()', () => {
  it('writes what Date.prototype.toISOString() writes, at any time', () => {
    const times = fc.integer({ min: -8.64e15, max: 8.64e15 });
    fc.assert(
      fc.property(times, (ms) => {
        expect(formatTimestamp(ms)).toBe(new Date(ms).toISOString());
      }),
      { numRuns: 2_000 },
    );
  });

  it('writes the right day around midnight, to and fro', () => {
    const midnight = Date.UTC(2028, 1, 29);
    for (const ms of [midnight - 1, midnight, midnight + 86_399_999, midnight - 1, midnight + 86_400_000]) {
      expect(formatTimestamp(ms)).toBe(new Date(ms).toISOString());
    }
  });
});

describe('parseTimestamp()', () => {
  it('reads back every time of the years 0000 to 9999', () => {
    fc.assert(
      fc.property(fc.integer({ min: YEAR_0, max: YEAR_9999 }), (ms) => {
        expect(parseTimestamp(new Date(ms).toISOString())).toEqual({ ms, text: null });
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['2026-02-07T12:34:56Z', '2026-02-07T12:34:56.000Z', null],
    ['2026-02-07t12:34:56z', '2026-02-07T12:34:56.000Z', null],
    ['2026-02-07 12:34:56Z', '2026-02-07T12:34:56.000Z', null],
    ['2026-02-07T12:34:56.7Z', '2026-02-07T12:34:56.700Z', null],
    ['2026-02-07T12:34:56,78Z', '2026-02-07T12:34:56.780Z', null],
    ['2026-02-07T12:34:56.789Z', '2026-02-07T12:34:56.789Z', null],
    ['2026-02-07T14:34:56+02:00', '2026-02-07T12:34:56.000Z', null],
    ['2026-02-07T14:34:56+0200', '2026-02-07T12:34:56.000Z', null],
    ['2026-02-07T01:04:56-11:30', '2026-02-07T12:34:56.000Z', null],
    ['2026-03-01T00:30:00+01:00', '2026-02-28T23:30:00.000Z', null],
    ['2026-02-07T12:34:56.789012Z', '2026-02-07T12:34:56.789Z', '2026-02-07T12:34:56.789012Z'],
    ['2026-02-07T12:34:56.789000Z', '2026-02-07T12:34:56.789Z', '2026-02-07T12:34:56.789000Z'],
    ['2026-02-07T12:34:56.999999999Z', '2026-02-07T12:34:56.999Z', '2026-02-07T12:34:56.999999999Z'],
    ['2026-02-07T14:34:56.789012+02:00', '2026-02-07T12:34:56.789Z', '2026-02-07T12:34:56.789012Z'],
    ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999999Z'],
    ['2026-02-07T14:34:56.789+02:00', '2026-02-07T12:34:56.789Z', null],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z', null],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z', null],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999999Z'],
  ])('reads %s', (given, instant, text) => {
    expect(parseTimestamp(given)).toEqual({ ms: Date.parse(instant), text });
  });

  it('takes of the texts that a Date nearly writes those that it does write', () => {
    const times = fc.integer({ min: YEAR_0, max: YEAR_9999 });
    const places = fc.integer({ min: 0, max: 23 });
    const characters = fc.constantFrom(...'0123456789:.-+Tx'.split(''));
    fc.assert(
      fc.property(times, places, characters, (ms, place, character) => {
        const written = new Date(ms).toISOString();
        const text = `${written.slice(0, place)}${character}${written.slice(place + 1)}`;
        const isWritten = isWrittenByDate(text);
        // The day of the text is now that of the last one.
        parseTimestamp(written);

        expect(parseTimestamp(text)).toEqual(isWritten ? { ms: Date.parse(text), text: null } : null);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps microseconds through any offset', () => {
    const fractions = fc.integer({ min: 0, max: 999_999 }).map((micros) => String(micros).padStart(6, '0'));
    const offsets = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), fractions, offsets, (seconds, fraction, minutes) => {
        const local = new Date((seconds + minutes * 60) * 1000).toISOString().slice(0, 19);
        const utc = new Date(seconds * 1000).toISOString().slice(0, 19);
        expect(parseTimestamp(`${local}.${fraction}${offsetOf(minutes)}`)).toEqual({
          ms: seconds * 1000 + Number(fraction.slice(0, 3)),
          text: `${utc}.${fraction}Z`,
        });
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a word', 'yesterday'],
    ['a year', '2026'],
    ['a date', '2026-02-07'],
    ['no offset', '2026-02-07T12:34:56'],
    ['no seconds', '2026-02-07T12:34Z'],
    ['an offset of hours alone', '2026-02-07T12:34:56+02'],
    ['an offset of a day', '2026-02-07T12:34:56+24:00'],
    ['an offset of 60 minutes', '2026-02-07T12:34:56+00:60'],
    ['the basic form', '20260207T123456Z'],
    ['a week date', '2026-W06-6T12:34:56Z'],
    ['February 30', '2026-02-30T12:34:56Z'],
    ['February 29 of a common year', '2026-02-29T12:34:56Z'],
    ['month 13', '2026-13-01T12:34:56Z'],
    ['day 0', '2026-02-00T12:34:56Z'],
    ['hour 24', '2026-02-07T24:00:00Z'],
    ['minute 60', '2026-02-07T12:60:00Z'],
    ['second 60', '2026-02-07T23:59:60Z'],
    ['a year of five digits', '+012026-02-07T12:34:56Z'],
    ['an empty fraction', '2026-02-07T12:34:56.Z'],
    ['a space before it', ' 2026-02-07T12:34:56Z'],
    ['a line break after it', '2026-02-07T12:34:56Z\n'],
    ['hour 24, with milliseconds', '2026-02-07T24:00:00.000Z'],
    ['minute 60, with milliseconds', '2026-02-07T12:60:00.000Z'],
    ['second 60, with milliseconds', '2026-02-07T23:59:60.000Z'],
    ['February 30, with milliseconds', '2026-02-30T12:34:56.789Z'],
    ['a line break after milliseconds', '2026-02-07T12:34:56.789Z\n'],
    ['an offset after Z', '2026-02-07T12:34:56.789Z+01:00'],
    ['a word before it', 'at 2026-02-07T12:34:56.789Z'],
    ['a time before year 0 in UTC', '0000-01-01T00:00:00+00:01'],
    ['a time after year 9999 in UTC', '9999-12-31T23:59:59-00:01'],
  ])('refuses %s', (_title, text) => {
    expect(parseTimestamp(text)).toBeNull();
    formatTimestamp(Date.UTC(2026, 1, 7));
    expect(parseTimestamp(text)).toBeNull();
  });
});

function isWrittenByDate(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}

function offsetOf(minutes: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`;
}
