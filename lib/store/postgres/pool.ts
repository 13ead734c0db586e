import { createRequire } from 'node:module';
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

/**
 * The pool that the options give.
 *
 * @throws {RunError} `validation_error` where they give none, or two, or no connection string that can
 * be read; `storage_error` that says what to install where `pg` is missing.
 */
export function openPool({ pool, connectionString }: ConnectionOptions): OpenPool {
  if ((pool === undefined) === (connectionString === undefined)) {
    const message = 'one of pool and connectionString is required, and not both';
    throw validationError('store', [{ path: '', message }]);
  }
  if (pool !== undefined) return { pool, isOwn: false };
  return { pool: makePool(connectionString as string), isOwn: true };
}

function makePool(connectionString: string): PostgresPool {
  const driver = loadDriver();
  const options = { connectionString, application_name: NAME, keepAlive: true, allowExitOnIdle: true };
  try {
    // A pool reads the string when it first connects; a client reads it now, and connects to nothing.
    new driver.Client(options);
  } catch {
    // What was thrown quotes the connection string, password included.
    const message = 'must be postgresql://user:password@host:port/database, special letters percent-encoded';
    throw validationError('store', [{ path: 'connectionString', message }]);
  }
  return new driver.Pool(options);
}

/** Loads `pg` only where it is needed: it is an optional peer. */
function loadDriver(): Driver {
  try {
    return createRequire(__filename)('pg') as Driver;
  } catch (cause) {
    throw new RunError('storage_error', 'PostgresRunStore needs the package pg: npm install pg', { cause });
  }
}
