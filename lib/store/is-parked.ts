import type { AnyRun } from '../run';

/** Whether the run waits for a person, or to be resumed: nobody executes it meanwhile. */
export function isParked(run: AnyRun): boolean {
  return run.awaiting !== null;
}
