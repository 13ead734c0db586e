import { RunError } from '../record/error';
import type { AnyRun } from '../run';
import type { RunStore } from '../store/store';

/** What a store says no with; everything else is trouble, and the run fails with it. */
const REFUSALS: readonly string[] = [
  'already_exists',
  'conflict',
  'session_busy',
  'lease_lost',
  'run_not_found',
];

/** Whether the store has said no. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RunError && REFUSALS.includes(error.code);
}

/** What a store has said no with, and how the run stands there. */
export async function explained(
  refusal: RunError,
  id: string,
  store: RunStore | undefined,
): Promise<RunError> {
  if (refusal.details['status'] !== undefined) return refusal;
  const stored = await store?.get(id).catch(() => null);
  const { code, message, details, retryable } = refusal;
  const status = stored?.status;
  return new RunError(code, message, {
    details: { ...details, ...(status === undefined ? {} : { status }) },
    cause: refusal,
    retryable,
  });
}

/** The error of a run that came to its end elsewhere, while the store was asked. */
export function executedElsewhere({ id, status }: AnyRun): RunError {
  return new RunError('conflict', `Run ${id} was executed by another process: it is "${status}"`, {
    details: { runId: id, status },
  });
}

/** The error of an id that no run has. */
export function notFound(id: string): RunError {
  return new RunError('run_not_found', `There is no run ${id}`, { details: { runId: id } });
}
