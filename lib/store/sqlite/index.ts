export type { SqliteDatabaseClass, SqliteDriver, SqliteHandle, SqliteStatement } from './driver';
export type { SqliteRunStoreOptions } from './options';
export { SqliteRunStore } from './sqlite-run-store';
