import type { AgentReader, EventSink, StreamEvent } from './event';
import { isEvent, numberAt, objectAt, sumOver, textAt } from './event';

/** What stands for a message that no model wrote. */
const SYNTHETIC = '<synthetic>';

/**
 * `claude -p --output-format stream-json --verbose`: a message stands on several lines, each with the
 * same usage; the result has what the lines do not say (the final output tokens, other models, cost).
 */
export const claude: AgentReader = {
  agent: 'claude',
  provider: 'anthropic',
  sessionOf(event) {
    const type = textAt(event, 'type') ?? '';
    const isMine =
      (type === 'system' && textAt(event, 'subtype') !== undefined) ||
      (type === 'result' && textAt(event, 'subtype') !== undefined) ||
      (type === 'assistant' && objectAt(event, 'message') !== undefined) ||
      (type === 'stream_event' && objectAt(event, 'event') !== undefined);
    return isMine ? (textAt(event, 'session_id') ?? 'unknown') : undefined;
  },
  open(sink) {
    const reader = new ClaudeReader(sink);
    return (event) => reader.take(event);
  },
};

class ClaudeReader {
  readonly #sink: EventSink;
  readonly #seen = new Set<string>();
  /** The message that is being streamed, of the main agent ('') and of each sub-agent. */
  readonly #streaming = new Map<string, string>();

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  take(event: StreamEvent): void {
    switch (textAt(event, 'type') ?? '') {
      case 'system':
        this.#sink.started();
        break;
      case 'assistant':
        this.#message(event, textAt(event, 'message', 'id'));
        break;
      case 'stream_event':
        this.#partial(event);
        break;
      case 'result':
        this.#result(event);
        break;
    }
  }

  #message(event: StreamEvent, id: string | undefined): void {
    if (id === undefined || textAt(event, 'message', 'model') === SYNTHETIC) return;
    if (!this.#seen.has(id)) this.#sink.turn();
    this.#seen.add(id);
    if (objectAt(event, 'message', 'usage') !== undefined) this.#sink.record(event, { requestId: id });
  }

  /** With --include-partial-messages the stream itself says how a message's usage grows. */
  #partial(event: StreamEvent): void {
    const whose = textAt(event, 'parent_tool_use_id') ?? '';
    const type = textAt(event, 'event', 'type');
    const started = type === 'message_start' ? textAt(event, 'event', 'message', 'id') : undefined;
    if (started !== undefined) this.#streaming.set(whose, started);
    const requestId = this.#streaming.get(whose);
    if (requestId === undefined || (type !== 'message_start' && type !== 'message_delta')) return;
    this.#sink.record(event, { requestId });
  }

  #result(event: StreamEvent): void {
    this.#sink.record(event);
    this.#sink.report(totalsOf(event));
    const subtype = textAt(event, 'subtype') ?? 'error';
    const result = textAt(event, 'result') ?? '';
    if (subtype === 'success' && event['is_error'] !== true) {
      this.#sink.settle({ output: { response: result } });
    } else {
      const code = subtype === 'success' ? 'agent_error' : subtype;
      this.#sink.settle({
        error: { code, message: result === '' ? `The agent ended with ${code}` : result },
      });
    }
  }
}

function totalsOf(event: StreamEvent): object {
  const costUsd = numberAt(event, 'total_cost_usd');
  const turns = numberAt(event, 'num_turns');
  const models = objectAt(event, 'modelUsage');
  if (models === undefined || !Object.values(models).some(isEvent)) return { turns, costUsd };
  return {
    turns,
    costUsd,
    inputTokens: sumOver(models, 'inputTokens', 'cacheReadInputTokens', 'cacheCreationInputTokens'),
    outputTokens: sumOver(models, 'outputTokens'),
    cacheReadTokens: sumOver(models, 'cacheReadInputTokens'),
    cacheWriteTokens: sumOver(models, 'cacheCreationInputTokens'),
  };
}
