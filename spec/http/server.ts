import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A server on loopback. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Stops it under its clients. */
  close(): Promise<void>;
}

/** Listens on a free port, or on one that was used before. */
export async function listen(listener: RequestListener, port = 0): Promise<TestServer> {
  const server = createServer(listener).listen(port, '127.0.0.1');
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
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
