import type { ValidationIssue } from '../../record/error';

/**
 * A schema or a prefix. At 31 characters, with the longest name behind it, or both in the name of the
 * channel, it fits into PostgreSQL's 63 bytes.
 */
const IDENTIFIER = /^[a-z_][a-z0-9_]{0,30}$/;

/**
 * The first number of this package's advisory locks, so that they do not collide with others. The
 * migrations repeat it.
 */
export const LOCK_CLASS = 0x61_67_72_6e;

export const DEFAULT_PREFIX = 'agent_run_';

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
  readonly metadata: string;
  readonly positions: string;
  readonly migrations: string;
  /** The function that applies a batch. */
  readonly apply: string;
}

/** The names that a store's statements are made with. */
export interface Naming {
  readonly schema: string | null;
  readonly prefix: string;
  readonly tables: TableNames;
  /** The channel of the notifications. */
  readonly channel: string;
}

/** Names the tables that the store is to keep. */
export function namingOf({ schema, tablePrefix = DEFAULT_PREFIX }: TableOptions): Naming {
  const quoted = (name: string): string =>
    `${schema === undefined ? '' : `"${schema}".`}"${tablePrefix}${name}"`;
  return {
    schema: schema ?? null,
    prefix: tablePrefix,
    tables: {
      runs: quoted('runs'),
      journal: quoted('journal'),
      metadata: quoted('metadata'),
      positions: quoted('positions'),
      migrations: quoted('migrations'),
      apply: quoted('apply'),
    },
    channel: `${schema === undefined ? '' : `${schema}_`}${tablePrefix}`,
  };
}

/** Finds a schema or a prefix that is no plain identifier. */
export function findBadNames({ schema, tablePrefix }: TableOptions, issues: ValidationIssue[]): void {
  for (const [path, name] of Object.entries({ schema, tablePrefix })) {
    if (name === undefined || (typeof name === 'string' && IDENTIFIER.test(name))) continue;
    issues.push({
      path,
      message: 'must be 1 to 31 small letters, digits and underscores, and not begin with a digit',
    });
  }
}
