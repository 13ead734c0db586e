/**
 * Runs in a SQLite file, with a driver of yours: `better-sqlite3`, `libsql` or `node:sqlite`.
 *
 * @module agent-run/store/sqlite
 */
export type { SqliteDatabaseClass, SqliteDriver, SqliteHandle, SqliteStatement } from './driver';
export type { SqliteRunStoreOptions } from './options';
export { SqliteRunStore } from './sqlite-run-store';
