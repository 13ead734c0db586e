import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A way to a server that can be made slow, silent or narrow. */
export class TcpProxy {
  readonly port: number;
  /** How long what comes from the client is kept back, in milliseconds. */
  delayMs = 0;
  /** How many connections are passed on at once; the others wait. */
  atMost = Infinity;
  readonly #target: Target;
  readonly #pairs = new Set<Pair>();
  readonly #waiting: Socket[] = [];
  readonly #close: () => void;
  #isHeld = false;

  private constructor(target: Target, port: number, close: () => void) {
    this.#target = target;
    this.port = port;
    this.#close = close;
  }

  /** Listens on a free port of this machine, for whoever wants to reach the host and port of the URL. */
  static open(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      let accept: (socket: Socket) => void = ignore;
      const server = createServer((socket) => accept(socket));
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const target = { host: hostname, port: Number(port) };
        const proxy = new TcpProxy(target, (server.address() as AddressInfo).port, () => server.close());
        accept = (socket) => proxy.#accept(socket);
        resolve(proxy);
      });
    });
  }

  /** How many connections are passed on. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** The same URL, by way of the proxy. */
  urlOf(url: string): string {
    const through = new URL(url);
    through.hostname = '127.0.0.1';
    through.port = String(this.port);
    return through.href;
  }

  /** Passes nothing on, and closes nothing, until {@link resume}. */
  hold(): void {
    this.#isHeld = true;
    for (const { client, server } of this.#pairs) for (const socket of [client, server]) socket.pause();
  }

  resume(): void {
    this.#isHeld = false;
    for (const { client, server } of this.#pairs) for (const socket of [client, server]) socket.resume();
  }

  /** Ends every connection, as a server does that is gone. */
  drop(): void {
    for (const { client, server } of this.#pairs) for (const socket of [client, server]) socket.destroy();
  }

  close(): void {
    this.#close();
    this.drop();
    for (const socket of this.#waiting) socket.destroy();
  }

  #accept(client: Socket): void {
    client.on('error', ignore);
    if (this.#pairs.size >= this.atMost) this.#waiting.push(client);
    else this.#passOn(client);
  }

  #passOn(client: Socket): void {
    const server = connect(this.#target);
    const pair = { client, server };
    this.#pairs.add(pair);
    client.on('data', (data) => {
      if (this.delayMs === 0) server.write(data);
      else setTimeout(() => server.write(data), this.delayMs);
    });
    server.on('data', (data) => client.write(data));
    server.on('error', ignore);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('close', () => {
        other.destroy();
        if (this.#pairs.delete(pair)) this.#next();
      });
    }
    if (this.#isHeld) for (const socket of [client, server]) socket.pause();
  }

  #next(): void {
    const client = this.#waiting.find((socket) => !socket.destroyed);
    if (client === undefined || this.#pairs.size >= this.atMost) return;
    this.#waiting.splice(0, this.#waiting.indexOf(client) + 1);
    this.#passOn(client);
  }
}

interface Target {
  readonly host: string;
  readonly port: number;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

function ignore(): void {
  // A test ends connections on purpose.
}
