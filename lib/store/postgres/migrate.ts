import { newerSchemaError, noStoreError } from '../storage-error';
import type { PostgresClient } from './client';
import type { PostgresConnection } from './connection';
import { MIGRATIONS } from './migrations';
import type { Naming } from './names';
import { DEFAULT_PREFIX, LOCK_CLASS } from './names';

/**
 * Brings the schema up to date, whoever comes first: in one transaction, under an advisory lock that
 * ends with it, so that it works through poolers too. Where nothing is to be done, it only reads.
 *
 * @param mustExist - Whether there have to be tables.
 * @throws {RunError} `storage_error` for a schema of a later version, and where there are no tables that
 * have to be there.
 */
export async function migrate(
  connection: PostgresConnection,
  naming: Naming,
  mustExist: boolean,
): Promise<void> {
  const what = 'prepare its tables';
  const version = await connection.attempt(what, (client) => versionOf(client, naming));
  if (version === MIGRATIONS.length) return;
  if (version === 0 && mustExist) throw noStoreError(naming.prefix);
  await connection.transaction(what, async (client) => {
    // One lock for everything that is made in a schema, the schema itself included, under any prefix.
    await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, naming.schema ?? '']);
    await createVersions(client, naming);
    await migrateFrom(await readVersion(client, naming), client, naming);
  });
}

async function createVersions(client: PostgresClient, { schema, tables }: Naming): Promise<void> {
  if (schema !== null) {
    if (!(await hasSchema(client, schema))) await client.query(`CREATE SCHEMA "${schema}"`);
    await client.query(`SET LOCAL search_path TO "${schema}"`);
  }
  await client.query(`CREATE TABLE IF NOT EXISTS ${tables.migrations} (
    version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`);
}

async function migrateFrom(version: number, client: PostgresClient, naming: Naming): Promise<void> {
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    await client.query(migration.replaceAll(DEFAULT_PREFIX, naming.prefix));
    await client.query(`INSERT INTO ${naming.tables.migrations} (version) VALUES ($1)`, [index + 1]);
  }
}

/**
 * The version of the schema; 0 where there are no tables. Not to be asked under the lock: the transaction
 * would go on believing that a table is missing.
 */
async function versionOf(client: PostgresClient, naming: Naming): Promise<number> {
  const { rows } = await client.query('SELECT to_regclass($1)::text AS name', [naming.tables.migrations]);
  const [{ name }] = rows as [{ name: string | null }];
  return name === null ? 0 : readVersion(client, naming);
}

async function readVersion(client: PostgresClient, { tables }: Naming): Promise<number> {
  const text = `SELECT coalesce(max(version), 0) AS version FROM ${tables.migrations}`;
  const { rows } = await client.query(text);
  const [{ version }] = rows as [{ version: number }];
  if (version > MIGRATIONS.length) throw newerSchemaError(version, MIGRATIONS.length);
  return version;
}

/** `CREATE SCHEMA IF NOT EXISTS` asks for the right to create one even where it is there. */
async function hasSchema(client: PostgresClient, schema: string): Promise<boolean> {
  const { rows } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  return rows.length > 0;
}
