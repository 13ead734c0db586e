import { validationError } from '../../record/error';

/** The names of the tables. */
export interface TableNames {
  readonly prefix: string;
  readonly runs: string;
  readonly journal: string;
  readonly metadata: string;
  readonly positions: string;
  readonly migrations: string;
}

export const DEFAULT_PREFIX = 'agent_run_';

const PREFIX = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/;

/**
 * The tables under a prefix. The names go into SQL as they are, so the prefix is checked.
 *
 * @throws {RunError} `validation_error`
 */
export function readNaming({
  tablePrefix = DEFAULT_PREFIX,
}: {
  readonly tablePrefix?: string | undefined;
}): TableNames {
  if (typeof tablePrefix !== 'string' || !PREFIX.test(tablePrefix)) {
    const message = 'must be a letter or _, then at most 39 letters, digits and _';
    throw validationError('store options', [{ path: 'tablePrefix', message }]);
  }
  return {
    prefix: tablePrefix,
    runs: `${tablePrefix}runs`,
    journal: `${tablePrefix}journal`,
    metadata: `${tablePrefix}metadata`,
    positions: `${tablePrefix}positions`,
    migrations: `${tablePrefix}migrations`,
  };
}
