/**
 * Gives a run's journal as AG-UI events, over a route that a client can resume: what it sends as `Last-Event-ID` is
 * the entry of the journal that it has seen. `@ag-ui/core` checks each event here.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Event as AgUiEvent } from '@ag-ui/core';
import { EventType } from '@ag-ui/core';
import { EventSchemas } from '@ag-ui/core/schemas';
import { Run } from 'agent-run';
import { toNodeListener } from 'agent-run/http';
import type { JournalEntry, RunStore } from 'agent-run/store';
import { MemoryRunStore } from 'agent-run/store';

interface Step {
  readonly index: number;
  readonly name: string;
  readonly kind: string;
  readonly status?: string;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly error?: unknown;
}

/** What an entry of the journal is to a user interface: none, one or several events. */
async function eventsOf({ type, data, runId, sessionId }: JournalEntry, store: RunStore): Promise<object[]> {
  const ids = { threadId: sessionId, runId };
  const name: string = type;
  switch (name) {
    case 'statusChanged':
      return data['to'] === 'running'
        ? [{ type: 'RUN_STARTED', ...ids }]
        : endOf(await store.get(runId), ids);
    case 'stepStarted':
      return stepStarted(data['step'] as unknown as Step);
    case 'stepEnded':
      return stepEnded(data['step'] as unknown as Step);
    case 'noted':
      return [{ type: 'CUSTOM', name: data['name'], value: data['data'] }];
    case 'usageUpdated':
      return [{ type: 'CUSTOM', name: 'usage', value: { tokens: data['tokenUsage'], usd: data['costUsd'] } }];
    case 'parked': {
      const interrupts = [{ id: runId, reason: 'approval' }];
      return [{ type: 'RUN_FINISHED', ...ids, outcome: { type: 'interrupt', interrupts } }];
    }
    default:
      return [];
  }
}

function stepStarted({ index, name, kind, input }: Step): object[] {
  if (kind !== 'tool') return [{ type: 'STEP_STARTED', stepName: name }];
  const toolCallId = `step-${index}`;
  return [
    { type: 'TOOL_CALL_START', toolCallId, toolCallName: name },
    { type: 'TOOL_CALL_ARGS', toolCallId, delta: JSON.stringify(input ?? {}) },
    { type: 'TOOL_CALL_END', toolCallId },
  ];
}

function stepEnded({ index, name, kind, status, output, error }: Step): object[] {
  if (kind !== 'tool') return [{ type: 'STEP_FINISHED', stepName: name }];
  const content = JSON.stringify(output ?? error ?? { status });
  const messageId = `result-${index}`;
  return [{ type: 'TOOL_CALL_RESULT', toolCallId: `step-${index}`, messageId, content, role: 'tool' }];
}

/** The answer is not in the journal, but in the record. */
function endOf(run: Run | null, ids: { readonly threadId: string; readonly runId: string }): object[] {
  if (run === null) return [];
  if (run.status === 'cancelled') return [{ type: 'RUN_FINISHED', ...ids, outcome: { type: 'cancelled' } }];
  if (run.status !== 'completed') {
    const { message = 'The run failed', code = run.status } = run.error ?? {};
    return [{ type: 'RUN_ERROR', message, code }];
  }
  const messageId = 'answer';
  return [
    { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' },
    { type: 'TEXT_MESSAGE_CONTENT', messageId, delta: textOf(run.output) },
    { type: 'TEXT_MESSAGE_END', messageId },
    { type: 'RUN_FINISHED', ...ids, result: run.output, outcome: { type: 'success' } },
  ];
}

function textOf(output: Run['output']): string {
  const response = output?.['response'];
  return typeof response === 'string' ? response : JSON.stringify(output);
}

/** The id stands on the last event of an entry: who is cut off within one gets it again as a whole. */
async function* serverSentEvents(
  store: RunStore,
  runId: string,
  afterSeq: number,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const entry of store.watch({ runId, afterSeq })) {
    const events = await eventsOf(entry, store);
    const lines = events.map((event, index) => {
      const id = index === events.length - 1 ? `id: ${entry.seq}\n` : '';
      return `${id}data: ${JSON.stringify(event)}\n\n`;
    });
    if (lines.length > 0) yield encoder.encode(lines.join(''));
    if (events.some((event) => /^RUN_(?:FINISHED|ERROR)$/.test((event as AgUiEvent).type))) return;
  }
}

/** Who may read the run is yours to say. */
function agUiRoute(store: RunStore): (request: Request) => Promise<Response> {
  return async (request) => {
    const runId = new URL(request.url).pathname.slice(1);
    if ((await store.get(runId)) === null) return new Response('No such run', { status: 404 });
    const afterSeq = Number(request.headers.get('last-event-id') ?? 0);
    const body = ReadableStream.from(serverSentEvents(store, runId, afterSeq));
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
}

/** Reads events until one of the type has come; gives the id to go on from. */
async function readUntil(url: string, last: EventType, lastEventId: string): Promise<string> {
  const response = await fetch(url, { headers: { 'last-event-id': lastEventId } });
  let id = lastEventId;
  let text = '';
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const message = text.slice(0, end);
      text = text.slice(end + 2);
      id = /^id: (.*)$/m.exec(message)?.[1] ?? id;
      const event = EventSchemas.parse(JSON.parse(/^data: (.*)$/m.exec(message)![1]!));
      const { type, ...rest } = event;
      console.log(type, JSON.stringify(rest));
      if (type === last) return id;
    }
  }
  return id;
}

async function main(): Promise<void> {
  const store = new MemoryRunStore();
  const listener = toNodeListener(agUiRoute(store));
  const server = createServer((request, response) => void listener(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const run = new Run({ id: 'run-1', sessionId: 'thread-1', input: { prompt: 'Is it cold in Oslo?' } });
  await store.track(run).flush();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${run.id}`;

  const ended = run.execute(async () => {
    await run.step('weather', () => ({ city: 'Oslo', sky: 'snow' }), {
      input: { city: 'Oslo' },
      output: true,
    });
    run.incrementTurn().updateTokenUsage({ input_tokens: 120, output_tokens: 15 });
    await setTimeout(100);
    return { response: 'Yes, it snows.' };
  });
  const seen = await readUntil(url, EventType.TOOL_CALL_RESULT, '0');
  console.log(`(the client loses its connection after entry ${seen}, and comes back)`);
  await readUntil(url, EventType.RUN_FINISHED, seen);

  await ended;
  server.close();
  server.closeAllConnections();
  await store.close();
}

void main();

// Prints:
// RUN_STARTED {"threadId":"thread-1","runId":"run-1"}
// TOOL_CALL_START {"toolCallId":"step-1","toolCallName":"weather"}
// TOOL_CALL_ARGS {"toolCallId":"step-1","delta":"{\"city\":\"Oslo\"}"}
// TOOL_CALL_END {"toolCallId":"step-1"}
// TOOL_CALL_RESULT {"messageId":"result-1","toolCallId":"step-1","content":"{\"city\":\"Oslo\",\"sky\":\"snow\"}","role":"tool"}
// (the client loses its connection after entry 4, and comes back)
// CUSTOM {"name":"usage","value":{"tokens":{"input_tokens":120,"output_tokens":15},"usd":null}}
// TEXT_MESSAGE_START {"messageId":"answer","role":"assistant"}
// TEXT_MESSAGE_CONTENT {"messageId":"answer","delta":"Yes, it snows."}
// TEXT_MESSAGE_END {"messageId":"answer"}
// RUN_FINISHED {"threadId":"thread-1","runId":"run-1","result":{"response":"Yes, it snows."},"outcome":{"type":"success"}}
