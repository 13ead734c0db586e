import { formatDuration } from './format';
import type { Span } from './history';

export interface Tick {
  /** From 0, the left edge, to 1. */
  readonly position: number;
  readonly label: string;
}

/** Where a moment stands between the left edge, 0, and the right one, 1. */
export interface TimeAxis {
  readonly start: number;
  readonly end: number;
  /** Where bars of what still lasts end; an axis may have room beyond it. */
  readonly now: number;
  readonly ticks: readonly Tick[];
  position(at: number): number;
}

export interface AxisOptions {
  readonly start: number;
  readonly end: number;
  /** @default end */
  readonly now?: number;
  /** Waits for a person, in order. Long ones are drawn short, or a weekend would hide the seconds of work. */
  readonly waits?: readonly Span[];
  /** How many ticks there is room for. */
  readonly ticks?: number;
}

interface Segment {
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly width: number;
  readonly shortened: boolean;
}

/** A wait is drawn at most this wide, against the time of work. */
const WAIT_SHARE = 0.12;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SECONDS = [1, 2, 5, 10, 15, 30].map((count) => count * SECOND);
const MINUTES = [1, 2, 5, 10, 15, 30].map((count) => count * MINUTE);
const HOURS = [1, 2, 3, 6, 12].map((count) => count * HOUR);
const DAYS = [1, 2, 7, 14, 30, 90, 365].map((count) => count * DAY);
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, ...SECONDS, ...MINUTES, ...HOURS, ...DAYS];

/** The axis from the start of a run to its end. */
export function createAxis({ start, end, now = end, waits = [], ticks = 6 }: AxisOptions): TimeAxis {
  const last = Math.max(end, start + 1);
  const segments = segmentsOf(start, last, waits);
  const total = segments.reduce((sum, { width }) => sum + width, 0);
  const position = (at: number): number => {
    const clamped = Math.min(Math.max(at, start), last);
    const segment = segments.find(({ to }) => clamped <= to);
    if (!segment) return 1;
    const share = (clamped - segment.from) / (segment.to - segment.from);
    return (segment.left + share * segment.width) / total;
  };
  return {
    start,
    end: last,
    now: Math.min(now, last),
    position,
    ticks: ticksOf(segments, total, start, ticks),
  };
}

function segmentsOf(start: number, end: number, waits: readonly Span[]): Segment[] {
  const pieces: { from: number; to: number; waiting: boolean }[] = [];
  let from = start;
  for (const wait of waits) {
    const waitStart = Math.min(Math.max(wait.start, from), end);
    const waitEnd = Math.min(Math.max(wait.end ?? end, waitStart), end);
    if (waitStart > from) pieces.push({ from, to: waitStart, waiting: false });
    if (waitEnd > waitStart) pieces.push({ from: waitStart, to: waitEnd, waiting: true });
    from = waitEnd;
  }
  if (end > from) pieces.push({ from, to: end, waiting: false });
  const work = pieces.reduce((sum, piece) => sum + (piece.waiting ? 0 : piece.to - piece.from), 0);
  const longest = work === 0 ? Infinity : work * WAIT_SHARE;
  let left = 0;
  return pieces.map(({ from, to, waiting }) => {
    const width = waiting ? Math.min(to - from, longest) : to - from;
    const segment = { from, to, left, width, shortened: width < to - from };
    left += width;
    return segment;
  });
}

function ticksOf(segments: readonly Segment[], total: number, start: number, wanted: number): Tick[] {
  const step = STEPS.find((candidate) => total / candidate <= wanted) ?? total;
  const apart = 0.6 / wanted;
  const ticks: Tick[] = [];
  for (const { from, to, left, shortened } of segments) {
    if (shortened) continue;
    for (let offset = Math.ceil((from - start) / step) * step; start + offset <= to; offset += step) {
      const position = (left + start + offset - from) / total;
      const label = offset === 0 ? '0' : formatDuration(offset);
      const before = ticks.at(-1);
      // Seconds behind a wait of hours all read as those hours.
      if (before && (position - before.position < apart || label === before.label)) continue;
      ticks.push({ position, label });
    }
  }
  return ticks;
}

/** An end for the axis of a run that lasts: it moves in steps, so that bars grow and do not shrink all the time. */
export function roomToGrow(elapsedMs: number): number {
  const elapsed = Math.max(elapsedMs * 1.02, 5 * SECOND);
  const unit = 10 ** Math.floor(Math.log10(elapsed));
  const factor = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8].find((candidate) => candidate * unit >= elapsed) ?? 10;
  return factor * unit;
}
