import type { TokenUsage } from '../record/token-usage';
import { plainText } from './plain-text';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds, as people say them: `0.42 s`, `12.3 s`, `2 m 05 s`, `3 h 12 m`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 10 * SECOND) return `${(Math.max(0, ms) / SECOND).toFixed(2)} s`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m ${twoDigits(Math.floor((ms % MINUTE) / SECOND))} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${twoDigits(Math.floor((ms % HOUR) / MINUTE))} m`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

/** US dollars, as people say them: cents from a dollar on, more digits below; unknown is not zero. */
export function dollars(usd: number | null): string {
  if (usd === null) return '?';
  if (usd === 0) return '$0';
  const size = Math.abs(usd);
  if (size >= 1) {
    return `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  }
  return `$${usd.toFixed(size >= 0.01 ? 4 : 6)}`;
}

/** A count with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A counter; null where it is not reported. */
export function counterOf(usage: TokenUsage, name: string): number | null {
  const value = Object.hasOwn(usage, name) ? usage[name] : null;
  return typeof value === 'number' ? value : null;
}

/** What went in and came out together; null where neither is reported. */
export function tokensOf(usage: TokenUsage): number | null {
  const [input, output] = [counterOf(usage, 'input_tokens'), counterOf(usage, 'output_tokens')];
  if (input === null && output === null) return counterOf(usage, 'total_tokens');
  return (input ?? 0) + (output ?? 0);
}

/** How tokens were used, in words: `1,200 in (1,000 cached), 34 out`. */
export function usageInWords(usage: TokenUsage, sign = ''): string {
  const parts: string[] = [];
  const [input, output, cached] = ['input_tokens', 'output_tokens', 'cache_read_tokens'].map((name) =>
    counterOf(usage, name),
  );
  if (typeof input === 'number') {
    const ofThem = typeof cached === 'number' && cached > 0 ? ` (${count(cached)} cached)` : '';
    parts.push(`${sign}${count(input)} in${ofThem}`);
  }
  if (typeof output === 'number') parts.push(`${sign}${count(output)} out`);
  return parts.length > 0 ? parts.join(', ') : plainText(Object.keys(usage).join(', '));
}

/** A moment as the operator's clock says it, or UTC: `2026-01-31 09:05:07`. */
export function moment(date: Date, isUtc: boolean): string {
  if (isUtc) return `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join('-');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  return `${day} ${time}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
