import { performance } from 'node:perf_hooks';
import type { HrTime } from '@opentelemetry/api';

const NS_PER_MS = 1_000_000;
const NS_PER_SECOND = 1_000_000_000;

/**
 * Starts at a time of the wall clock and goes on by the monotonic one, so that nothing ends before it
 * began and a duration is right whoever sets the clock meanwhile.
 */
export class Stopwatch {
  /** When it started. */
  readonly startTime: HrTime;
  readonly #originMs = performance.now();

  /** @param epochMs - When it starts, in milliseconds since the epoch. */
  constructor(epochMs: number) {
    this.startTime = toHrTime(epochMs);
  }

  /** The time now. */
  now(): HrTime {
    const elapsedNs = Math.max(0, Math.round((performance.now() - this.#originMs) * NS_PER_MS));
    const nanos = this.startTime[1] + elapsedNs;
    return [this.startTime[0] + Math.floor(nanos / NS_PER_SECOND), nanos % NS_PER_SECOND];
  }
}

/** Milliseconds since the epoch as seconds and nanoseconds. */
export function toHrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * NS_PER_MS)];
}

/** From start to end in seconds. */
export function secondsBetween(start: HrTime, end: HrTime): number {
  const borrowed = end[1] < start[1];
  const seconds = end[0] - start[0] - (borrowed ? 1 : 0);
  const nanos = end[1] - start[1] + (borrowed ? NS_PER_SECOND : 0);
  return seconds + nanos / NS_PER_SECOND;
}
