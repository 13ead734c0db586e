/**
 * A model service for those without a key: a server on loopback that speaks the chat completions
 * protocol, tool calls and usage included. It has no weights: it lists the folder, looks at the files
 * and folders that the question names (or the README and package.json), and makes its answer from what the tools
 * gave it. Every request is decided from its messages alone.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type {
  ChatCompletion,
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';

export const SCRIPTED_MODEL = 'scripted-1';

/** Made up: US dollars per million tokens. */
export const SCRIPTED_PRICE = { input_mtok: 1, cache_read_mtok: 0.1, output_mtok: 4 };

export interface ScriptedModel {
  /** For a client's `baseURL`. */
  readonly baseUrl: string;
  close(): void;
}

export interface ScriptedModelOptions {
  /** How long the model thinks about each request, in milliseconds. @default 300 */
  readonly thinkingMs?: number;
}

/** A tool call and what came back. */
interface ToolResult {
  readonly tool: string;
  readonly path: string;
  readonly content: string;
}

interface Reply {
  readonly content: string | null;
  readonly calls: readonly { readonly tool: string; readonly path: string }[];
}

type Message = ChatCompletionMessageParam;

const MAX_BODY_BYTES = 4_000_000;

/** The files that say what a folder is for. */
const TELLING = /^(?:readme(?:\.\w+)?|package\.json)$/i;

/** Starts the server on a free port of 127.0.0.1. */
export async function startScriptedModel({
  thinkingMs = 300,
}: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const server = createServer((request, response) => {
    respond(request, response, thinkingMs).catch((error: unknown) => {
      send(response, 400, { error: { message: String(error), type: 'invalid_request_error' } });
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  thinkingMs: number,
): Promise<void> {
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
    send(response, 404, { error: { message: 'Not found', type: 'invalid_request_error' } });
    return;
  }
  const { messages } = JSON.parse(await bodyOf(request)) as { messages: readonly Message[] };
  await pause(thinkingMs);
  send(response, 200, completion(messages, reply(messages)));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += String(chunk);
    if (body.length > MAX_BODY_BYTES) throw new Error('The request is too large');
  }
  return body;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** What the model says next: a listing first, then a look at what matters, then the answer. */
function reply(messages: readonly Message[]): Reply {
  const results = toolResults(messages);
  const listing = results.find(({ tool }) => tool === 'list_files');
  if (listing === undefined) return { content: null, calls: [{ tool: 'list_files', path: '.' }] };
  const known = new Set(results.map(({ path }) => path));
  const calls = worthALook(questionOf(messages), listing.content).filter(({ path }) => !known.has(path));
  return calls.length > 0 ? { content: null, calls } : { content: answer(results), calls };
}

function toolResults(messages: readonly Message[]): ToolResult[] {
  const calls = new Map(messages.flatMap(functionCalls).map((call) => [call.id, call.function]));
  return messages.flatMap((message) => {
    if (message.role !== 'tool') return [];
    const call = calls.get(message.tool_call_id);
    if (call === undefined) throw new Error(`No tool call has the id ${message.tool_call_id}`);
    const { path } = JSON.parse(call.arguments) as { path: string };
    return [{ tool: call.name, path, content: textOf(message) }];
  });
}

function functionCalls(message: Message): ChatCompletionMessageFunctionToolCall[] {
  if (message.role !== 'assistant') return [];
  return (message.tool_calls ?? []).filter((call) => call.type === 'function');
}

function questionOf(messages: readonly Message[]): string {
  const question = messages.findLast(({ role }) => role === 'user');
  return question === undefined ? '' : textOf(question);
}

function textOf({ content }: Message): string {
  return typeof content === 'string' ? content : '';
}

/** What the question names; else the files that say what a folder is for. */
function worthALook(question: string, listing: string): Reply['calls'] {
  const words = new Set(question.split(/[^\w.-]+/).map((word) => word.replace(/\.$/, '')));
  const files = fileNames(listing);
  const named = [
    ...folderNames(listing).map((path) => ({ tool: 'list_files', path })),
    ...files.map((path) => ({ tool: 'read_file', path })),
  ].filter(({ path }) => words.has(path));
  if (named.length > 0) return named;
  return files.filter((path) => TELLING.test(path)).map((path) => ({ tool: 'read_file', path }));
}

function fileNames(listing: string): string[] {
  return [...listing.matchAll(/^(.+) \(\d+ bytes\)$/gm)].map(([, name]) => name!);
}

function folderNames(listing: string): string[] {
  return [...listing.matchAll(/^(.+)\/$/gm)].map(([, name]) => name!);
}

function answer(results: readonly ToolResult[]): string {
  return results
    .map(({ tool, path, content }) => {
      if (tool === 'list_files') return inventory(path === '.' ? 'The folder' : path, content);
      return path === 'package.json' ? fromPackageJson(content) : gist(path, content);
    })
    .join('\n');
}

function inventory(name: string, listing: string): string {
  const folders = folderNames(listing);
  const names = folders.length === 0 ? '' : ` (${folders.join(', ')})`;
  return `${name} holds ${plural(fileNames(listing).length, 'file')} and ${plural(folders.length, 'folder')}${names}.`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function fromPackageJson(content: string): string {
  try {
    const { name, version, description } = JSON.parse(content) as Record<string, string | undefined>;
    return `package.json names it ${name ?? '?'} ${version ?? ''}: ${description ?? 'no description'}`;
  } catch {
    return gist('package.json', content);
  }
}

/** How the text begins: its first line that is no heading, list, badge or code. */
function gist(path: string, content: string): string {
  const line = content.split('\n').find((text) => /^[\p{L}\p{N}"']/u.test(text));
  return `${path} says: ${line ?? content.slice(0, 120)}`;
}

function completion(messages: readonly Message[], { content, calls }: Reply): ChatCompletion {
  const toolCalls = calls.map(toToolCall);
  const message = { role: 'assistant' as const, content, refusal: null };
  const asked = toolCalls.length > 0;
  return {
    id: `chatcmpl-${randomUUID()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: SCRIPTED_MODEL,
    choices: [
      {
        index: 0,
        finish_reason: asked ? 'tool_calls' : 'stop',
        logprobs: null,
        message: asked ? { ...message, tool_calls: toolCalls } : message,
      },
    ],
    usage: usageOf(messages, JSON.stringify({ content, calls })),
  };
}

function toToolCall({ tool, path }: Reply['calls'][number]): ChatCompletionMessageFunctionToolCall {
  return {
    id: `call_${randomUUID()}`,
    type: 'function',
    function: { name: tool, arguments: JSON.stringify({ path }) },
  };
}

/** Four characters to a token. What the request before had is counted as cached, as services do. */
function usageOf(messages: readonly Message[], written: string): CompletionUsage {
  const lastReply = messages.findLastIndex(({ role }) => role === 'assistant');
  const prompt = tokensIn(JSON.stringify(messages));
  const completionTokens = tokensIn(written);
  const cached = lastReply < 0 ? 0 : tokensIn(JSON.stringify(messages.slice(0, lastReply)));
  return {
    prompt_tokens: prompt,
    completion_tokens: completionTokens,
    total_tokens: prompt + completionTokens,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

function tokensIn(text: string): number {
  return Math.ceil(text.length / 4);
}
