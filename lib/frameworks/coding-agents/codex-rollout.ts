import { parsedText } from '../parsed-text';
import type { AgentSink } from './agent-reader';
import type { StreamEvent } from './event';
import { numberAt, objectAt, textAt, timeOf } from './event';

const LINES = new Set(['session_meta', 'turn_context', 'response_item', 'event_msg', 'compacted']);

/** Whether the event is of a rollout, the file that Codex keeps on disk. */
export function isOfRollout(event: StreamEvent): boolean {
  return LINES.has(textAt(event, 'type') ?? '') && objectAt(event, 'payload') !== undefined;
}

/** A rollout of Codex (`~/.codex/sessions/…/rollout-*.jsonl`), line by line. Its usage is of the thread so far. */
export class CodexRollout {
  readonly #sink: AgentSink;
  readonly #sessionId: string;
  #model: string | undefined;
  #response = '';

  constructor(sink: AgentSink, sessionId: string) {
    this.#sink = sink;
    this.#sessionId = sessionId;
  }

  take(event: StreamEvent): boolean {
    const payload = objectAt(event, 'payload') ?? {};
    switch (textAt(event, 'type') ?? '') {
      case 'session_meta':
        return true;
      case 'turn_context':
        this.#model = textAt(payload, 'model') ?? this.#model;
        this.#sink.started();
        return true;
      case 'compacted':
        this.#sink.note('compaction', {});
        return true;
      case 'response_item':
        return this.#item(payload);
      case 'event_msg':
        return this.#message(event, payload);
      default:
        return false;
    }
  }

  #item(item: StreamEvent): boolean {
    const id = textAt(item, 'call_id') ?? '';
    switch (textAt(item, 'type') ?? '') {
      case 'message':
        if (textAt(item, 'role') === 'assistant') this.#sink.turn();
        return true;
      case 'function_call':
      case 'custom_tool_call':
      case 'local_shell_call': {
        const input = parsedText(item['arguments'] ?? item['input'] ?? item['action']);
        this.#sink.stepStarted(id, { name: textAt(item, 'name') ?? 'local_shell', kind: 'tool', input });
        return true;
      }
      case 'function_call_output':
      case 'custom_tool_call_output':
      case 'local_shell_call_output': {
        const output = parsedText(item['output']);
        this.#sink.stepEnded(id, { output, error: failureIn(item['output'], output) });
        return true;
      }
      case 'reasoning':
      case 'web_search_call':
        return true;
      default:
        return false;
    }
  }

  #message(event: StreamEvent, message: StreamEvent): boolean {
    switch (textAt(message, 'type') ?? '') {
      case 'task_started':
        this.#sink.started();
        this.#sink.settle(null);
        return true;
      case 'agent_message':
        this.#response = textAt(message, 'message') ?? '';
        return true;
      case 'task_complete':
        this.#sink.settle({
          output: { response: textAt(message, 'last_agent_message') ?? this.#response },
        });
        return true;
      case 'turn_aborted':
        this.#sink.settle({ cancelled: textAt(message, 'reason') ?? 'The turn was aborted' });
        return true;
      case 'error':
        this.#sink.settle({
          error: { code: 'turn_failed', message: textAt(message, 'message') ?? 'The turn failed' },
        });
        return true;
      case 'context_compacted':
        return true;
      case 'token_count':
        this.#usage(event, objectAt(message, 'info', 'total_token_usage'));
        return true;
      case 'user_message':
      case 'agent_reasoning':
        return true;
      default:
        return false;
    }
  }

  /** The same total stands on many lines. */
  #usage(event: StreamEvent, total: StreamEvent | undefined): void {
    if (total === undefined) return;
    this.#sink.report({
      input_tokens: numberAt(total, 'input_tokens'),
      output_tokens: numberAt(total, 'output_tokens'),
      cache_read_tokens: numberAt(total, 'cached_input_tokens'),
    });
    this.#sink.record(
      { usage: total },
      {
        format: 'codex',
        scope: 'cumulative',
        key: this.#sessionId,
        ...(this.#model === undefined ? {} : { model: this.#model }),
        ...timeOf(event),
      },
    );
  }
}

function failureIn(raw: unknown, output: unknown): string | undefined {
  const result = (typeof output === 'object' && output !== null ? output : {}) as StreamEvent;
  const exitCode = numberAt(result, 'metadata', 'exit_code');
  if (exitCode !== undefined && exitCode !== 0) return `Exit code ${exitCode}`;
  return result['success'] === false ? (textAt(result, 'content') ?? String(raw)) : undefined;
}
