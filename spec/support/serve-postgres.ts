/**
 * Runs a PostgreSQL for a program that cannot start one itself: prints its URL, and stops it when the
 * standard input ends.
 *
 *     tsx spec/support/serve-postgres.ts ['{"shared_buffers":"512MB"}']
 */
import { once } from 'node:events';
import { PostgresServer } from './postgres-server';

void serve(JSON.parse(process.argv[2] ?? '{}') as Record<string, string>);

async function serve(settings: Readonly<Record<string, string>>): Promise<void> {
  const server = await PostgresServer.start(settings);
  process.stdout.write(`${server.url()}\n`);
  process.stdin.resume();
  await once(process.stdin, 'end');
  await server.close();
}
