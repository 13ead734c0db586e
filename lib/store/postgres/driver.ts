import type { ValidationIssue } from '../../record/error';
import { RunError, validationError } from '../../record/error';
import type { PostgresPool } from './client';

/** How the store reaches the database: through a pool of the caller's, or one of its own. */
export interface ConnectionOptions {
  /** A `pg` pool. Who made it ends it: `close()` of the store leaves it open. */
  readonly pool?: PostgresPool | undefined;
  /** `postgresql://user:password@host:port/database?…`; the store makes a pool, and ends it on `close()`. */
  readonly connectionString?: string | undefined;
}

/** A pool, and whether the store made it. */
export interface OpenPool {
  readonly pool: PostgresPool;
  readonly isOwn: boolean;
}

interface Driver {
  readonly Client: new (options: object) => unknown;
  readonly Pool: new (options: object) => PostgresPool;
}

const NAME = 'agent-run';
const LARGEST_PORT = 65_535;

/** Finds options that give no pool, or two. */
export function findBadConnection(options: ConnectionOptions, issues: ValidationIssue[]): void {
  const { pool, connectionString } = options;
  if ((pool === undefined) === (connectionString === undefined)) {
    issues.push({ path: '', message: 'one of pool and connectionString is required, and not both' });
  } else if (pool !== undefined && typeof (pool as Partial<PostgresPool> | null)?.connect !== 'function') {
    issues.push({ path: 'pool', message: 'must be a pool of the package pg' });
  } else if (pool === undefined && (typeof connectionString !== 'string' || connectionString === '')) {
    issues.push({ path: 'connectionString', message: 'must be a text' });
  }
}

/**
 * The pool that the options give.
 *
 * @throws {RunError} `validation_error` for a connection string that cannot be read; `storage_error`
 * that says what to do where `pg` is missing.
 */
export function openPool({ pool, connectionString = '' }: ConnectionOptions): OpenPool {
  if (pool !== undefined) return { pool, isOwn: false };
  return { pool: makePool(connectionString), isOwn: true };
}

function makePool(connectionString: string): PostgresPool {
  const driver = loadDriver();
  const options = { connectionString, application_name: NAME, keepAlive: true, allowExitOnIdle: true };
  try {
    // A pool reads the string when it first connects; a client reads it now, and connects to nothing.
    new driver.Client(options);
  } catch (error) {
    const issue = { path: 'connectionString', message: whatIsWrong(connectionString, error) };
    throw validationError('store options', [issue]);
  }
  return new driver.Pool(options);
}

/** What was thrown quotes the connection string, password included. */
function whatIsWrong(connectionString: string, error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code !== 'ERR_INVALID_URL' && typeof code === 'string') {
    return `names a file that cannot be read: sslrootcert, sslcert or sslkey (${code})`;
  }
  const port = /:(\d+)(?:[/?#]|$)/.exec(connectionString)?.[1];
  if (Number(port) > LARGEST_PORT) return `has a port above ${LARGEST_PORT}`;
  return 'must be postgresql://user:password@host:port/database, special letters percent-encoded';
}

/** Loads `pg` only where it is needed: it is an optional peer. A plain call, so that bundlers see it. */
function loadDriver(): Driver {
  try {
    const loaded = require('pg') as Driver & { readonly default?: Driver };
    return typeof loaded.Pool === 'function' ? loaded : (loaded.default as Driver);
  } catch (cause) {
    const message =
      'PostgresRunStore needs the package pg: npm install pg. In a bundle, keep it external, or hand a ' +
      'pool in: new PostgresRunStore({ pool })';
    throw new RunError('storage_error', message, { cause });
  }
}
