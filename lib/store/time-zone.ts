import { validationError } from '../record/error';
import { formatTimestamp } from '../record/timestamp';

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;

/**
 * Spans, the longest first. Where the offset is the same at both ends of one, it holds all through it: a
 * clock changes at most once an hour.
 */
const SPANS_MS = [HOUR_MS, HOUR_MS / 4] as const;

/** The first moment of the year 1. Earlier moments get its offset. */
const FIRST_MS = Date.parse('0001-01-02T00:00:00Z');

/** The local time in a time zone, by the IANA data of this Node. */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat | null;
  #lastHour = NaN;
  #lastText = '';
  readonly #offsets = SPANS_MS.map(() => new Map<number, number | null>());

  /**
   * @param name - An IANA name, `Europe/Berlin`, or `UTC`.
   * @throws {RunError} `validation_error`
   */
  constructor(name: string) {
    // Stryker disable next-line ConditionalExpression: only faster; Node says the same of UTC
    this.#format = name === 'UTC' ? null : formatOf(name);
  }

  /** The day, `2026-01-31`. */
  dayOf(ms: number): string {
    return this.hourOf(ms).slice(0, -'T23'.length);
  }

  /** The hour, `2026-01-31T23`. */
  hourOf(ms: number): string {
    const shown = ms + this.#offsetAt(ms);
    const hour = Math.floor(shown / HOUR_MS);
    // Stryker disable next-line ConditionalExpression: only faster; the text comes out the same
    if (hour !== this.#lastHour) {
      this.#lastHour = hour;
      this.#lastText = formatTimestamp(shown).slice(0, -':59:59.999Z'.length);
    }
    return this.#lastText;
  }

  /** How far the clocks are ahead of UTC, in milliseconds. */
  #offsetAt(ms: number): number {
    const format = this.#format;
    if (format === null) return 0;
    const from = Math.max(ms, FIRST_MS);
    for (const [index, span] of SPANS_MS.entries()) {
      const offset = this.#offsetIn(format, index, Math.floor(from / span), span);
      if (offset !== null) return offset;
    }
    return offsetOf(format, from);
  }

  /** The offset all through a span; null where it changes. Each span is looked at once. */
  #offsetIn(format: Intl.DateTimeFormat, index: number, number: number, span: number): number | null {
    const known = this.#offsets[index] as Map<number, number | null>;
    const found = known.get(number);
    if (found !== undefined) return found;
    const first = offsetOf(format, number * span);
    const last = offsetOf(format, (number + 1) * span - SECOND_MS);
    const offset = first === last ? first : null;
    known.set(number, offset);
    return offset;
  }
}

function formatOf(timeZone: unknown): Intl.DateTimeFormat {
  try {
    if (typeof timeZone !== 'string') throw new TypeError();
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    const message = 'must be an IANA time zone that this Node knows, such as Europe/Berlin';
    throw validationError('summary', [{ path: 'timeZone', message }]);
  }
}

function offsetOf(format: Intl.DateTimeFormat, ms: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(ms)) parts[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  const shown = new Date(0);
  shown.setUTCFullYear(year, month - 1, day);
  shown.setUTCHours(hour, minute, second);
  return shown.getTime() - Math.floor(ms / SECOND_MS) * SECOND_MS;
}
