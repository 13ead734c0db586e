import { RunError } from '../../record/error';
import { storageError } from '../storage-error';

/**
 * The SQLSTATEs after which the same statement may succeed, whole classes by their two letters. All classes
 * of https://www.postgresql.org/docs/18/errcodes-appendix.html were looked at, in November 2026; the others
 * are permanent: a statement, a value, a right or an object is wrong.
 */
const RETRYABLE_STATES: ReadonlySet<string> = new Set([
  '08', // connection_exception; poolers report all of their own troubles as 08P01
  '25006', // read_only_sql_transaction: the server has just become a replica
  '25P03', // idle_in_transaction_session_timeout
  '25P04', // transaction_timeout
  '40', // transaction_rollback: serialization_failure, deadlock_detected, statement_completion_unknown
  '53', // insufficient_resources: too_many_connections, out_of_memory, disk_full
  '55006', // object_in_use
  '55P03', // lock_not_available: lock_timeout
  '57014', // query_canceled: statement_timeout
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: it starts, stops or recovers
  '57P05', // idle_session_timeout
  '58000', // system_error
  '58030', // io_error
  '72000', // snapshot_too_old
  'XX000', // internal_error: what servers say of a cache lookup that DDL has overtaken
]);

/**
 * What Node says of a connection that does not come about or breaks, from
 * https://nodejs.org/api/errors.html#common-system-errors and libuv's list of errors.
 */
const RETRYABLE_CODES: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EAGAIN',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EMFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENFILE',
  'ENOENT', // the socket of a server on this machine that does not run
  'ENOTCONN',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** What `pg` and its pool say of the same, without a code. */
const RETRYABLE_MESSAGE =
  /Connection terminated|timeout exceeded|timeout expired|is not queryable|Query read timeout/;

/** What a pooler says that gives a connection away after each statement. */
const STATEMENT_MODE = /statement pooling/i;

/** Whether the same statement may succeed when it is sent again. */
export function isRetryable(error: unknown): boolean {
  const { code, message } = partsOf(error);
  if (STATEMENT_MODE.test(message)) return false;
  if (typeof code !== 'string') return RETRYABLE_MESSAGE.test(message);
  return RETRYABLE_STATES.has(code) || RETRYABLE_STATES.has(code.slice(0, 2)) || RETRYABLE_CODES.has(code);
}

/**
 * The `storage_error` of what `pg` threw.
 *
 * @param what - What could not be done.
 */
export function driverError(what: string, error: unknown): RunError {
  if (error instanceof RunError) return error;
  const { code, message } = partsOf(error);
  if (STATEMENT_MODE.test(message)) {
    const advice =
      `The store could not ${what}: the pooler shares connections between statements, and transactions ` +
      'need one for longer. Let it share them between transactions or sessions (pool_mode = transaction)';
    return new RunError('storage_error', advice, { cause: error });
  }
  // Node quotes a URL that it cannot read: here that is the connection string, password included.
  const cause = code === 'ERR_INVALID_URL' ? new Error('the connection string cannot be read') : error;
  return storageError(what, cause, isRetryable(error));
}

function partsOf(error: unknown): { readonly code: unknown; readonly message: string } {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return { code, message: String(message) };
}
