import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { RunHandler } from 'agent-run/http';
import { toNodeListener } from 'agent-run/http';

/** A server on loopback. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Stops it under its clients. */
  close(): Promise<void>;
}

/** Listens on a free port, or on one that was used before. */
export async function listen(handler: RunHandler, port = 0): Promise<TestServer> {
  const listener = toNodeListener(handler);
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return serverOf(server);
}

/** A server that listens already. */
export function serverOf(server: Server): TestServer {
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
