import { RunError } from '../record/error';

/**
 * The error of a driver that failed.
 *
 * @param what - What could not be done: `write runs`. Never a path with a password, never a value.
 * @param retryable - Whether the same call may succeed later.
 */
export function storageError(what: string, cause: unknown, retryable: boolean): RunError {
  const reason = cause instanceof Error ? `: ${wordsOf(cause)}` : '';
  return new RunError('storage_error', `The store could not ${what}${reason}`, { cause, retryable });
}

/** Where a host has several addresses and none answers, Node's error has a code and no message. */
function wordsOf({ message, name, code }: Error & { readonly code?: unknown }): string {
  if (message !== '') return message;
  return typeof code === 'string' ? code : name;
}

/** The error of a call, whatever was thrown. */
export function asStorageError(error: unknown): RunError {
  return error instanceof RunError ? error : storageError('be reached', error, false);
}

/** The error of an attempt that was given up. */
export function timeoutError(what: string, timeoutMs: number): RunError {
  const message = `The store could not ${what}: no answer from the database within ${Math.ceil(timeoutMs)} ms`;
  return new RunError('storage_error', message, {
    details: { timeoutMs: Math.ceil(timeoutMs) },
    retryable: true,
  });
}

/** The error of a call on a closed store. */
export function closedError(): RunError {
  return new RunError('invalid_operation', 'The store is closed');
}

/** The error of a run that the store does not have. */
export function notFoundError(id: string): RunError {
  return new RunError('run_not_found', `The store has no run ${id}`, { details: { runId: id } });
}

/** The error of a database that was to be a store and is none. */
export function noStoreError(prefix: string): RunError {
  return new RunError(
    'storage_error',
    `The database has no tables of agent-run that begin with ${prefix}, and none are to be made`,
  );
}

/** The error of a database that a later version of this package has migrated. */
export function newerSchemaError(found: number, known: number): RunError {
  return new RunError(
    'storage_error',
    `The database has schema version ${found}, and this version of agent-run knows up to ${known}: ` +
      'upgrade agent-run in this process',
    { details: { found, known } },
  );
}
