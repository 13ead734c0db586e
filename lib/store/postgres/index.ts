export type { PostgresClient, PostgresPool, PostgresResult } from './client';
export type { ConnectionOptions } from './driver';
export type { TableOptions } from './names';
export type { PostgresRunStoreOptions } from './options';
export { PostgresRunStore } from './postgres-run-store';
