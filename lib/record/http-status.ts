import { RunError } from './error';

const STATUS_OF: Readonly<Record<string, number>> = {
  validation_error: 400,
  invalid_status: 400,
  run_not_found: 404,
  limit_exceeded: 429,
  timeout: 503,
};

/**
 * The HTTP status that says what an error says: 400 for `validation_error` and `invalid_status`, 404
 * for `run_not_found`, 429 for `limit_exceeded`, 503 for `timeout` and a `storage_error` that is
 * retryable, 500 for any other `storage_error` and for what is no {@link RunError}, 409 for the rest.
 */
export function httpStatusOf(error: unknown): number {
  if (!(error instanceof RunError)) return 500;
  if (error.code === 'storage_error') return error.retryable ? 503 : 500;
  return Object.hasOwn(STATUS_OF, error.code) ? (STATUS_OF[error.code] as number) : 409;
}
