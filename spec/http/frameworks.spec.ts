import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Run } from 'agent-run';
import type { RunHandler } from 'agent-run/http';
import { createRunHandler, toNodeListener } from 'agent-run/http';
import type { RunStore } from 'agent-run/store';
import { MemoryRunStore } from 'agent-run/store';
import { serve } from '@hono/node-server';
import type { ServerType } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import type { Server } from 'node:http';
import { collect } from './event-reader';
import type { TestServer } from './server';
import { serverOf } from './server';

type Start = (handler: RunHandler) => Promise<TestServer>;

async function started(server: Server | ServerType): Promise<TestServer> {
  if (!server.listening) await once(server, 'listening');
  return serverOf(server as Server);
}

function listening(listener: RequestListener): Promise<TestServer> {
  return started(createServer(listener).listen(0, '127.0.0.1'));
}

/** The ways in which a service mounts the handler, as docs/http.md shows them. */
const FRAMEWORKS: readonly (readonly [name: string, start: Start])[] = [
  [
    'plain Node',
    (handler) => listening((incoming, outgoing) => void toNodeListener(handler)(incoming, outgoing)),
  ],
  [
    'Hono',
    (handler) => {
      const app = new Hono();
      app.all('/agent-runs/*', (context) => handler(context.req.raw));
      return started(
        serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false }),
      );
    },
  ],
  [
    'Express, by its whole path',
    (handler) => {
      const app = express();
      app.all('/agent-runs{/*path}', toNodeListener(handler));
      return started(app.listen(0, '127.0.0.1'));
    },
  ],
  [
    'Express, mounted, behind a body parser',
    (handler) => {
      const app = express();
      app.use(express.json());
      app.use('/agent-runs', toNodeListener(handler));
      return started(app.listen(0, '127.0.0.1'));
    },
  ],
  [
    'Fastify',
    async (handler) => {
      const app = fastify();
      const listener = toNodeListener(handler);
      app.register((scope, _options, done) => {
        // The body is the handler's to read.
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
        scope.all('/agent-runs/*', (request, reply) => {
          reply.hijack();
          void listener(request.raw, reply.raw);
        });
        done();
      });
      await app.listen({ port: 0, host: '127.0.0.1' });
      return started(app.server);
    },
  ],
  [
    'a route handler of Next.js',
    (handler) => {
      // app/agent-runs/[[...path]]/route.ts: export { handler as GET, handler as POST }
      const route = { GET: handler, POST: handler } as Readonly<Record<string, RunHandler>>;
      const called: RunHandler = (request) => route[request.method]!(request);
      return listening((incoming, outgoing) => void toNodeListener(called)(incoming, outgoing));
    },
  ],
];

for (const [name, start] of FRAMEWORKS) {
  describe(`the handler in ${name}`, () => {
    let store: RunStore;
    let server: TestServer;
    let base: string;
    const request = globalThis.Request;

    beforeAll(async () => {
      store = new MemoryRunStore();
      await store.save(new Run({ id: 'run', sessionId: 'session' }).updateStatus('running'));
      server = await start(createRunHandler({ store, basePath: '/agent-runs', authorize: () => true }));
      base = `${server.url}/agent-runs`;
    });

    afterAll(async () => {
      await server.close();
      await store.close();
    });

    it('gives runs, the page and a 404', async () => {
      const runs = await fetch(`${base}/api/runs?limit=5`);
      expect(await runs.json()).toMatchObject({ runs: [{ id: 'run' }] });
      const page = await fetch(`${base}/`);
      expect(page.headers.get('content-type')).toContain('text/html');
      expect((await fetch(`${base}/api/none`)).status).toBe(404);
    });

    it('reads the body of a POST, and streams up to the end that it makes', async () => {
      const stream = await fetch(`${base}/api/runs/run/events`, { headers: { Accept: 'text/event-stream' } });
      const cancelled = await fetch(`${base}/api/runs/run/cancel`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: server.url },
        body: JSON.stringify({ reason: 'enough' }),
      });
      expect(await cancelled.json()).toMatchObject({ run: { error: { message: 'enough' } } });
      expect((await collect(stream)).at(-1)!.event).toBe('end');
    });

    it('leaves the classes of Node as they are', () => {
      expect(globalThis.Request).toBe(request);
    });
  });
}
