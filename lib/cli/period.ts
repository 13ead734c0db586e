import { parseTimestamp } from '../record/timestamp';
import { CommandError } from './command-error';

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

const LENGTH = /^(\d{1,6})(s|m|h|d|w)$/;
const LOCAL = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/;

/** What times are read by: the time now, and the zone of days. */
export interface Clock {
  readonly now: Date;
  readonly isUtc: boolean;
}

/**
 * A length of time in milliseconds: `30s`, `12h`, `7d`, `2w`.
 *
 * @throws {CommandError}
 */
export function readLength(text: string, option: string): number {
  const [, amount, unit] = LENGTH.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return Number(amount) * (UNITS[unit] as number);
  throw new CommandError(`${option} must be a length of time like 30s, 45m, 12h, 7d or 2w`);
}

/**
 * A moment: a length of time ago (`7d`), `today`, `yesterday`, a date, a date and a time, both in the
 * operator's zone unless they name another.
 *
 * @throws {CommandError}
 */
export function readMoment(text: string, option: string, { now, isUtc }: Clock): Date {
  if (text === 'now') return now;
  if (text === 'today') return midnight(now, 0, isUtc);
  if (text === 'yesterday') return midnight(now, -1, isUtc);
  if (LENGTH.test(text)) return new Date(now.getTime() - readLength(text, option));
  const exact = parseTimestamp(text);
  if (exact !== null) return new Date(exact.ms);
  const local = readLocal(text, isUtc);
  if (local !== null) return local;
  throw new CommandError(
    `${option} must be like 7d, 12h, today, yesterday, 2026-01-31, "2026-01-31 09:00" or 2026-01-31T09:00:00Z`,
  );
}

/** The operator's zone, by the name that a summary takes. */
export function zoneOf(isUtc: boolean): string {
  return isUtc ? 'UTC' : new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function midnight(now: Date, days: number, isUtc: boolean): Date {
  if (isUtc) return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + days));
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
}

/**
 * Reads a date, with or without a time; null for one that the calendar does not have, which JavaScript
 * would read as another day.
 */
function readLocal(text: string, isUtc: boolean): Date | null {
  const match = LOCAL.exec(text);
  if (match === null) return null;
  const [year, month, day, hours, minutes, seconds] = match
    .slice(1)
    .map((part) => Number((part as string | undefined) ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const parts = [year, month - 1, day, hours, minutes, seconds] as const;
  const date = isUtc ? new Date(Date.UTC(...parts)) : new Date(...parts);
  const isReal = isUtc
    ? date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    : date.getMonth() === month - 1 && date.getDate() === day;
  return isReal && hours < 24 && minutes < 60 && seconds < 60 ? date : null;
}
