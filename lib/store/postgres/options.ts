import type { ValidationIssue } from '../../record/error';
import { validationError } from '../../record/error';
import { findUnknown } from '../../record/options';
import type { RunStoreOptions } from '../options';
import { STORE_OPTIONS } from '../options';
import type { ConnectionOptions } from './driver';
import { findBadConnection } from './driver';
import type { TableOptions } from './names';
import { findBadNames } from './names';

/** Where a `PostgresRunStore` keeps runs, and how it hears of other processes. */
export interface PostgresRunStoreOptions extends ConnectionOptions, TableOptions, RunStoreOptions {
  /**
   * Whether to hear of other processes' writes by `LISTEN`, on a connection that the stores of a pool
   * keep for it. Where the database does not let them (a pooler that shares connections between
   * transactions, a pool or a pooler of one connection), the store finds out and looks every `pollMs`
   * instead; with `false` it does not try.
   *
   * @default true
   */
  readonly listen?: boolean | undefined;
  /** How often to look for other processes' writes without `LISTEN`, in milliseconds. @default 500 */
  readonly pollMs?: number | undefined;
  /** Whether the tables have to be there: none are made in what is no store. @default false */
  readonly mustExist?: boolean | undefined;
}

const KNOWN = [
  ...STORE_OPTIONS,
  'pool',
  'connectionString',
  'schema',
  'tablePrefix',
  'listen',
  'mustExist',
] as const satisfies readonly (keyof PostgresRunStoreOptions)[];

/**
 * Checks the options.
 *
 * @throws {RunError} `validation_error`
 */
export function checkOptions(options: PostgresRunStoreOptions): void {
  const issues: ValidationIssue[] = [];
  findUnknown(options, KNOWN, issues);
  if (issues.length === 0) {
    findBadConnection(options, issues);
    findBadNames(options, issues);
    for (const name of ['listen', 'mustExist'] as const) {
      if (!['boolean', 'undefined'].includes(typeof options[name])) {
        issues.push({ path: name, message: 'must be true or false' });
      }
    }
  }
  if (issues.length > 0) throw validationError('store options', issues);
}
