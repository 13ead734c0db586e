import type { UsageFormat, UsageReport } from 'agent-run/usage';
import type { AgentReader, EventSink, StreamEvent } from './event';
import { isEvent, numberAt, objectAt, textAt } from './event';

/** `gemini -o stream-json`: an answer comes in pieces, the usage with the result, by model. */
export const gemini: AgentReader = {
  agent: 'gemini',
  provider: 'google',
  sessionOf(event) {
    return textAt(event, 'type') === 'init' ? textAt(event, 'session_id') : undefined;
  },
  open(sink) {
    const reader = new GeminiReader(sink);
    return (event) => reader.take(event);
  },
};

/**
 * The `stats` of Gemini's command line: a format that the meter does not know, in a few lines. Its
 * input includes what was cached; its total has thoughts that it does not list.
 */
export const geminiStats: UsageFormat = (payload) => {
  const stats = (payload as { stats: StreamEvent }).stats;
  const models = objectAt(stats, 'models') ?? {};
  const reports = Object.entries(models).flatMap(([model, usage]) =>
    isEvent(usage) ? [{ model, ...countsOf(usage) }] : [],
  );
  return reports.length > 0 ? reports : countsOf(stats);
};

function countsOf(usage: StreamEvent): UsageReport {
  const counts = {
    input_tokens: numberAt(usage, 'input_tokens'),
    output_tokens: numberAt(usage, 'output_tokens'),
    cache_read_tokens: numberAt(usage, 'cached'),
    total_tokens: numberAt(usage, 'total_tokens'),
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined));
}

class GeminiReader {
  readonly #sink: EventSink;
  #isAnswering = false;
  #response = '';

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  take(event: StreamEvent): void {
    const type = textAt(event, 'type');
    const isAnswer = type === 'message' && textAt(event, 'role') === 'assistant';
    if (isAnswer) this.#answer(textAt(event, 'content') ?? '');
    this.#isAnswering = isAnswer;
    if (type === 'init') this.#sink.started();
    if (type === 'result') this.#result(event);
  }

  /** Pieces that follow one another are one message. */
  #answer(piece: string): void {
    if (!this.#isAnswering) {
      this.#sink.turn();
      this.#response = '';
    }
    this.#response += piece;
  }

  #result(event: StreamEvent): void {
    const stats = objectAt(event, 'stats');
    if (stats !== undefined) {
      this.#sink.record(event, { format: geminiStats, scope: 'cumulative' });
      this.#sink.report({
        inputTokens: numberAt(stats, 'input_tokens'),
        outputTokens: numberAt(stats, 'output_tokens'),
        cacheReadTokens: numberAt(stats, 'cached'),
        totalTokens: numberAt(stats, 'total_tokens'),
      });
    }
    if (textAt(event, 'status') === 'success') {
      this.#sink.settle({ output: { response: this.#response } });
    } else {
      const message = textAt(event, 'error', 'message') ?? 'The agent ended with an error';
      this.#sink.settle({ error: { code: textAt(event, 'error', 'type') ?? 'agent_error', message } });
    }
  }
}
