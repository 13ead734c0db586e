const now = Date.now;

/** Does something as if it were then, so that a store has a past. Timers go on as they are. */
export async function at<Result>(time: Moment, work: () => Result | Promise<Result>): Promise<Result> {
  Date.now = () => Math.floor(time.ms);
  try {
    return await work();
  } finally {
    Date.now = now;
  }
}

/** A moment that can be moved on. */
export class Moment {
  constructor(public ms: number) {}

  pass(ms: number): void {
    this.ms += ms;
  }
}
