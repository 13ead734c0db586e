import type { AnyRun } from '../run';
import type { TrackOptions } from './options';
import type { RunRecorder } from './recorder';

type TakeIn = (run: AnyRun, options: TrackOptions) => RunRecorder;

const TAKERS = new WeakMap<object, TakeIn>();

/** Lets other parts of this package have runs taken in, which is no public method. */
export function offerToTakeIn(store: object, take: TakeIn): void {
  TAKERS.set(store, take);
}

/**
 * As `store.track(run)`, but the function of `execute` is not called before the store has the run as
 * running, under a lease: an id that is there already, a run that somebody else has written and a busy
 * session end the run as failed (`already_exists`, `conflict`, `session_busy`) before anything is called,
 * and what is refused so is not stored. Call it right before `execute`, in one tick.
 */
export function takeIn(store: object, run: AnyRun, options: TrackOptions = {}): RunRecorder {
  return (TAKERS.get(store) as TakeIn)(run, options);
}
