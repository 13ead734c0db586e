/** A real PostgreSQL for the time of a part. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { PROJECT } from './built';

/** Leaves out what strikes at random: the collector of dead rows, and checkpoints. */
const SETTINGS = {
  autovacuum: 'off',
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
};

/** A server with nothing in it. */
export interface BenchServer {
  /** Makes an empty database; its URL. */
  createDatabase(name: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts the server of the tests, by a program that is compiled with them.
 *
 * @param settings - Of `postgresql.conf`, beside those that all benchmarks have.
 */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<BenchServer> {
  const program = join(PROJECT, 'spec/support/serve-postgres.ts');
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', program, JSON.stringify({ ...SETTINGS, ...settings })],
    {
      cwd: PROJECT,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const gone = once(child, 'exit');
  const [line] = (await Promise.race([once(child.stdout, 'data'), gone])) as [unknown];
  if (!Buffer.isBuffer(line)) throw new Error('PostgreSQL did not start');
  const server = new URL(line.toString().trim());
  return {
    async createDatabase(name) {
      await execute(server.href, `CREATE DATABASE ${name}`);
      return new URL(`/${name}`, server).href;
    },
    async close() {
      child.stdin.end();
      await gone;
    },
  };
}

/** Runs statements without values on a connection of their own; the rows of the last. */
export async function execute(url: string, ...statements: readonly string[]): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let rows: readonly unknown[] = [];
    for (const statement of statements) ({ rows } = await client.query<object>(statement));
    return rows;
  } finally {
    await client.end();
  }
}
