const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
/** The last moment that a record can name. */
export const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** The length of what {@link formatTimestamp} writes. */
const WRITTEN_LENGTH = '2026-02-07T12:34:56.789Z'.length;

const TIMESTAMP =
  /^(\d{4}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:[.,](\d+))?(Z|[+-]\d\d:?\d\d)$/i;

/** What the expression finds: the date, the time of day, the digits of the fraction, the offset. */
type Parts = readonly [text: string, date: string, time: string, fraction: string | undefined, zone: string];

/** A moment as a record has it. */
export interface Timestamp {
  /** Milliseconds since the epoch, rounded down. */
  readonly ms: number;
  /** The same in UTC with every digit that the record had; null when milliseconds say it all. */
  readonly text: string | null;
}

let cachedDay = 0;
let cachedPrefix = '1970-01-01T';

/**
 * Writes a moment as ISO 8601 in UTC with milliseconds, as `Date.prototype.toISOString` does, in a
 * twentieth of its time: the date is worked out once a day.
 *
 * @param ms - Milliseconds since the epoch.
 */
export function formatTimestamp(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  if (day !== cachedDay) {
    cachedPrefix = new Date(ms).toISOString().slice(0, -13);
    cachedDay = day;
  }
  const rest = ms - day * DAY_MS;
  const seconds = Math.floor(rest / 1000);
  const minutes = Math.floor(seconds / 60);
  // Two short texts, which the engine copies, and no chain of longer ones for it to join later.
  const start = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:`;
  const end = `${twoDigits(seconds % 60)}.${threeDigits(rest % 1000)}Z`;
  return `${cachedPrefix}${start}${end}`;
}

/**
 * Reads an ISO 8601 date with time and offset.
 *
 * @returns null for anything else: a date that the calendar does not have, or a moment outside of the
 * years 0000 to 9999 in UTC, which this form could not write again.
 */
export function parseTimestamp(text: string): Timestamp | null {
  if (text.length !== WRITTEN_LENGTH) return parseAnyTimestamp(text);
  const clock = text.startsWith(cachedPrefix) ? clockMs(text) : NaN;
  if (!Number.isNaN(clock)) return { ms: cachedDay * DAY_MS + clock, text: null };
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && formatTimestamp(ms) === text ? { ms, text: null } : parseAnyTimestamp(text);
}

function parseAnyTimestamp(text: string): Timestamp | null {
  const match = TIMESTAMP.exec(text) as Parts | null;
  if (match === null) return null;
  const [, date, time, fraction = '', zone] = match;
  const utc = Date.parse(`${date}T${time}Z`);
  const offset = offsetMs(zone);
  if (Number.isNaN(utc) || offset === null) return null;
  if (new Date(utc).getUTCDate() !== Number(date.slice(-2))) return null;
  const ms = utc - offset + Number(fraction.padEnd(3, '0').slice(0, 3));
  if (ms < FIRST_MS || ms > LAST_MS) return null;
  if (fraction.length <= 3) return { ms, text: null };
  return { ms, text: `${formatTimestamp(ms).slice(0, -4)}${fraction}Z` };
}

function offsetMs(zone: string): number | null {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** The milliseconds of the day that a text of {@link WRITTEN_LENGTH} ends with; NaN where it is no time. */
function clockMs(text: string): number {
  if (text[13] !== ':' || text[16] !== ':' || text[19] !== '.' || text[23] !== 'Z') return NaN;
  const hours = twoDigitsAt(text, 11);
  const minutes = twoDigitsAt(text, 14);
  const seconds = twoDigitsAt(text, 17);
  const ms = 10 * twoDigitsAt(text, 20) + digitAt(text, 22);
  if (hours > 23 || minutes > 59 || seconds > 59) return NaN;
  return ((60 * hours + minutes) * 60 + seconds) * 1000 + ms;
}

function twoDigitsAt(text: string, index: number): number {
  return 10 * digitAt(text, index) + digitAt(text, index + 1);
}

function digitAt(text: string, index: number): number {
  const digit = text.charCodeAt(index) - 48;
  return digit >= 0 && digit <= 9 ? digit : NaN;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

function threeDigits(value: number): string {
  return value < 100 ? `0${twoDigits(value)}` : `${value}`;
}
