import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SECURITY_HEADERS } from '../http/answer';
import { toNodeListener } from '../http/node-listener';
import type { RunHandler } from '../http/run-handler';

/** Nobody on another machine can reach it. */
const LOOPBACK = '127.0.0.1';

const TOKEN = 'token';

/** Where a server for one person listens, and what lets that person in. */
export interface UiServer {
  /** With the token: whoever has it is let in. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a handler on loopback, to whoever has the token: in the query, once, which makes a cookie of
 * it, or as a bearer.
 *
 * @param port - 0 for a free one.
 */
export async function startUiServer(handler: RunHandler, token: string, port: number): Promise<UiServer> {
  const listener = toNodeListener(handler);
  const server = createServer((incoming, outgoing) => {
    const guard = new UiGuard(token, (server.address() as AddressInfo).port);
    if (guard.letsIn(incoming, outgoing)) void listener(incoming, outgoing);
  });
  server.listen(port, LOOPBACK);
  await once(server, 'listening');
  const taken = (server.address() as AddressInfo).port;
  return { url: `http://${LOOPBACK}:${taken}/?${TOKEN}=${token}`, close: () => closed(server) };
}

/** Decides who is let in. */
class UiGuard {
  readonly #token: string;
  readonly #hosts: readonly string[];
  /**
   * The cookie's name has the port in it: browsers do not tell cookies apart by port, and two servers must
   * not overwrite each other's.
   */
  readonly #cookie: string;

  constructor(token: string, port: number) {
    this.#token = token;
    this.#hosts = [`${LOOPBACK}:${port}`, `localhost:${port}`];
    this.#cookie = `agent_run_ui_${port}`;
  }

  /** Whether the handler is to answer; otherwise it is answered. */
  letsIn(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    // DNS rebinding: a page on a name that was made to point to this machine sends its own host name.
    if (!this.#hosts.includes((incoming.headers.host ?? '').toLowerCase())) {
      return refuse(outgoing, 'This server is asked for under its own address only');
    }
    const { path, token } = withoutToken(incoming.url ?? '/');
    if (token !== null && this.#isToken(token)) return this.#remember(incoming, outgoing, path);
    if (this.#isToken(bearerOf(incoming)) || this.#isToken(cookieOf(incoming, this.#cookie))) return true;
    return refuse(outgoing, 'The address lacks its token: take the one that "agent-run ui" has printed');
  }

  /**
   * Sets the cookie and redirects to an address without the token, which would stay in the browser's
   * history.
   */
  #remember(incoming: IncomingMessage, outgoing: ServerResponse, path: string): boolean {
    const cookie = `${this.#cookie}=${this.#token}; HttpOnly; SameSite=Lax; Path=/`;
    if (incoming.method === 'GET' && path === '/') {
      outgoing.writeHead(302, {
        ...SECURITY_HEADERS,
        Location: '/',
        'Set-Cookie': cookie,
        'Cache-Control': 'no-store',
      });
      outgoing.end();
      return false;
    }
    incoming.url = path;
    return true;
  }

  #isToken(candidate: string): boolean {
    return timingSafeEqual(digestOf(candidate), digestOf(this.#token));
  }
}

/** A digest, so that comparing takes as long for a wrong token as for the right one. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function withoutToken(url: string): { readonly path: string; readonly token: string | null } {
  const [path = '/', query = ''] = url.split(/\?(.*)/s, 2);
  const parameters = new URLSearchParams(query);
  const token = parameters.get(TOKEN);
  if (token === null) return { path: url, token };
  parameters.delete(TOKEN);
  const rest = parameters.toString();
  return { path: rest === '' ? path : `${path}?${rest}`, token };
}

function bearerOf({ headers }: IncomingMessage): string {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

function cookieOf({ headers }: IncomingMessage, name: string): string {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

function refuse(outgoing: ServerResponse, message: string): false {
  outgoing.writeHead(403, {
    ...SECURITY_HEADERS,
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  outgoing.end(`${message}\n`);
  return false;
}

async function closed(server: Server): Promise<void> {
  const over = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await over;
}
