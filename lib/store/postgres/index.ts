export type { PostgresClient, PostgresPool, PostgresResult } from './client';
export type { TableOptions } from './names';
export type { ConnectionOptions } from './pool';
export { PostgresRunStore } from './postgres-run-store';
export type { PostgresRunStoreOptions } from './postgres-run-store';
