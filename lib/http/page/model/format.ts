const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Shown in place of a figure that is not known. */
export const UNKNOWN = '–';

/** `340 ms`, `4.2 s`, `42 s`, `3 min 12 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < SECOND) return `${Math.round(whole)} ms`;
  if (whole < 9.95 * SECOND) return `${trimZero((whole / SECOND).toFixed(1))} s`;
  if (whole < MINUTE - SECOND / 2) return `${Math.round(whole / SECOND)} s`;
  if (whole < HOUR - SECOND / 2) return pair(whole, MINUTE, 'min', SECOND, 's');
  if (whole < DAY - MINUTE / 2) return pair(whole, HOUR, 'h', MINUTE, 'min');
  return pair(whole, DAY, 'd', HOUR, 'h');
}

function pair(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const inSmall = Math.round(ms / small);
  const perLarge = large / small;
  const rest = inSmall % perLarge;
  const count = formatCount(Math.floor(inSmall / perLarge));
  return rest === 0 ? `${count} ${largeUnit}` : `${count} ${largeUnit} ${rest} ${smallUnit}`;
}

function trimZero(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text;
}

/** `$0`, `$0.0042`, `$1.30`, `$12.34`, `$1,234`; a dash where the cost is unknown, which is not zero. */
export function formatDollars(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return UNKNOWN;
  if (usd === 0) return '$0';
  if (usd < 0.000_001) return '< $0.000001';
  if (usd < 0.0995) return `$${usd.toFixed(decimalsOf(usd))}`;
  if (usd < 999.995) return `$${usd.toFixed(2)}`;
  return `$${formatCount(Math.round(usd))}`;
}

/** How many decimals show two significant digits. */
function decimalsOf(usd: number): number {
  return Math.max(2, 1 - Math.floor(Math.log10(usd)));
}

/** `1,234`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `940`, `1,234`, `12.3k`, `4.56M`, `1.2B`; a dash where nothing was reported. */
export function formatTokens(tokens: number | null | undefined): string {
  if (tokens === null || tokens === undefined) return UNKNOWN;
  if (tokens < 10_000) return formatCount(Math.round(tokens));
  if (tokens < 999_500) return `${threeDigits(tokens / 1e3)}k`;
  if (tokens < 999_500_000) return `${threeDigits(tokens / 1e6)}M`;
  return `${threeDigits(tokens / 1e9)}B`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return formatCount(Math.round(value));
  return String(Number(value.toFixed(value < 9.995 ? 2 : 1)));
}

/** `4 %`, `0.3 %`, `< 0.1 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  return `${percent < 10 ? trimZero(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** `now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`; `in 3 min` for what is to come. */
export function formatAgo(at: number, now: number): string {
  const ms = now - at;
  if (ms < -SECOND) return `in ${coarse(-ms)}`;
  return ms < 2 * SECOND ? 'now' : `${coarse(ms)} ago`;
}

function coarse(ms: number): string {
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.round(ms / HOUR)} h`;
  return `${formatCount(Math.round(ms / DAY))} d`;
}

/** `1 run`, `3 runs`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** An id short enough for a line: its end tells it from its neighbours, which begin alike. */
export function shortId(id: string): string {
  return id.length <= 18 ? id : `${id.slice(0, 6)}…${id.slice(-8)}`;
}

/** A text of at most `length` characters, on one line. */
export function cutText(text: string, length: number): string {
  const line = text
    .slice(0, 4 * length)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > length ? `${line.slice(0, length - 1).trimEnd()}…` : line;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const known = formatters.get(key) ?? new Intl.DateTimeFormat(undefined, options);
  formatters.set(key, known);
  return known;
}

/** Local time: `14:03:22` today, `Nov 24, 14:03` this year, `Nov 24, 2025, 14:03` otherwise. */
export function formatTime(at: number, now: number): string {
  const date = new Date(at);
  const today = new Date(now);
  if (date.toDateString() === today.toDateString()) return formatClock(at);
  const year = date.getFullYear() === today.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return formatter(`day ${'year' in year}`, {
    ...year,
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(date);
}

/** Local time of day with seconds: `14:03:22`. */
export function formatClock(at: number): string {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  return formatter('clock', options).format(at);
}

/** `2026-11-25 13:03:22.123 UTC`. */
export function formatUtc(at: number): string {
  return new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC');
}
