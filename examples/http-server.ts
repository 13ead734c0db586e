/** A service that serves its runs, and a client that looks at them as a browser would. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Run } from 'agent-run';
import { createRunHandler, toNodeListener } from 'agent-run/http';
import { MemoryRunStore } from 'agent-run/store';

const store = new MemoryRunStore();

const handler = createRunHandler({
  store,
  basePath: '/agent-runs',
  // Whoever may look: here, whoever has the key.
  authorize: ({ headers }) => headers.get('authorization') === 'Bearer key-of-the-operators',
});

async function work(): Promise<void> {
  const run = new Run({ id: 'run-1', sessionId: 'chat-42', input: { question: 'Which boats?' } });
  const recorder = store.track(run);
  await run.execute(async () => {
    run.incrementTurn();
    await sleep(50);
    run.updateTokenUsage({ input_tokens: 100, output_tokens: 50 });
    return { answer: 'Ariel' };
  });
  await recorder.flush();
}

async function look(url: string): Promise<void> {
  const headers = { Authorization: 'Bearer key-of-the-operators' };
  console.log('without the key:', (await fetch(`${url}/api/runs`)).status);
  const stream = await fetch(`${url}/api/runs/run-1/events`, {
    headers: { ...headers, Accept: 'text/event-stream' },
  });
  const text = await stream.text();
  for (const [, id, data] of text.matchAll(/^id: (\d+)\ndata: (.*)$/gm)) {
    const { type } = JSON.parse(data!) as { type: string };
    if (type !== 'created') console.log(type, Number(id) > 0);
  }
  console.log('ended with the record:', text.includes('event: end'));
  const { runs } = (await (await fetch(`${url}/api/runs?status=completed`, { headers })).json()) as {
    runs: { id: string; output: object }[];
  };
  for (const { id, output } of runs) console.log(id, output);
}

async function main(): Promise<void> {
  const listener = toNodeListener(handler);
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const worked = work();
  await sleep(10);
  await look(`http://127.0.0.1:${port}/agent-runs`);
  await worked;
  server.close();
  server.closeAllConnections();
  await store.close();
}

void main();

// Prints:
// without the key: 403
// statusChanged true
// turnIncremented true
// usageUpdated true
// statusChanged true
// ended with the record: true
// run-1 { answer: 'Ariel' }
