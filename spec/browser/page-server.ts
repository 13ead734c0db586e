import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRunHandler, toNodeListener } from 'agent-run/http';
import type { RunHandlerOptions } from 'agent-run/http';

export const BASE_PATH = '/agent-runs';

/** A server of the page on the loopback address; it can go away and come back at the same port. */
export class PageServer {
  readonly #options: Omit<RunHandlerOptions, 'authorize' | 'basePath'> & Partial<RunHandlerOptions>;
  #server: Server | null = null;
  #port = 0;

  constructor(options: Omit<RunHandlerOptions, 'authorize' | 'basePath'> & Partial<RunHandlerOptions>) {
    this.#options = options;
  }

  /** The address of the page, without a view. */
  get url(): string {
    return `${this.origin}${BASE_PATH}/`;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const handler = createRunHandler({ basePath: BASE_PATH, authorize: () => true, ...this.#options });
    const server = createServer((incoming, outgoing) => void toNodeListener(handler)(incoming, outgoing));
    await new Promise<void>((resolve) => {
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => {
      server.close(resolve);
    });
    server.closeAllConnections();
    await closed;
  }
}
