/** A service that streams what another process writes; says over IPC what it costs. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type * as Http from 'agent-run/http';
import { load, postgresStore, sqliteStore } from './built';

/** Where the store is. */
export interface StreamPlace {
  readonly kind: 'sqlite' | 'postgres';
  /** The path of the file, or the URL of the database. */
  readonly place: string;
}

/** What the service says: its port, then, whenever it is asked, the processor time that it has used. */
export type StreamAnswer = { readonly port: number } | { readonly cpuMs: number };

const { createRunHandler, toNodeListener } = load('./dist/http') as typeof Http;
const { kind, place } = JSON.parse(process.argv[2]!) as StreamPlace;

const store =
  kind === 'sqlite'
    ? new (sqliteStore().SqliteRunStore)({ path: place })
    : new (postgresStore().PostgresRunStore)({ connectionString: place });
const listener = toNodeListener(createRunHandler({ store, authorize: () => true }));
const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));

function say(answer: StreamAnswer): void {
  process.send?.(answer);
}

server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () => {
  say({ port: (server.address() as AddressInfo).port });
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  say({ cpuMs: (user + system) / 1000 });
});
process.once('disconnect', () => process.exit());
