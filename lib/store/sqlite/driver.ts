import { createRequire } from 'node:module';
import { RunError } from '../../record/error';

/** A value that every driver binds: others make libsql end the process. */
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

/** The drivers, in the order in which they are looked for. */
const DRIVERS = {
  'node:sqlite': openNodeSqlite,
  'better-sqlite3': openBetterSqlite3,
  libsql: openLibsql,
} as const satisfies Record<SqliteDriver, () => Open | null>;

/** A module that opens SQLite files. */
export type SqliteDriver = 'node:sqlite' | 'better-sqlite3' | 'libsql';

type Open = (path: string) => SqliteHandle;
type DatabaseClass = new (path: string) => SqliteHandle;

/** From this version on, better-sqlite3 ends processes whose Node has an older N-API than it wants. */
const BETTER_SQLITE3_NAPI = { since: 13, version: 10 };

const load = createRequire(__filename);

/**
 * Finds a driver.
 *
 * @param name - The only one to look for. @default the first that is there
 * @returns what opens a file with it.
 * @throws {RunError} `storage_error` that says what to install.
 */
export function findDriver(name?: SqliteDriver): Open {
  if (name !== undefined && !Object.hasOwn(DRIVERS, name)) throw noDriver(`"${name as string}" is unknown`);
  const candidates = name === undefined ? Object.values(DRIVERS) : [DRIVERS[name]];
  for (const candidate of candidates) {
    const open = candidate();
    if (open !== null) return open;
  }
  throw noDriver(name === undefined ? 'none is there' : `${name} is not there`);
}

function openNodeSqlite(): Open | null {
  const sqlite = loaded('node:sqlite') as { DatabaseSync: DatabaseClass } | null;
  return sqlite === null ? null : (path) => new sqlite.DatabaseSync(path);
}

function openBetterSqlite3(): Open | null {
  const found = loaded('better-sqlite3/package.json') as { version: string } | null;
  if (found === null || !isSafe(found.version)) return null;
  const Database = loaded('better-sqlite3') as DatabaseClass | null;
  return Database === null ? null : (path) => new Database(path);
}

function openLibsql(): Open | null {
  const Database = loaded('libsql') as DatabaseClass | null;
  return Database === null ? null : (path) => new Database(path);
}

/** Whether loading this version of better-sqlite3 is safe: where it is not, nothing could be caught. */
export function isSafe(version: string, napi = Number(process.versions['napi'])): boolean {
  return Number.parseInt(version, 10) < BETTER_SQLITE3_NAPI.since || napi >= BETTER_SQLITE3_NAPI.version;
}

function loaded(name: string): unknown {
  try {
    return load(name);
  } catch {
    return null;
  }
}

function noDriver(what: string): RunError {
  const known = Object.keys(DRIVERS).join(', ');
  return new RunError(
    'storage_error',
    `No SQLite driver: ${what} (known: ${known}; Node ${process.versions.node}). ` +
      'Run "npm install libsql", or use Node 22.13 or later, which has node:sqlite',
    { details: { known: Object.keys(DRIVERS) } },
  );
}
