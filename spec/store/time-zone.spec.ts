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

/** What clocks show, asked of Node for the very moment. */
function shownIn(timeZone: string, ms: number): string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  return format.format(ms).replace(' ', 'T');
}

describe('TimeZone', () => {
  it.each(ZONES)('shows in %s what clocks show there', (name) => {
    const zone = new TimeZone(name);
    const moment = fc.integer({ min: Date.UTC(1960, 0), max: Date.UTC(2040, 0) });
    fc.assert(
      fc.property(moment, (ms) => {
        const shown = shownIn(name, ms);
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

  it('knows the first moments that a record can have', () => {
    for (const name of ['UTC', 'Europe/Berlin']) {
      expect(new TimeZone(name).dayOf(Date.parse('0000-06-01T12:00:00.000Z'))).toBe('0000-06-01');
    }
  });

  it.each(['Mars/Olympus', '', null, 7])('refuses %j', (name) => {
    expect(() => new TimeZone(name as string)).toThrow(/timeZone must be an IANA time zone/);
  });
});
