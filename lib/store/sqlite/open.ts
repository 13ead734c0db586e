import { existsSync } from 'node:fs';
import { RunError } from '../../record/error';
import { CALL_TIMEOUT_MS } from '../options';
import { SqliteBackend } from './backend';
import { SqliteConnection } from './connection';
import { findDriver } from './driver';
import { isBusy, sqliteError } from './driver-error';
import { assertMigrated, assertStore, migrate } from './migrate';
import { readNaming } from './names';
import type { TableNames } from './names';
import type { SqliteRunStoreOptions } from './options';
import { checkOptions } from './options';

/** How long opening waits for other processes, which only happens at the start, and may block. */
const OPENING_WAIT_MS = 10_000;

const IN_MEMORY = ':memory:';

/**
 * Opens the file, or takes the database as it is, and brings its tables up to date.
 *
 * @throws {RunError} `validation_error`; `storage_error`
 */
export function openBackend(options: SqliteRunStoreOptions): SqliteBackend {
  checkOptions(options);
  const { path, database, callTimeoutMs = CALL_TIMEOUT_MS } = options;
  const names = readNaming(options);
  const ownsHandle = database === undefined;
  let connection: SqliteConnection | undefined;
  try {
    connection = new SqliteConnection(database ?? openFile(options));
    prepare(connection, names, options);
    return new SqliteBackend(connection, names, { callTimeoutMs, ownsHandle });
  } catch (error) {
    if (ownsHandle) connection?.close();
    throw sqliteError(`open ${path === undefined ? 'the database' : `the file ${path}`}`, error);
  }
}

function openFile({ path = '', driver, readOnly, mustExist }: SqliteRunStoreOptions) {
  if ((readOnly === true || mustExist === true) && path !== IN_MEMORY && !existsSync(path)) {
    throw new RunError('storage_error', `There is no file ${path}`);
  }
  const Database = findDriver(driver);
  return new Database(path);
}

function prepare(connection: SqliteConnection, names: TableNames, options: SqliteRunStoreOptions): void {
  const { database, synchronous = 'normal', readOnly = false, mustExist = false } = options;
  connection.withBusyTimeout(OPENING_WAIT_MS, () => {
    if (readOnly) {
      assertMigrated(connection, names);
      if (database === undefined) connection.exec('PRAGMA query_only = 1');
      return;
    }
    if (mustExist) assertStore(connection, names);
    if (database === undefined) useWriteAheadLog(connection, synchronous);
    migrate(connection, names);
  });
}

/**
 * Turns on the write-ahead log. Where several connections do so at once, SQLite does not wait but reports
 * busy; those try again and find it turned on.
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
