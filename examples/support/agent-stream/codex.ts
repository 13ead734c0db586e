import type { UsageScope } from 'agent-run/usage';
import type { AgentReader, EventSink, StreamEvent } from './event';
import { numberAt, objectAt, textAt } from './event';

const EVENTS = /^(?:thread|turn|item)\./;

/**
 * `codex exec --json`: usage comes with `turn.completed`, without a model or a cost; a turn that
 * failed or was killed gives none.
 *
 * @param scope - Whether a turn's usage is of that turn, or of the thread so far: that differs by version.
 */
export function codex(scope: UsageScope = 'request'): AgentReader {
  return {
    agent: 'codex',
    provider: 'openai',
    sessionOf(event) {
      if (!EVENTS.test(textAt(event, 'type') ?? '')) return undefined;
      return textAt(event, 'thread_id') ?? 'unknown';
    },
    open(sink) {
      const reader = new CodexReader(sink, scope);
      return (event) => reader.take(event);
    },
  };
}

class CodexReader {
  readonly #sink: EventSink;
  readonly #scope: UsageScope;
  #thread: string | undefined;
  #response = '';
  #message = 'The turn failed';

  constructor(sink: EventSink, scope: UsageScope) {
    this.#sink = sink;
    this.#scope = scope;
  }

  take(event: StreamEvent): void {
    switch (textAt(event, 'type') ?? '') {
      case 'thread.started':
        this.#thread = textAt(event, 'thread_id');
        break;
      case 'turn.started':
        this.#sink.started();
        break;
      case 'item.completed':
        if (textAt(event, 'item', 'type') === 'agent_message') this.#answer(event);
        break;
      case 'error':
        this.#message = textAt(event, 'message') ?? this.#message;
        break;
      case 'turn.completed':
        this.#complete(event);
        break;
      case 'turn.failed':
        this.#sink.settle({
          error: { code: 'turn_failed', message: textAt(event, 'error', 'message') ?? this.#message },
        });
        break;
    }
  }

  #answer(event: StreamEvent): void {
    this.#sink.turn();
    this.#response = textAt(event, 'item', 'text') ?? '';
  }

  #complete(event: StreamEvent): void {
    const usage = objectAt(event, 'usage');
    if (usage !== undefined) {
      const key = this.#thread === undefined ? {} : { key: this.#thread };
      this.#sink.record(event, { format: 'codex', scope: this.#scope, ...key });
      this.#sink.report({
        inputTokens: numberAt(usage, 'input_tokens'),
        outputTokens: numberAt(usage, 'output_tokens'),
        cacheReadTokens: numberAt(usage, 'cached_input_tokens'),
        cacheWriteTokens: numberAt(usage, 'cache_write_input_tokens'),
      });
    }
    this.#sink.settle({ output: { response: this.#response } });
  }
}
