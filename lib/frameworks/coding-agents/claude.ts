import type { RecordOptions } from '../../usage/options';
import type { AgentReader, AgentSink, ReportedTotals, Verdict } from './agent-reader';
import { ClaudeMessages } from './claude-messages';
import type { StreamEvent } from './event';
import { isEvent, numberAt, objectAt, objectsAt, sumOver, textAt, timeOf } from './event';

/**
 * Known events with nothing in them that a run keeps. Source: claude-agent-sdk 0.3.332, and transcripts of
 * that version.
 */
const KNOWN = new Set([
  'auth_status',
  'conversation_reset',
  'file-history-snapshot',
  'keep_alive',
  'prompt_suggestion',
  'queue-operation',
  'rate_limit_event',
  'summary',
  'tool_progress',
  'tool_use_summary',
]);

/**
 * Claude: `claude -p --output-format stream-json --verbose`, the Claude Agent SDK's `query()`, and the
 * transcripts in `~/.claude/projects`. A message stands on several lines, each with the same usage; the result
 * has what the lines do not say (the final output tokens, other models, cost). A transcript has no result: it
 * ends with a message after which the model wanted nothing more.
 */
export const claude: AgentReader = {
  agent: 'claude',
  provider: 'anthropic',
  sessionOf(event) {
    const type = textAt(event, 'type') ?? '';
    const isMine =
      (type === 'system' && textAt(event, 'subtype') !== undefined) ||
      (type === 'result' && textAt(event, 'subtype') !== undefined) ||
      ((type === 'assistant' || type === 'user') && objectAt(event, 'message') !== undefined) ||
      (type === 'stream_event' && objectAt(event, 'event') !== undefined);
    return isMine ? (sessionIdOf(event) ?? 'unknown') : undefined;
  },
  open(sink, sessionId) {
    const reader = new ClaudeReader(sink, sessionId);
    return (event) => reader.take(event);
  },
};

class ClaudeReader {
  readonly #sink: AgentSink;
  readonly #sessionId: string;
  readonly #messages: ClaudeMessages;
  /** The message that is being streamed, of the main agent ('') and of each sub-agent. */
  readonly #streaming = new Map<string, string>();
  /** The tool calls whose denial was noted. */
  readonly #denied = new Set<string>();

  constructor(sink: AgentSink, sessionId: string) {
    this.#sink = sink;
    this.#sessionId = sessionId;
    this.#messages = new ClaudeMessages(sink, (event, id) => sink.record(event, this.#recording(event, id)));
  }

  take(event: StreamEvent): boolean {
    const type = textAt(event, 'type') ?? '';
    switch (type) {
      case 'system':
        this.#system(event);
        return true;
      case 'assistant':
        this.#sink.started();
        this.#messages.assistant(event);
        return true;
      case 'user':
        this.#sink.started();
        this.#messages.user(event);
        return true;
      case 'stream_event':
        this.#partial(event);
        return true;
      case 'result':
        this.#result(event);
        return true;
      default:
        return KNOWN.has(type);
    }
  }

  #system(event: StreamEvent): void {
    this.#sink.started();
    switch (textAt(event, 'subtype') ?? '') {
      case 'compact_boundary': {
        const facts = objectAt(event, 'compact_metadata') ?? objectAt(event, 'compactMetadata') ?? {};
        this.#sink.note('compaction', {
          trigger: textAt(facts, 'trigger'),
          pre_tokens: numberAt(facts, 'pre_tokens') ?? numberAt(facts, 'preTokens'),
          post_tokens: numberAt(facts, 'post_tokens') ?? numberAt(facts, 'postTokens'),
        });
        break;
      }
      case 'permission_denied':
        this.#denial(event);
        break;
      case 'task_started':
      case 'task_notification':
        this.#messages.task(event);
        break;
    }
  }

  #denial(denial: StreamEvent): void {
    const id = textAt(denial, 'tool_use_id') ?? '';
    if (this.#denied.has(id)) return;
    this.#denied.add(id);
    this.#sink.note('permission_denied', {
      tool: textAt(denial, 'tool_name'),
      tool_use_id: id,
      reason: textAt(denial, 'decision_reason') ?? textAt(denial, 'message'),
    });
  }

  /** With --include-partial-messages the stream itself says how a message's usage grows. */
  #partial(event: StreamEvent): void {
    const whose = textAt(event, 'parent_tool_use_id') ?? '';
    const type = textAt(event, 'event', 'type');
    const started = type === 'message_start' ? textAt(event, 'event', 'message', 'id') : undefined;
    if (started !== undefined) this.#streaming.set(whose, started);
    const requestId = this.#streaming.get(whose);
    if (requestId === undefined || (type !== 'message_start' && type !== 'message_delta')) return;
    this.#sink.record(event, this.#recording(event, requestId));
  }

  #result(event: StreamEvent): void {
    for (const denial of objectsAt(event, 'permission_denials')) this.#denial(denial);
    this.#sink.settle(verdictOf(event));
    this.#sink.report(totalsOf(event));
    this.#sink.record(event, this.#recording(event, null));
  }

  #recording(event: StreamEvent, requestId: string | null): RecordOptions {
    return {
      key: sessionIdOf(event) ?? this.#sessionId,
      ...(requestId === null ? {} : { requestId }),
      ...timeOf(event),
    };
  }
}

/** Streams write `session_id`, transcripts `sessionId`. */
function sessionIdOf(event: StreamEvent): string | undefined {
  return textAt(event, 'session_id') ?? textAt(event, 'sessionId');
}

function verdictOf(event: StreamEvent): Verdict {
  const subtype = textAt(event, 'subtype') ?? 'error';
  const result = textAt(event, 'result') ?? '';
  if (textAt(event, 'terminal_reason')?.startsWith('aborted') === true) {
    return { cancelled: 'The agent was interrupted' };
  }
  if (subtype === 'success' && event['is_error'] !== true) {
    const structured = event['structured_output'];
    return {
      output: {
        response: result,
        ...(structured === undefined || structured === null ? {} : { structured_output: structured }),
      },
    };
  }
  const code = subtype === 'success' ? 'agent_error' : subtype;
  const errors = event['errors'];
  const said = Array.isArray(errors) ? errors.filter((error) => typeof error === 'string').join('\n') : '';
  const message = result === '' ? said : result;
  return { error: { code, message: message === '' ? `The agent ended with ${code}` : message } };
}

function totalsOf(event: StreamEvent): ReportedTotals {
  const totals = { turns: numberAt(event, 'num_turns'), cost_usd: numberAt(event, 'total_cost_usd') };
  const models = objectAt(event, 'modelUsage');
  if (models === undefined || !Object.values(models).some(isEvent)) return totals;
  return {
    ...totals,
    input_tokens: sumOver(models, 'inputTokens', 'cacheReadInputTokens', 'cacheCreationInputTokens'),
    output_tokens: sumOver(models, 'outputTokens'),
    cache_read_tokens: sumOver(models, 'cacheReadInputTokens'),
    cache_write_tokens: sumOver(models, 'cacheCreationInputTokens'),
  };
}
