import * as fc from 'fast-check';
import { TimeZone } from '../../lib/store/time-zone';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Africa/Monrovia',
  'America/Sao_Paulo',
];

/** What clocks show in a time zone, asked of Node for the very moment. */
function clockIn(timeZone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  return (ms) => format.format(ms).replace(' ', 'T');
}

/** When a clock was changed. */
const CHANGES = [
  ['by an hour', 'Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['by half an hour, at half past', 'Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['a minute after midnight', 'America/St_Johns', '2006-10-29T02:31:00Z'],
  ['by a day', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['by a quarter of an hour', 'Asia/Kathmandu', '1985-12-31T18:30:00Z'],
  ['by minutes and seconds, to the second', 'Africa/Monrovia', '1972-01-07T00:44:30Z'],
  ['from the time of its sun', 'Europe/Berlin', '1893-03-31T23:06:32Z'],
] as const;

const MINUTE_MS = 60_000;

describe('TimeZone', () => {
  it.each(ZONES)('shows in %s what clocks show there', (name) => {
    const [zone, shownIn] = [new TimeZone(name), clockIn(name)];
    const moment = fc.integer({ min: Date.UTC(1960, 0), max: Date.UTC(2040, 0) });
    fc.assert(
      fc.property(moment, (ms) => {
        const shown = shownIn(ms);
        expect(zone.hourOf(ms)).toBe(shown);
        expect(zone.dayOf(ms)).toBe(shown.slice(0, 10));
      }),
      { numRuns: 300 },
    );
  });

  it('knows the hour that clocks show twice, and the one that they leave out', () => {
    const zone = new TimeZone('Europe/Berlin');
    const hours = [0, 1, 2].map((hour) => zone.hourOf(Date.UTC(2026, 9, 25, hour)));
    expect(hours).toEqual(['2026-10-25T02', '2026-10-25T02', '2026-10-25T03']);
    const spring = [0, 1].map((hour) => zone.hourOf(Date.UTC(2026, 2, 29, hour)));
    expect(spring).toEqual(['2026-03-29T01', '2026-03-29T03']);
  });

  it.each(CHANGES)('follows a clock that is changed %s, in any order', (_, name, changedAt) => {
    const shownIn = clockIn(name);
    const near = [0, 1, 29, 30, 31, 59, 60, 90].flatMap((seconds) => [seconds * 1000, seconds * 1000 + 999]);
    const far = [2, 14, 15, 16, 30, 45, 59, 60, 61, 90, 1440].map((minutes) => minutes * MINUTE_MS);
    const distances = [...near, ...far].flatMap((ms) => [-ms, ms, -ms - 1]);
    for (const order of [1, -1, 7]) {
      const zone = new TimeZone(name);
      for (const [index] of distances.entries()) {
        const place = (index * order + distances.length) % distances.length;
        const ms = Date.parse(changedAt) + (distances[place] as number);
        expect([ms, zone.hourOf(ms)]).toEqual([ms, shownIn(ms)]);
      }
    }
  });

  it.each([
    ['UTC', '0000-06-01T12:00:00.000Z', '0000-06-01T12'],
    ['Europe/Berlin', '0000-06-01T12:00:00.000Z', '0000-06-01T12'],
    ['America/New_York', '0000-01-01T00:00:00.000Z', '-000001-12-31T19'],
    ['America/New_York', '0001-01-01T23:59:59.999Z', '0001-01-01T19'],
    ['Asia/Tokyo', '9999-12-31T23:59:59.999Z', '+010000-01-01T08'],
  ])('knows in %s the first and the last moments that a record can have: %s', (name, at, hour) => {
    const zone = new TimeZone(name);
    expect(zone.hourOf(Date.parse(at))).toBe(hour);
    expect(zone.dayOf(Date.parse(at))).toBe(hour.slice(0, -3));
  });

  it.each(['Mars/Olympus', '', null, 7])('refuses %j', (name) => {
    expect(() => new TimeZone(name as string)).toThrow(/timeZone must be an IANA time zone/);
  });
});
