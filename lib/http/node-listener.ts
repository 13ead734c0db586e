import { getRequestListener } from '@hono/node-server';
import type { RunHandler } from './run-handler';

/** What Express and its like add to a request. */
interface FrameworkRequest extends NodeRequest {
  /** Whether everything of it has been read. */
  readonly readableEnded?: boolean;
  /** The URL as it came, where a router has cut its own path off. */
  readonly originalUrl?: string;
  /** What a body parser has read, so that nothing is left to read. */
  readonly body?: unknown;
  rawBody?: Buffer;
}

/** A request of Node's `http`, by structure, so that the declarations need no types of Node. */
export interface NodeRequest {
  /** `GET`, `POST`. */
  readonly method?: string | undefined;
  /** The path and the query. */
  url?: string | undefined;
  /** By their names in small letters. */
  readonly headers: object;
}

/** A response of Node's `http`, by structure. */
export interface NodeResponse {
  /** Whether the headers are on their way. */
  readonly headersSent: boolean;
  /** Ends the response. */
  end(): unknown;
}

/** What `createServer` of Node's `http` takes, and Express, Fastify and Nest with it. */
export type NodeListener = (incoming: NodeRequest, outgoing: NodeResponse) => Promise<void>;

/**
 * Makes a listener for Node's `http` of a handler: for plain Node, Express, Fastify and Nest.
 *
 * @example
 * ```ts
 * createServer(toNodeListener(handler)).listen(3000, '127.0.0.1');
 * ```
 */
export function toNodeListener(handler: RunHandler): NodeListener {
  // Without this, Node's own Request and Response would be replaced in the whole process.
  const listener = getRequestListener(handler, { overrideGlobalObjects: false });
  return (incoming, outgoing) => {
    restore(incoming);
    return listener(...([incoming, outgoing] as unknown as Parameters<typeof listener>));
  };
}

/** Undoes what a router and a body parser before this one have done to the request. */
function restore(incoming: FrameworkRequest): void {
  const { originalUrl, body } = incoming;
  if (typeof originalUrl === 'string') incoming.url = originalUrl;
  if (incoming.readableEnded === true && body !== undefined && incoming.rawBody === undefined) {
    incoming.rawBody = Buffer.from(JSON.stringify(body));
  }
}
