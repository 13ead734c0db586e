import { RunError } from '../../record/error';
import { storageError } from '../storage-error';

/**
 * The SQLSTATEs after which the same statement may succeed, whole classes by their two letters.
 * From https://www.postgresql.org/docs/18/errcodes-appendix.html, read in November 2026.
 */
const RETRYABLE_STATES: ReadonlySet<string> = new Set([
  '08', // connection_exception
  '53', // insufficient_resources: too_many_connections, out_of_memory, disk_full
  '25006', // read_only_sql_transaction: the server has just become a replica
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
  '57014', // query_canceled: statement_timeout
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
]);

/** What Node says of a connection that does not come about or breaks. */
const RETRYABLE_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** What `pg` says of the same, without a code. */
const RETRYABLE_MESSAGE =
  /^Connection (terminated|ended)|^timeout exceeded when trying to connect|not queryable$/;

/** Whether the same statement may succeed when it is sent again. */
export function isRetryable(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string') {
    return RETRYABLE_STATES.has(code) || RETRYABLE_STATES.has(code.slice(0, 2)) || RETRYABLE_CODES.has(code);
  }
  return typeof message === 'string' && RETRYABLE_MESSAGE.test(message);
}

/**
 * The `storage_error` of what `pg` threw.
 *
 * @param what - What could not be done.
 */
export function driverError(what: string, error: unknown): RunError {
  if (error instanceof RunError) return error;
  return storageError(what, withoutSecrets(error), isRetryable(error));
}

/** Node quotes a URL that it cannot read: here that is the connection string, password included. */
function withoutSecrets(error: unknown): unknown {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === 'ERR_INVALID_URL' ? new Error('the connection string cannot be read') : error;
}
