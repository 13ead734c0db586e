import { validationError } from '../../record/error';

/** The names of the tables. */
export interface SqliteTables {
  readonly prefix: string;
  readonly runs: string;
  readonly journal: string;
  readonly meta: string;
}

const PREFIX = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/;

/**
 * The tables under a prefix. The names go into SQL as they are, so the prefix is checked.
 *
 * @throws {RunError} `validation_error`
 */
export function tablesOf(prefix: string): SqliteTables {
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    const message = 'must be a letter or _, then at most 39 letters, digits and _';
    throw validationError('store options', [{ path: 'tablePrefix', message }]);
  }
  return { prefix, runs: `${prefix}runs`, journal: `${prefix}journal`, meta: `${prefix}meta` };
}

/** The condition that the index of marks is made with, and that a query repeats to use it. */
export function isMark(seq: string): string {
  return `${seq} % 64 = 0`;
}
