const settled = Promise.resolve();

let nowMs: number | null = null;

function expire(): void {
  nowMs = null;
}

/** The time in milliseconds since the epoch. */
export function exactNow(): number {
  const now = Date.now();
  if (nowMs !== null) nowMs = now;
  return now;
}

/**
 * As {@link exactNow}, read from the clock once for all that happens without a break: a clock may cost as
 * much as ten turns of a run.
 */
export function coarseNow(): number {
  if (nowMs !== null) return nowMs;
  nowMs = Date.now();
  void settled.then(expire);
  return nowMs;
}
