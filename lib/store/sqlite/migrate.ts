import { RunError } from '../../record/error';
import { newerSchemaError, noStoreError } from '../storage-error';
import type { SqliteConnection } from './connection';
import { MIGRATIONS } from './migrations';
import type { TableNames } from './names';
import { DEFAULT_PREFIX } from './names';

/**
 * Brings the schema up to date. Safe for any number of processes at once: the first does the work.
 * Where nothing is to be done, it only reads.
 *
 * @throws {RunError} `storage_error` when a later version of this package has been here.
 */
export function migrate(connection: SqliteConnection, names: TableNames): void {
  if (versionIn(connection, names) === MIGRATIONS.length) return;
  connection.transaction(() => {
    const { migrations } = names;
    connection.exec(
      `CREATE TABLE IF NOT EXISTS ${migrations} (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT`,
    );
    for (let version = versionIn(connection, names); version < MIGRATIONS.length; version++) {
      connection.exec((MIGRATIONS[version] as string).replaceAll(DEFAULT_PREFIX, names.prefix));
      const sql = `INSERT INTO ${migrations} (version, applied_at) VALUES (?, ?)`;
      connection.run(sql, [version + 1, new Date().toISOString()]);
    }
  });
}

/**
 * Checks a schema that may not be changed.
 *
 * @throws {RunError} `storage_error` where there are no tables, or those of another version.
 */
export function assertMigrated(connection: SqliteConnection, names: TableNames): void {
  assertStore(connection, names);
  const version = versionIn(connection, names);
  if (version === MIGRATIONS.length) return;
  throw new RunError(
    'storage_error',
    `The database has tables of an earlier version (${version}), and is only to be read`,
  );
}

/**
 * Checks that there are tables at all.
 *
 * @throws {RunError} `storage_error`
 */
export function assertStore(connection: SqliteConnection, names: TableNames): void {
  if (versionIn(connection, names) === 0) throw noStoreError(names.prefix);
}

function versionIn(connection: SqliteConnection, { migrations }: TableNames): number {
  const exists = connection.get(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`, [
    migrations,
  ]);
  if (exists === undefined) return 0;
  const row = connection.get(`SELECT max(version) AS version FROM ${migrations}`);
  const version = (row as { version: number | null }).version ?? 0;
  if (version > MIGRATIONS.length) throw newerSchemaError(version, MIGRATIONS.length);
  return version;
}
