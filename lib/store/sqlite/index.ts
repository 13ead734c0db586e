export type { SqliteDriver, SqliteHandle, SqliteStatement } from './driver';
export type { SqliteRunStoreOptions } from './sqlite-run-store';
export { SqliteRunStore } from './sqlite-run-store';
