import type { ValidationIssue } from '../../record/error';
import { validationError } from '../../record/error';
import type { RunStoreOptions } from '../options';
import { RunStore } from '../store';
import { isBusy, SqliteConnection, sqliteError } from './connection';
import type { SqliteDriver, SqliteHandle } from './driver';
import { findDriver } from './driver';
import { migrate } from './migrations';
import { SqliteBackend } from './sqlite-backend';
import { tablesOf } from './tables';

/** Where a {@link SqliteRunStore} keeps its runs. One of `path` and `database`. */
export interface SqliteRunStoreOptions extends RunStoreOptions {
  /** The file, made where it is missing, its folder not; `:memory:` for none. */
  readonly path?: string | undefined;
  /** An open database of `node:sqlite`, better-sqlite3 or libsql; `close()` leaves it open. */
  readonly database?: SqliteHandle | undefined;
  /** Which module opens the file. @default the first there is of node:sqlite, better-sqlite3, libsql */
  readonly driver?: SqliteDriver | undefined;
  /**
   * `normal`: what is stored survives the end of the process, `kill -9` included; a power cut may
   * take the last writes, never the file. `full`: it survives a power cut too, at the price of a
   * wait for the disk per batch. @default 'normal'
   */
  readonly synchronous?: 'normal' | 'full' | undefined;
  /** How long, in milliseconds, a call waits for other processes that write. @default 10000 */
  readonly busyTimeoutMs?: number | undefined;
  /** What the names of the tables begin with. @default 'agent_run_' */
  readonly tablePrefix?: string | undefined;
}

/** How long SQLite itself waits for another writer, which blocks the process. */
const BLOCKING_WAIT_MS = 5;

/** How long opening waits, which only happens at the start, and may block. */
const OPENING_WAIT_MS = 10_000;

/**
 * Keeps runs in a SQLite file: for one machine, with any number of processes on it.
 *
 * @example
 * ```ts
 * const store = new SqliteRunStore({ path: 'runs.db' });
 * ```
 */
export class SqliteRunStore extends RunStore {
  /**
   * Opens the file and brings its tables up to date.
   *
   * @throws {RunError} `validation_error`; `storage_error` when there is no driver, the file cannot be
   * opened or is no database, or a later version of this package has migrated it.
   */
  constructor(options: SqliteRunStoreOptions) {
    super(openBackend(options), options);
  }
}

function openBackend(options: SqliteRunStoreOptions): SqliteBackend {
  const { path, database, busyTimeoutMs = 10_000, tablePrefix = 'agent_run_' } = checked(options);
  const tables = tablesOf(tablePrefix);
  const open = database === undefined ? findDriver(options.driver) : () => database;
  let connection: SqliteConnection | undefined;
  try {
    connection = new SqliteConnection(open(path ?? ''));
    connection.exec(`PRAGMA busy_timeout = ${OPENING_WAIT_MS}`);
    if (database === undefined) useWriteAheadLog(connection, options.synchronous ?? 'normal');
    migrate(connection, tables);
    connection.exec(`PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`);
    return new SqliteBackend(connection, tables, { busyTimeoutMs, ownsHandle: database === undefined });
  } catch (error) {
    if (database === undefined) connection?.close();
    throw sqliteError(`open ${path === undefined ? 'the database' : `the file ${path}`}`, error);
  }
}

function checked(options: SqliteRunStoreOptions): SqliteRunStoreOptions {
  const { path, database, synchronous = 'normal', busyTimeoutMs = 0 } = options;
  const issues: ValidationIssue[] = [];
  if ((path === undefined) === (database === undefined)) {
    issues.push({ path: 'path', message: 'or database, one of them, must be given' });
  } else if (path !== undefined && (typeof path !== 'string' || path === '')) {
    issues.push({ path: 'path', message: 'must be the path of a file' });
  }
  if (!['normal', 'full'].includes(synchronous)) {
    issues.push({ path: 'synchronous', message: 'must be normal or full' });
  }
  if (!(Number.isFinite(busyTimeoutMs) && busyTimeoutMs >= 0)) {
    issues.push({ path: 'busyTimeoutMs', message: 'must be milliseconds, not negative' });
  }
  if (issues.length > 0) throw validationError('store options', issues);
  return options;
}

/**
 * SQLite does not wait where several connections turn the log on at once: it says busy at once, and
 * the others find it turned on when they try again.
 */
function useWriteAheadLog(connection: SqliteConnection, synchronous: 'normal' | 'full'): void {
  const giveUpAt = Date.now() + OPENING_WAIT_MS;
  for (;;) {
    try {
      connection.exec('PRAGMA journal_mode = WAL');
      connection.exec(`PRAGMA synchronous = ${synchronous}`);
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() >= giveUpAt) throw error;
      blockFor(5);
    }
  }
}

function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
