import type { ValidationIssue } from '../../record/error';
import { validationError } from '../../record/error';
import { findUnknown } from '../../record/options';
import type { RunStoreOptions } from '../options';
import { STORE_OPTIONS } from '../options';
import type { SqliteDatabaseClass, SqliteDriver, SqliteHandle } from './driver';

/** Where a `SqliteRunStore` keeps its runs. One of `path` and `database`. */
export interface SqliteRunStoreOptions extends RunStoreOptions {
  /** The file, made where it is missing, its folder not; `:memory:` for none. */
  readonly path?: string | undefined;
  /**
   * An open database of `node:sqlite`, better-sqlite3 or libsql. `close()` leaves it open; calls wait
   * while it is in a transaction of yours.
   */
  readonly database?: SqliteHandle | undefined;
  /**
   * Which module opens the file, or the class that does: `Database` of better-sqlite3 or libsql,
   * `DatabaseSync` of `node:sqlite`. @default the first there is of node:sqlite, better-sqlite3, libsql
   */
  readonly driver?: SqliteDriver | SqliteDatabaseClass | undefined;
  /**
   * `normal`: what is stored survives the end of the process, `kill -9` included; a power cut may
   * take the last writes, never the file. `full`: it survives a power cut too, at the price of a
   * wait for the disk per batch. @default 'normal'
   */
  readonly synchronous?: 'normal' | 'full' | undefined;
  /** Whether the file has to be there with its tables, and is only read. @default false */
  readonly readOnly?: boolean | undefined;
  /** Whether the file has to be there with its tables: none are made in what is no store. @default false */
  readonly mustExist?: boolean | undefined;
  /** What the names of the tables begin with. @default 'agent_run_' */
  readonly tablePrefix?: string | undefined;
}

const KNOWN = [
  ...STORE_OPTIONS,
  'path',
  'database',
  'driver',
  'synchronous',
  'readOnly',
  'mustExist',
  'tablePrefix',
] as const satisfies readonly (keyof SqliteRunStoreOptions)[];

/**
 * Checks the options.
 *
 * @throws {RunError} `validation_error`
 */
export function checkOptions(options: SqliteRunStoreOptions): void {
  const issues: ValidationIssue[] = [];
  findUnknown(options, KNOWN, issues);
  if (issues.length === 0) findBad(options, issues);
  if (issues.length > 0) throw validationError('store options', issues);
}

function findBad(options: SqliteRunStoreOptions, issues: ValidationIssue[]): void {
  const { path, database, driver, synchronous = 'normal' } = options;
  if ((path === undefined) === (database === undefined)) {
    issues.push({ path: 'path', message: 'or database, one of them, must be given' });
  } else if (path !== undefined && (typeof path !== 'string' || path === '')) {
    issues.push({ path: 'path', message: 'must be the path of a file' });
  } else if (database !== undefined && !isHandle(database)) {
    issues.push({ path: 'database', message: 'must be an open database, with exec and prepare' });
  }
  if (!['string', 'function', 'undefined'].includes(typeof driver)) {
    issues.push({ path: 'driver', message: 'must be the name of a driver, or its class' });
  }
  if (!['normal', 'full'].includes(synchronous)) {
    issues.push({ path: 'synchronous', message: 'must be normal or full' });
  }
  for (const name of ['readOnly', 'mustExist'] as const) {
    if (!['boolean', 'undefined'].includes(typeof options[name])) {
      issues.push({ path: name, message: 'must be true or false' });
    }
  }
}

function isHandle(value: unknown): value is SqliteHandle {
  const { exec, prepare } = (value ?? {}) as Partial<SqliteHandle>;
  return typeof exec === 'function' && typeof prepare === 'function';
}
