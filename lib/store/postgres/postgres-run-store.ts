import { RunStore } from '../store';
import { openBackend } from './open';
import type { PostgresRunStoreOptions } from './options';

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
    super(openBackend(options), { ...options, pollMs: SAFETY_POLL_MS });
  }
}
