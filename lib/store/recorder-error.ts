import { RunError } from '../record/error';
import type { AnyRun } from '../run';

/** Why a recorder cannot go on, or what the store has refused. */
export function recorderError({ id }: AnyRun, code: string, what: string, details: object = {}): RunError {
  return new RunError(code, `Run ${id} ${what}`, { details: { runId: id, ...details } });
}

/** More waits for the database than may be kept. */
export function fullError(run: AnyRun, buffered: number, maxBuffered: number): RunError {
  const what = `has ${buffered} changes that the database did not take (at most ${maxBuffered})`;
  return recorderError(run, 'storage_error', what);
}

/** The recorder was stopped while the run waited for its session. */
export function notLetInError(run: AnyRun): RunError {
  return recorderError(run, 'session_busy', 'was to be recorded no more before its session let it in');
}

/** The id was there before the run was stored. */
export function thereAlreadyError(run: AnyRun, status: string): RunError {
  return recorderError(run, 'already_exists', 'is in the store already: read it with get()', { status });
}

/** Somebody else goes on with the run. */
export function takenOverError(run: AnyRun, status: string, wasLeased: boolean): RunError {
  const code = wasLeased ? 'lease_lost' : 'conflict';
  return recorderError(run, code, 'was written by another process', { status });
}

/** Another end of the run counts. */
export function otherEndError(run: AnyRun, status: string, code = 'conflict'): RunError {
  return recorderError(run, code, `was ended as "${status}" by somebody else`, { status });
}
