import type { RunStoreOptions } from '../options';
import { RunStore } from '../store';
import { PostgresBackend } from './backend';
import type { TableOptions } from './names';
import { readNaming } from './names';
import type { ConnectionOptions } from './pool';
import { openPool } from './pool';

/** Where a {@link PostgresRunStore} keeps runs, and how it hears of other processes. */
export interface PostgresRunStoreOptions extends ConnectionOptions, TableOptions, RunStoreOptions {
  /**
   * Whether to hear of other processes' writes by `LISTEN`, on a connection that the store keeps for
   * it. Where the database does not let it (a pooler that shares connections between transactions,
   * a pool of one connection), the store finds out and looks every `pollMs` instead; with `false` it
   * does not try.
   *
   * @default true
   */
  readonly listen?: boolean | undefined;
  /** How often to look for other processes' writes without `LISTEN`, in milliseconds. @default 500 */
  readonly pollMs?: number | undefined;
}

const POLL_MS = 500;

/** How often `watch` looks although nothing was heard: a connection can die without a sign. */
const SAFETY_POLL_MS = 10_000;

/**
 * Runs in PostgreSQL (13 or later), for many processes on many machines.
 *
 * The tables are made and migrated at the first call, by whoever comes first. A batch of changes is
 * one statement and one round trip. Needs the package `pg`, and works through poolers.
 *
 * @example
 * ```ts
 * const store = new PostgresRunStore({ connectionString: process.env.DATABASE_URL });
 * const recorder = store.track(run);
 * ```
 */
export class PostgresRunStore extends RunStore {
  /**
   * @throws {RunError} `validation_error` for options that are missing or bad; `storage_error` where
   * `pg` is not installed. The database is not asked before the first call.
   */
  constructor(options: PostgresRunStoreOptions) {
    const { listen = true, pollMs = POLL_MS } = options;
    const naming = readNaming(options);
    const backend = new PostgresBackend(openPool(options), naming, { listen, pollMs });
    super(backend, { ...options, pollMs: SAFETY_POLL_MS });
  }
}
