/**
 * Runs in PostgreSQL, for many processes, over a pool of `pg`.
 *
 * @module agent-run/store/postgres
 */
export type { PostgresClient, PostgresPool, PostgresResult } from './client';
export type { ConnectionOptions } from './driver';
export type { TableOptions } from './names';
export type { PostgresRunStoreOptions } from './options';
export { PostgresRunStore } from './postgres-run-store';
