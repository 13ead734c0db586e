import type { AnyRun } from '../run';
import { ACTIVE_STATUS, columnsOf } from './columns';

/** Whether the run waits for a person, or to be resumed: nobody executes it meanwhile. */
export function isParked(run: AnyRun): boolean {
  return run.status === ACTIVE_STATUS && (columnsOf(run, ['awaits']).awaits ?? null) !== null;
}
