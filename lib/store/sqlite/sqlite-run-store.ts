import { RunStore } from '../store';
import { openBackend } from './open';
import type { SqliteRunStoreOptions } from './options';

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
   * opened, is not there although it must be, or is no database, or a later version of this package
   * has migrated it.
   */
  constructor(options: SqliteRunStoreOptions) {
    super(openBackend(options), options);
  }
}
