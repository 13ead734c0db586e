import type * as Module from 'node:module';
import { RunError } from '../../record/error';

/** A value that every driver can bind. Other values make libsql end the process. */
export type SqliteValue = string | number | null;

/**
 * An open database, as far as it is used here: of `node:sqlite`, better-sqlite3 or libsql.
 *
 * @see https://nodejs.org/api/sqlite.html#class-databasesync
 * @see https://github.com/WiseLibs/better-sqlite3/blob/master/docs/api.md
 */
export interface SqliteHandle {
  /** Runs statements that give no rows. */
  exec(sql: string): unknown;
  /** Compiles one statement. */
  prepare(sql: string): SqliteStatement;
  /** Closes the file. */
  close(): unknown;
}

/** A prepared statement of a {@link SqliteHandle}. */
export interface SqliteStatement {
  /** Runs it without rows. */
  run(...values: never[]): unknown;
  /** Gives the first row. */
  get(...values: never[]): unknown;
  /** Gives every row. */
  all(...values: never[]): unknown[];
}

/** The class of a driver: `Database` of better-sqlite3 or libsql, `DatabaseSync` of `node:sqlite`. */
export type SqliteDatabaseClass = new (path: string) => SqliteHandle;

/** The drivers, in the order in which they are looked for. */
const DRIVERS = {
  'node:sqlite': findNodeSqlite,
  'better-sqlite3': findBetterSqlite3,
  libsql: findLibsql,
} as const satisfies Record<SqliteDriver, () => SqliteDatabaseClass | null>;

/** A module that opens SQLite files. */
export type SqliteDriver = 'node:sqlite' | 'better-sqlite3' | 'libsql';

/** From this version on, better-sqlite3 ends processes whose Node has an older N-API than it wants. */
const BETTER_SQLITE3_NAPI = { since: 13, version: 10 };

/**
 * Finds a driver.
 *
 * @param driver - The name of the only one to look for, or its class. @default the first that is there
 * @returns the class whose instances are open databases.
 * @throws {RunError} `storage_error` that says what to do.
 */
export function findDriver(driver?: SqliteDriver | SqliteDatabaseClass): SqliteDatabaseClass {
  if (typeof driver === 'function') return driver;
  if (driver !== undefined && !Object.hasOwn(DRIVERS, driver)) {
    throw noDriver(`"${driver}" is unknown`);
  }
  const candidates = driver === undefined ? Object.values(DRIVERS) : [DRIVERS[driver]];
  for (const find of candidates) {
    const found = find();
    if (found !== null) return found;
  }
  throw noDriver(driver === undefined ? 'none is there' : `${driver} is not there`);
}

function findNodeSqlite(): SqliteDatabaseClass | null {
  // No bundler looks for it: it comes with Node.
  const sqlite = builtinModule('node:sqlite') as { DatabaseSync: SqliteDatabaseClass } | undefined;
  return sqlite?.DatabaseSync ?? null;
}

// The calls of `require` below are plain, so that bundlers see them, and run only here. Within `try`,
// bundlers take a module that is missing for one that may be missing.

function findBetterSqlite3(): SqliteDatabaseClass | null {
  try {
    const { version } = require('better-sqlite3/package.json') as { version: string };
    return isSafe(version) ? classIn(require('better-sqlite3')) : null;
  } catch {
    const found = installed('better-sqlite3/package.json') as { version: string } | null;
    return found !== null && isSafe(found.version) ? classIn(installed('better-sqlite3')) : null;
  }
}

function findLibsql(): SqliteDatabaseClass | null {
  try {
    return classIn(require('libsql'));
  } catch {
    return classIn(installed('libsql'));
  }
}

/**
 * What is installed beside the program that runs: some bundles are modules, in which no `require` is left,
 * and a command may be installed elsewhere than the project it is called in.
 */
function installed(name: string): unknown {
  try {
    const { createRequire } = builtinModule('node:module') as typeof Module;
    return createRequire(process.argv[1] ?? process.execPath)(name) as unknown;
  } catch {
    return null;
  }
}

/** A module of Node's, by a way that no bundler takes for an import. */
function builtinModule(name: string): unknown {
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
  return getBuiltinModule?.(name);
}

/**
 * Whether this version of better-sqlite3 may be loaded: where not, it would end the process, and nothing
 * could be caught.
 */
export function isSafe(version: string, napi = Number(process.versions['napi'])): boolean {
  return Number.parseInt(version, 10) < BETTER_SQLITE3_NAPI.since || napi >= BETTER_SQLITE3_NAPI.version;
}

/** The class that a module exports, as its only value or, in some bundles, as the default. */
function classIn(loaded: unknown): SqliteDatabaseClass | null {
  const found = typeof loaded === 'function' ? loaded : (loaded as { default?: unknown } | null)?.default;
  return typeof found === 'function' ? (found as SqliteDatabaseClass) : null;
}

function noDriver(what: string): RunError {
  const known = Object.keys(DRIVERS).join(', ');
  return new RunError(
    'storage_error',
    `No SQLite driver: ${what} (known: ${known}; Node ${process.versions.node}). ` +
      'Run "npm install libsql", or use Node 22.13 or later, which has node:sqlite. ' +
      'In a bundle, keep the driver external, or hand its class in: new SqliteRunStore({ path, driver: Database })',
    { details: { known: Object.keys(DRIVERS) } },
  );
}
