import type { UsageFormat, UsageReading } from '../../usage/reading';
import type { AgentReader, AgentSink } from './agent-reader';
import type { StreamEvent } from './event';
import { isEvent, numberAt, objectAt, objectsAt, textAt, timeOf } from './event';

/**
 * Gemini: `gemini -o stream-json`, where an answer comes in pieces and the usage with the result, by model; and
 * the chats in `~/.gemini/tmp/…/chats`, parsed: one object with all messages, or a message an event.
 */
export const gemini: AgentReader = {
  agent: 'gemini',
  provider: 'google',
  sessionOf(event) {
    if (textAt(event, 'type') === 'init') return textAt(event, 'session_id');
    const isChat = textAt(event, 'projectHash') !== undefined || Array.isArray(event['messages']);
    return isChat ? textAt(event, 'sessionId') : undefined;
  },
  open(sink, sessionId) {
    const reader = new GeminiReader(sink, sessionId);
    return (event) => reader.take(event);
  },
};

/**
 * The `stats` of Gemini's command line. Its input includes what was cached; its total has thoughts that it does
 * not list.
 */
const stats: UsageFormat = (payload) => {
  const all = (payload as { readonly stats: StreamEvent }).stats;
  const models = objectAt(all, 'models') ?? {};
  const reports = Object.entries(models).flatMap(([model, usage]) =>
    isEvent(usage) ? [{ model, ...countsOf(usage) }] : [],
  );
  return reports.length > 0 ? reports : countsOf(all);
};

function countsOf(usage: StreamEvent): UsageReading {
  return known({
    input_tokens: numberAt(usage, 'input_tokens'),
    output_tokens: numberAt(usage, 'output_tokens'),
    cache_read_tokens: numberAt(usage, 'cached'),
    total_tokens: numberAt(usage, 'total_tokens'),
  });
}

/** The `tokens` of a message of a chat on disk: thoughts stand beside the output, tool prompts beside the input. */
const tokens: UsageFormat = (payload) => {
  const { input, output, cached, thoughts, tool } = payload as Readonly<Record<string, number | undefined>>;
  return known({
    input_tokens: input === undefined ? undefined : input + (tool ?? 0),
    output_tokens: output === undefined ? undefined : output + (thoughts ?? 0),
    cache_read_tokens: cached,
    reasoning_tokens: thoughts,
  });
};

function known(counts: {
  readonly [Name in keyof UsageReading]?: UsageReading[Name] | undefined;
}): UsageReading {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined));
}

class GeminiReader {
  readonly #sink: AgentSink;
  readonly #sessionId: string;
  readonly #seen = new Set<string>();
  /** The calls of a chat on disk that are kept already. */
  readonly #called = new Set<string>();
  #isAnswering = false;
  #response = '';

  constructor(sink: AgentSink, sessionId: string) {
    this.#sink = sink;
    this.#sessionId = sessionId;
  }

  take(event: StreamEvent): boolean {
    const type = textAt(event, 'type');
    if (type === undefined) return this.#chat(event);
    const isAnswer = type === 'message' && textAt(event, 'role') === 'assistant';
    if (isAnswer) this.#answer(textAt(event, 'content') ?? '');
    this.#isAnswering = isAnswer;
    switch (type) {
      case 'init':
        this.#sink.started();
        return true;
      case 'tool_use':
      case 'tool_result':
        this.#tool(event, type);
        return true;
      case 'result':
        this.#result(event);
        return true;
      case 'gemini':
        this.#message(event);
        return true;
      default:
        return ['message', 'error', 'user', 'info', 'warning'].includes(type);
    }
  }

  /** Pieces that follow one another are one message. */
  #answer(piece: string): void {
    if (!this.#isAnswering) {
      this.#sink.turn();
      this.#response = '';
    }
    this.#response += piece;
  }

  #tool(event: StreamEvent, type: string): void {
    const id = textAt(event, 'tool_id') ?? '';
    if (type === 'tool_use') {
      const name = textAt(event, 'tool_name') ?? 'tool';
      this.#sink.stepStarted(id, { name, kind: 'tool', input: event['parameters'] });
      return;
    }
    const message = textAt(event, 'error', 'message') ?? textAt(event, 'output') ?? 'The tool failed';
    const failed = textAt(event, 'status') === 'error';
    this.#sink.stepEnded(id, { output: event['output'], error: failed ? message : undefined });
  }

  #result(event: StreamEvent): void {
    if (textAt(event, 'status') === 'success') {
      this.#sink.settle({ output: { response: this.#response } });
    } else {
      const message = textAt(event, 'error', 'message') ?? 'The agent ended with an error';
      this.#sink.settle({ error: { code: textAt(event, 'error', 'type') ?? 'agent_error', message } });
    }
    const all = objectAt(event, 'stats');
    if (all === undefined) return;
    this.#sink.report({
      input_tokens: numberAt(all, 'input_tokens'),
      output_tokens: numberAt(all, 'output_tokens'),
      cache_read_tokens: numberAt(all, 'cached'),
      total_tokens: numberAt(all, 'total_tokens'),
    });
    this.#sink.record(event, { format: stats, scope: 'cumulative', key: this.#sessionId });
  }

  #chat(event: StreamEvent): boolean {
    const messages = objectsAt(event, 'messages');
    for (const message of messages) this.take(message);
    return messages.length > 0 || textAt(event, 'sessionId') !== undefined || '$set' in event;
  }

  /**
   * A message of a chat on disk, with the calls that it asked for and their results. A file of lines has it
   * again, whole, each time that calls, results or tokens have come to it.
   */
  #message(message: StreamEvent): void {
    const id = textAt(message, 'id') ?? '';
    const isNew = !this.#seen.has(id);
    this.#seen.add(id);
    this.#sink.started();
    if (isNew) this.#sink.turn();
    const calls = objectsAt(message, 'toolCalls');
    for (const call of calls) this.#pastCall(call);
    const response = saidIn(message);
    this.#sink.settle(calls.length === 0 ? { output: { response } } : null);
    const usage = objectAt(message, 'tokens');
    if (usage === undefined) return;
    const model = textAt(message, 'model');
    this.#sink.record(usage, {
      format: tokens,
      key: this.#sessionId,
      requestId: id,
      ...timeOf(message),
      ...(model === undefined ? {} : { model }),
    });
  }

  #pastCall(call: StreamEvent): void {
    const id = textAt(call, 'id') ?? '';
    if (this.#called.has(id)) return;
    this.#called.add(id);
    const status = textAt(call, 'status');
    this.#sink.stepStarted(id, { name: textAt(call, 'name') ?? 'tool', kind: 'tool', input: call['args'] });
    const failed = status === 'error' || status === 'cancelled';
    const message = textAt(call, 'resultDisplay') ?? `The tool ended with ${status ?? 'an error'}`;
    this.#sink.stepEnded(id, { output: call['result'], error: failed ? message : undefined });
  }
}

/** The text of a message of a chat on disk: a text, or parts, of which some are thoughts. */
function saidIn(message: StreamEvent): string {
  const said = objectsAt(message, 'content')
    .filter((part) => part['thought'] !== true)
    .map((part) => textAt(part, 'text') ?? '');
  return textAt(message, 'content') ?? said.join('');
}
