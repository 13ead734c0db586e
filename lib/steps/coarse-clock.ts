/** A time as an object that many steps share: a number of this size would take memory in each of them. */
export interface Moment {
  /** In milliseconds since the epoch. */
  readonly ms: number;
}

const settled = Promise.resolve();

let moment: Moment | null = null;

function expire(): void {
  moment = null;
}

/** The time. */
export function exactNow(): Moment {
  const now = { ms: Date.now() };
  if (moment !== null) moment = now;
  return now;
}

/**
 * The time, read from the clock once for all that happens in one tick: reading a clock may cost as much as
 * ten turns of a run.
 */
export function coarseNow(): Moment {
  return moment ?? readClock();
}

function readClock(): Moment {
  moment = { ms: Date.now() };
  void settled.then(expire);
  return moment;
}
