import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { eventStreamOf } from './event-stream';

/**
 * The same work in each protocol: 1,000 tokens in, of which 600 were read from a cache; 50 out, of which 20
 * were reasoning, where the protocol tells.
 */
const CHAT_USAGE = {
  prompt_tokens: 1000,
  completion_tokens: 50,
  total_tokens: 1050,
  prompt_tokens_details: { cached_tokens: 600, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 20,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};
const RESPONSES_USAGE = {
  input_tokens: 1000,
  input_tokens_details: { cached_tokens: 600 },
  output_tokens: 50,
  output_tokens_details: { reasoning_tokens: 20 },
  total_tokens: 1050,
};
const ANTHROPIC_USAGE = {
  input_tokens: 400,
  output_tokens: 50,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 600,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
  server_tool_use: null,
  service_tier: 'standard',
};
const CONVERSE_USAGE = {
  inputTokens: 400,
  outputTokens: 50,
  totalTokens: 1050,
  cacheReadInputTokens: 600,
  cacheWriteInputTokens: 0,
};

const GEMINI_USAGE = {
  promptTokenCount: 1000,
  candidatesTokenCount: 30,
  thoughtsTokenCount: 20,
  cachedContentTokenCount: 600,
  totalTokenCount: 1050,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1000 }],
};

/** A service on loopback that speaks the protocols of OpenAI, Anthropic, Gemini and Bedrock. */
export interface ModelServer {
  readonly url: string;
  close(): void;
}

/** @param protocol - `http2` without TLS, as Bedrock's client speaks to an address on loopback. */
export async function startModelServer(protocol: 'http' | 'http2' = 'http'): Promise<ModelServer> {
  const listener = (request: unknown, response: unknown): void =>
    void answer(request as IncomingMessage, response as ServerResponse);
  const server = protocol === 'http' ? createServer(listener) : createHttp2Server(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
    },
  };
}

let count = 0;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let written = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) written += chunk;
  const { stream = false } = JSON.parse(written) as { stream?: boolean };
  count += 1;
  const route = ROUTES.find(({ path }) => request.url?.includes(path));
  if (route === undefined) response.writeHead(404).end('{}');
  else if (stream || route.whole === undefined) route.stream?.(response);
  else json(response, route.whole());
}

/** How a path answers: at once, and in pieces. */
interface Route {
  readonly path: string;
  readonly whole?: () => object;
  readonly stream?: (response: ServerResponse) => void;
}

const DONE = 'data: [DONE]\n\n';

const ROUTES: readonly Route[] = [
  { path: '/chat/completions', whole: chat, stream: (response) => sse(response, chatChunks(), DONE) },
  { path: '/responses', whole: ofResponse, stream: (response) => sse(response, responseEvents(), DONE) },
  { path: '/messages', whole: message, stream: (response) => sse(response, messageEvents()) },
  { path: ':streamGenerateContent', stream: (response) => sse(response, geminiChunks()) },
  { path: ':generateContent', whole: () => gemini(30, 'STOP') },
  { path: '/converse-stream', stream: converseStream },
  { path: '/converse', whole: converse },
];

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sse(response: ServerResponse, events: readonly object[], end = ''): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    // Anthropic's client goes by the name of an event, the others pass it over.
    const name = 'type' in event ? `event: ${String(event.type)}\n` : '';
    response.write(`${name}data: ${JSON.stringify(event)}\n\n`);
  }
  response.end(end);
}

function chat(): object {
  const answered = { role: 'assistant', content: 'Hello', refusal: null };
  return {
    id: 'chatcmpl-same',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-5',
    service_tier: 'default',
    choices: [{ index: 0, message: answered, finish_reason: 'stop', logprobs: null }],
    usage: CHAT_USAGE,
  };
}

function chatChunks(): object[] {
  const chunk = (choices: object[], usage: object | null): object => ({
    id: 'chatcmpl-same',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-5',
    choices,
    usage,
  });
  return [
    chunk([{ index: 0, delta: { role: 'assistant', content: 'Hel' }, finish_reason: null }], null),
    chunk([{ index: 0, delta: { content: 'lo' }, finish_reason: null }], null),
    chunk([{ index: 0, delta: {}, finish_reason: 'stop' }], null),
    chunk([], CHAT_USAGE),
  ];
}

function ofResponse(): object {
  return responseAs('completed');
}

function responseAs(status: string): object {
  const text = { type: 'output_text', text: 'Hello', annotations: [] };
  const output = [{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [text] }];
  return {
    id: `resp_${count}`,
    object: 'response',
    created_at: 1,
    status,
    model: 'gpt-5',
    output: status === 'completed' ? output : [],
    usage: status === 'completed' ? RESPONSES_USAGE : null,
  };
}

function responseEvents(): object[] {
  const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const item = { type: 'message', id: 'msg_1', role: 'assistant', status: 'in_progress', content: [] };
  return [
    { type: 'response.created', sequence_number: 0, response: responseAs('in_progress') },
    { type: 'response.output_item.added', sequence_number: 1, output_index: 0, item },
    {
      type: 'response.content_part.added',
      sequence_number: 2,
      ...place,
      part: { type: 'output_text', text: '', annotations: [] },
    },
    { type: 'response.output_text.delta', sequence_number: 3, ...place, delta: 'Hello', logprobs: [] },
    { type: 'response.completed', sequence_number: 4, response: ofResponse() },
  ];
}

function message(): object {
  return {
    id: `msg_${count}`,
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [{ type: 'text', text: 'Hello' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: ANTHROPIC_USAGE,
  };
}

function messageEvents(): object[] {
  const begun = {
    ...message(),
    content: [],
    stop_reason: null,
    usage: { ...ANTHROPIC_USAGE, output_tokens: 1 },
  };
  const delta = { stop_reason: 'end_turn', stop_sequence: null };
  return [
    { type: 'message_start', message: begun },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'ping' },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta, usage: { output_tokens: 50 } },
    { type: 'message_stop' },
  ];
}

function gemini(candidates: number, finishReason?: string): object {
  const candidate = { content: { role: 'model', parts: [{ text: 'Hello' }] }, index: 0, finishReason };
  const totalTokenCount = 1020 + candidates;
  return {
    responseId: `response-${count}`,
    modelVersion: 'gemini-2.5-pro',
    candidates: [candidate],
    usageMetadata: { ...GEMINI_USAGE, candidatesTokenCount: candidates, totalTokenCount },
  };
}

function geminiChunks(): object[] {
  return [gemini(10), gemini(20), gemini(30, 'STOP')];
}

function converse(): object {
  return {
    output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } },
    stopReason: 'end_turn',
    usage: CONVERSE_USAGE,
    metrics: { latencyMs: 5 },
  };
}

function converseStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  const events = eventStreamOf([
    ['messageStart', { role: 'assistant' }],
    ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hello' } }],
    ['contentBlockStop', { contentBlockIndex: 0 }],
    ['messageStop', { stopReason: 'end_turn' }],
    ['metadata', { usage: CONVERSE_USAGE, metrics: { latencyMs: 5 } }],
  ]);
  response.end(events);
}
