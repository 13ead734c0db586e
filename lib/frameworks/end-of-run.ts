import { RunError } from '../record/error';
import { isJsonObject } from '../record/json';
import type { AnyRun } from '../run';

/** The error that stops code which still works for a run that has ended. */
export function endOf(run: AnyRun): RunError {
  const { code, message, details } = (run.error ?? {}) as Partial<Record<string, unknown>>;
  return new RunError(
    typeof code === 'string' ? code : 'invalid_operation',
    typeof message === 'string' ? message : `Run ${run.id} was ended as "${run.status}"`,
    isJsonObject(details) ? { details } : {},
  );
}
