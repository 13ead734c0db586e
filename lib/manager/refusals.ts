import { RunError } from '../record/error';
import type { AnyRun } from '../run';
import type { RunStore } from '../store/store';

/**
 * The codes with which a store refuses a run. With any other error the store is in trouble, and the run
 * fails.
 */
const REFUSALS: readonly string[] = [
  'already_exists',
  'conflict',
  'session_busy',
  'lease_lost',
  'run_not_found',
];

/** Whether the store has refused the run. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RunError && REFUSALS.includes(error.code);
}

/** The store's refusal, with the status of the stored run in its details. */
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
