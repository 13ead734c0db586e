import { RunError } from '../record/error';
import type { AnyRun } from '../run';

/** The error of a recorder that cannot go on, or that the store has refused something. */
export function recorderError({ id }: AnyRun, code: string, what: string, details: object = {}): RunError {
  return new RunError(code, `Run ${id} ${what}`, { details: { runId: id, ...details } });
}

/** The error of too many entries that wait for the database. */
export function fullError(run: AnyRun, buffered: number, maxBuffered: number): RunError {
  const what = `has ${buffered} changes that the database did not take (at most ${maxBuffered})`;
  return recorderError(run, 'storage_error', what);
}

/** The error of a recorder that was stopped while its run waited for its session. */
export function notLetInError(run: AnyRun): RunError {
  return recorderError(run, 'session_busy', 'was to be recorded no more before its session let it in');
}

/** The error of an id that was there before the run was stored. */
export function thereAlreadyError(run: AnyRun, status: string): RunError {
  return recorderError(run, 'already_exists', 'is in the store already: read it with get()', { status });
}

/** The error of a run that another process goes on with. */
export function takenOverError(run: AnyRun, status: string, wasLeased: boolean): RunError {
  const code = wasLeased ? 'lease_lost' : 'conflict';
  return recorderError(run, code, 'was written by another process', { status });
}

/** The error of a run that has another end in the store. */
export function otherEndError(run: AnyRun, status: string, code = 'conflict'): RunError {
  return recorderError(run, code, `was ended as "${status}" by somebody else`, { status });
}
