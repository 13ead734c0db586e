import { randomBytes } from 'node:crypto';
import type { PoolConfig } from 'pg';
import { Client, Pool } from 'pg';

/** What `postgres-setup.ts` hands to the specs, which run in other processes. */
export const URL_VARIABLE = 'AGENT_RUN_TEST_POSTGRES_URL';
export const FAILURE_VARIABLE = 'AGENT_RUN_TEST_POSTGRES_FAILURE';

/** An empty database of the server that all specs share. */
export interface TestDatabase {
  readonly url: string;
  /** Runs one statement on a connection of its own. */
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Removes the database, whoever is still connected. */
  drop(): Promise<void>;
}

/**
 * Makes a database for one spec.
 *
 * @throws Error that says why there is no server.
 */
export async function createDatabase(): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `spec_${randomBytes(8).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await query(server, `CREATE DATABASE ${name}`);
  return {
    url: url.href,
    query: (sql, values) => query(url.href, sql, values),
    drop: async () => {
      await query(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/**
 * A pool as a user would make it. It hears what happens to its connections after `end()`, which does not wait
 * for them: a database that is dropped then would end the process.
 */
export function createPool(url: string, config: PoolConfig = {}): Pool {
  const pool = new Pool({ ...config, connectionString: url });
  pool.on('error', () => undefined);
  return pool;
}

/** Runs one statement on a connection of its own. */
export async function query(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql, [...values]);
    return rows;
  } finally {
    await client.end();
  }
}

function serverUrl(): string {
  const url = process.env[URL_VARIABLE];
  if (url !== undefined) return url;
  throw new Error(process.env[FAILURE_VARIABLE] ?? 'jest has not run spec/support/postgres-setup.ts.');
}
