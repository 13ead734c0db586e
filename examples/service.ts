/**
 * A small service that runs agents: each question is a run, kept in an SQLite file, with a page to look
 * at them all. It stops on SIGTERM as a container does: nothing is lost, and nothing is left running.
 *
 *     npx tsx examples/service.ts
 *     curl -d '{"question":"Which boats?"}' http://127.0.0.1:3000/questions
 *     curl http://127.0.0.1:3000/questions/run_...
 *
 * PORT (3000), RUNS_DB (runs.db), GRACE_MS (5000): how long runs may go on after SIGTERM, LEASE_MS (30000):
 * how long a process that died holds its runs.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from 'agent-run';
import { httpStatusOf, RunError } from 'agent-run';
import { createRunHandler, toNodeListener } from 'agent-run/http';
import type { ManagedContext } from 'agent-run/manager';
import { RunManager } from 'agent-run/manager';
import { SqliteRunStore } from 'agent-run/store/sqlite';

const { PORT = '3000', RUNS_DB = 'runs.db', GRACE_MS = '5000', LEASE_MS = '30000' } = process.env;

interface Question {
  question: string;
  workMs?: number;
}

// What a service does once, at its start.
const store = new SqliteRunStore({ path: RUNS_DB });
const runs = new RunManager({
  store,
  meter: { provider: 'openai' },
  track: { leaseMs: Number(LEASE_MS) },
  defaults: { timeoutMs: 60_000, limits: { maxTurns: 20 } },
  retention: { keepMs: 90 * 24 * 3_600_000 },
});
runs.on('statusChanged', ({ run, to }) => console.log(`${run.id} ${to}`));
runs.on('runRecovered', ({ run }) => console.log(`${run.id} was left by a process that is gone`));
runs.on('storeError', ({ error, willRetry }) => console.error(`store: ${error.message}`, { willRetry }));
runs.on('listenerError', ({ event, error }) => console.error(`listener of ${event}:`, error));

/** Stands for your agent: two turns and a tool, with the signal handed to everything that waits. */
async function answer({ run, meter, signal }: ManagedContext<Run<Question>>): Promise<object> {
  run.incrementTurn();
  await sleep(100, undefined, { signal });
  meter.record({ model: 'gpt-5', usage: { prompt_tokens: 900, completion_tokens: 40, total_tokens: 940 } });
  const found = await run.step('search', () => sleep(100, ['Ariel'], { signal }), { output: true });
  run.draftOutput({ answer: `So far: ${found.join()}` });
  run.incrementTurn();
  await sleep(run.input?.workMs ?? 100, undefined, { signal });
  return { answer: `${found.join()} sails from Whitby` };
}

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, collection, id] = (request.url ?? '').split('/');
  if (collection !== 'questions') {
    send(response, 404, { error: 'not here' });
    return;
  }
  if (request.method === 'POST' && id === undefined) return ask(request, response);
  if (request.method === 'GET' && id !== undefined) return show(id, response);
  if (request.method === 'DELETE' && id !== undefined) {
    send(response, 200, await runs.cancel(id, 'Cancelled by the caller'));
    return;
  }
  send(response, 405, { error: 'not allowed' });
}

/** Starts a run and answers at once. A request that is sent again with the same id starts nothing. */
async function ask(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { id, question, workMs } = (await readJson(request)) as Partial<Record<string, unknown>>;
  if (typeof question !== 'string') {
    send(response, 400, { error: 'question is a text' });
    return;
  }
  const input: Question = { question, ...(typeof workMs === 'number' ? { workMs } : {}) };
  const run = runs.create({ sessionId: 'questions', input, id: typeof id === 'string' ? id : null });
  // How it ends stands in its record, and the hooks above hear of it.
  runs.execute(run, answer).catch(() => undefined);
  send(response, 202, { id: run.id });
}

async function show(id: string, response: ServerResponse): Promise<void> {
  const run = await runs.get(id);
  if (run === null) send(response, 404, { error: 'no such run' });
  else send(response, 200, run);
}

async function readJson(request: IncomingMessage): Promise<object> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
  return JSON.parse(text) as object;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const page = toNodeListener(
  createRunHandler({ store, basePath: '/runs', authorize: (request) => isLocal(request.url) }),
);
const server = createServer((request, response) => {
  if (request.url?.startsWith('/runs') === true) return void page(request, response);
  route(request, response).catch((error: unknown) => {
    const message = error instanceof RunError ? error.message : 'Something went wrong';
    send(response, error instanceof SyntaxError ? 400 : httpStatusOf(error), { error: message });
  });
});

/** In a real service: who may look at the runs. */
function isLocal(url: string): boolean {
  return new URL(url).hostname === '127.0.0.1';
}

let stopping: Promise<void> | null = null;

/** The order matters: no more requests, then no more runs, then the file. */
async function stop(): Promise<void> {
  console.log('SIGTERM: stopping');
  server.close();
  await runs.drain({ graceMs: Number(GRACE_MS), reason: 'The service is shutting down' });
  server.closeAllConnections();
  await store.close();
  console.log('stopped: everything is stored');
}

async function main(): Promise<void> {
  server.listen(Number(PORT), '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  // A second signal changes nothing; without a listener it would end the process.
  process.on('SIGTERM', () => void (stopping ??= stop()));
  console.log(`listening on http://127.0.0.1:${port}, the runs are on http://127.0.0.1:${port}/runs/`);
}

void main();
