import { newerSchemaError } from '../storage-error';
import type { PostgresClient, PostgresPool } from './client';
import { MIGRATIONS } from './migrations';
import type { Naming } from './names';
import { LOCK_CLASS } from './names';

/**
 * Brings the schema up to date, whoever comes first: in one transaction, under an advisory lock that
 * ends with it, so that it works through poolers too. Where nothing is to be done, it only reads.
 *
 * @throws {RunError} `storage_error` for a schema of a later version.
 */
export async function migrate(pool: PostgresPool, naming: Naming): Promise<void> {
  if ((await versionOf(pool, naming)) === MIGRATIONS.length) return;
  const client = await pool.connect();
  let isDone = false;
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, naming.channel]);
    await createVersions(client, naming);
    await migrateFrom(await readVersion(client, naming), client, naming);
    await client.query('COMMIT');
    isDone = true;
  } finally {
    // A connection that failed half-way is closed: whatever was open on it is rolled back.
    client.release(!isDone);
  }
}

async function createVersions(client: PostgresClient, { schema, tables }: Naming): Promise<void> {
  if (schema !== null && !(await hasSchema(client, schema))) {
    await client.query(`CREATE SCHEMA "${schema}"`);
  }
  await client.query(`CREATE TABLE IF NOT EXISTS ${tables.migrations} (
    version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`);
}

async function migrateFrom(version: number, client: PostgresClient, naming: Naming): Promise<void> {
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    await client.query(migration(naming));
    await client.query(`INSERT INTO ${naming.tables.migrations} (version) VALUES ($1)`, [index + 1]);
  }
}

/** 0 where there are no tables. Under the lock that would not do: a missing table is remembered as missing. */
async function versionOf(pool: PostgresPool, naming: Naming): Promise<number> {
  const { rows } = await pool.query('SELECT to_regclass($1)::text AS name', [naming.tables.migrations]);
  const [{ name }] = rows as [{ name: string | null }];
  return name === null ? 0 : readVersion(pool, naming);
}

async function readVersion(connection: Pick<PostgresClient, 'query'>, { tables }: Naming): Promise<number> {
  const text = `SELECT coalesce(max(version), 0) AS version FROM ${tables.migrations}`;
  const { rows } = await connection.query(text);
  const [{ version }] = rows as [{ version: number }];
  if (version > MIGRATIONS.length) throw newerSchemaError(version, MIGRATIONS.length);
  return version;
}

/** `CREATE SCHEMA IF NOT EXISTS` asks for the right to create one even where it is there. */
async function hasSchema(client: PostgresClient, schema: string): Promise<boolean> {
  const { rows } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  return rows.length > 0;
}
