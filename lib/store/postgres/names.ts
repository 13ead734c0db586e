import { validationError } from '../../record/error';

/** With the longest name behind it, an identifier still fits into PostgreSQL's 63 bytes. */
const IDENTIFIER = /^[a-z_][a-z0-9_]{0,30}$/;

/** The first number of this package's advisory locks, so that nobody else's collide. */
export const LOCK_CLASS = 0x61_67_72_6e;

/** Where the store keeps its tables. */
export interface TableOptions {
  /**
   * The schema, made when it is missing: small letters, digits and `_`, at most 31.
   *
   * @default the first of the connection's search path
   */
  readonly schema?: string | undefined;
  /** What the names of the tables begin with, of the same letters. @default 'agent_run_' */
  readonly tablePrefix?: string | undefined;
}

/** The names of the tables and what belongs to them, quoted, as they stand in statements. */
export interface TableNames {
  readonly runs: string;
  readonly journal: string;
  readonly positions: string;
  readonly migrations: string;
  /** The function that holds a session for a run, which the first schema had. */
  readonly holdSession: string;
  /** The function that applies a batch. */
  readonly apply: string;
  /** The function that removes the journals of removed runs. */
  readonly forget: string;
}

/** All that a store's statements are made with. */
export interface Naming {
  readonly schema: string | null;
  readonly prefix: string;
  readonly tables: TableNames;
  /** The channel of the notifications. */
  readonly channel: string;
}

/**
 * Checks where the store is to keep its tables, and names them.
 *
 * @throws {RunError} `validation_error` for a schema or a prefix that is no plain identifier.
 */
export function readNaming({ schema, tablePrefix = 'agent_run_' }: TableOptions): Naming {
  const issues = Object.entries({ schema, tablePrefix })
    .filter(([, name]) => name !== undefined && !(typeof name === 'string' && IDENTIFIER.test(name)))
    .map(([path]) => ({
      path,
      message: 'must be 1 to 31 small letters, digits and underscores, and not begin with a digit',
    }));
  if (issues.length > 0) throw validationError('store', issues);
  const quoted = (name: string): string =>
    `${schema === undefined ? '' : `"${schema}".`}"${tablePrefix}${name}"`;
  return {
    schema: schema ?? null,
    prefix: tablePrefix,
    tables: {
      runs: quoted('runs'),
      journal: quoted('journal'),
      positions: quoted('positions'),
      migrations: quoted('migrations'),
      holdSession: quoted('hold_session'),
      apply: quoted('apply'),
      forget: quoted('forget'),
    },
    channel: `${schema === undefined ? '' : `${schema}_`}${tablePrefix}`.slice(0, 63),
  };
}
