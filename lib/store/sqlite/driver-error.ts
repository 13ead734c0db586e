import { RunError } from '../../record/error';
import { storageError } from '../storage-error';

/**
 * The primary result codes after which the same call may succeed, and why. Every other code is permanent: a
 * statement, a file or a value is wrong, or nobody may write. All 31 of https://sqlite.org/rescode.html
 * were looked at, in November 2026.
 */
const RETRYABLE: Readonly<Record<string, number>> = {
  SQLITE_BUSY: 5, // another connection writes
  SQLITE_LOCKED: 6, // another statement of this connection is open, or one of a shared cache
  SQLITE_NOMEM: 7, // there may be memory later
  SQLITE_IOERR: 10, // disks of a network come back
  SQLITE_FULL: 13, // somebody may make room
  SQLITE_CANTOPEN: 14, // too many open files, for a journal or a temporary one
  SQLITE_PROTOCOL: 15, // a race for the locks of the write-ahead log
};
const BUSY = 5;

/** SQLite's message where somebody has begun a transaction on the same connection. */
const IN_TRANSACTION = 'cannot start a transaction within a transaction';

/** Whether the database was locked by another connection, or is in a transaction of the handle's owner. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === BUSY || isInTransaction(error);
}

/** Whether the connection is in a transaction of somebody else. */
export function isInTransaction(error: unknown): boolean {
  return error instanceof Error && error.message.includes(IN_TRANSACTION);
}

/** The error of a driver, as this package throws it; one of its own stays as it is. */
export function sqliteError(what: string, error: unknown): RunError {
  if (error instanceof RunError) return error;
  return storageError(
    what,
    error,
    isInTransaction(error) || Object.values(RETRYABLE).includes(codeOf(error)),
  );
}

/** The primary result code; 0 where the error has none. Drivers give it as a number or as a name. */
function codeOf(error: unknown): number {
  const { errcode, code } = (error ?? {}) as { errcode?: unknown; code?: unknown };
  if (typeof errcode === 'number') return errcode & 0xff;
  if (typeof code !== 'string') return 0;
  const name = Object.keys(RETRYABLE).find((known) => code === known || code.startsWith(`${known}_`));
  return name === undefined ? 0 : (RETRYABLE[name] ?? 0);
}
