import type { UsageScope } from '../../usage/reading';
import type { AgentReader, AgentSink, TakeEvent } from './agent-reader';
import { CodexRollout, isOfRollout } from './codex-rollout';
import type { StreamEvent } from './event';
import { numberAt, objectAt, textAt } from './event';

const EVENTS = /^(?:thread|turn|item)\./;

/** Items that are a call of something. */
const CALLS = new Set([
  'command_execution',
  'file_change',
  'mcp_tool_call',
  'web_search',
  'collab_tool_call',
]);

/**
 * Codex: `codex exec --json`, the Codex SDK's `runStreamed()`, and the rollouts in `~/.codex/sessions`. Usage
 * comes with `turn.completed`, without a model or a cost; a turn that failed or was killed gives none.
 *
 * @param scope - Whether a turn's usage is of that turn, or of the thread so far: that differs by version.
 */
export function codex(scope: UsageScope): AgentReader {
  return {
    agent: 'codex',
    provider: 'openai',
    sessionOf(event) {
      if (isOfRollout(event)) return textAt(event, 'payload', 'id') ?? 'unknown';
      if (!EVENTS.test(textAt(event, 'type') ?? '')) return undefined;
      return textAt(event, 'thread_id') ?? 'unknown';
    },
    open(sink, sessionId) {
      const stream = new CodexStream(sink, scope);
      const rollout = new CodexRollout(sink, sessionId);
      const take: TakeEvent = (event) =>
        objectAt(event, 'payload') === undefined ? stream.take(event) : rollout.take(event);
      return take;
    },
  };
}

class CodexStream {
  readonly #sink: AgentSink;
  readonly #scope: UsageScope;
  #thread: string | undefined;
  #response = '';
  #message = 'The turn failed';

  constructor(sink: AgentSink, scope: UsageScope) {
    this.#sink = sink;
    this.#scope = scope;
  }

  take(event: StreamEvent): boolean {
    switch (textAt(event, 'type') ?? '') {
      case 'thread.started':
        this.#thread = textAt(event, 'thread_id');
        return true;
      case 'turn.started':
        this.#sink.started();
        this.#sink.settle(null);
        return true;
      case 'item.started':
      case 'item.updated':
      case 'item.completed':
        this.#item(event);
        return true;
      case 'error':
        this.#message = textAt(event, 'message') ?? this.#message;
        return true;
      case 'turn.completed':
        this.#complete(event);
        return true;
      case 'turn.failed': {
        const message = textAt(event, 'error', 'message') ?? this.#message;
        this.#sink.settle({ error: { code: 'turn_failed', message } });
        return true;
      }
      default:
        return false;
    }
  }

  #item(event: StreamEvent): void {
    const item = objectAt(event, 'item') ?? {};
    const type = textAt(item, 'type') ?? '';
    const isOver = textAt(event, 'type') === 'item.completed';
    if (type === 'agent_message' && isOver) this.#answer(item);
    if (CALLS.has(type)) this.#call(type, item, isOver);
    if (type === 'context_compaction' && isOver) this.#sink.note('compaction', {});
  }

  #call(type: string, item: StreamEvent, isOver: boolean): void {
    const id = textAt(item, 'id') ?? type;
    this.#sink.stepStarted(id, callOf(type, item));
    if (!isOver) return;
    const status = textAt(item, 'status');
    if (status === 'declined') {
      this.#sink.note('permission_denied', { tool: callOf(type, item).name, tool_use_id: id });
    }
    this.#sink.stepEnded(id, { output: resultOf(item), error: failureOf(item, status) });
  }

  #answer(item: StreamEvent): void {
    this.#sink.turn();
    this.#response = textAt(item, 'text') ?? '';
  }

  #complete(event: StreamEvent): void {
    this.#sink.settle({ output: { response: this.#response } });
    const usage = objectAt(event, 'usage');
    if (usage === undefined) return;
    this.#sink.report({
      input_tokens: numberAt(usage, 'input_tokens'),
      output_tokens: numberAt(usage, 'output_tokens'),
      cache_read_tokens: numberAt(usage, 'cached_input_tokens'),
      cache_write_tokens: numberAt(usage, 'cache_write_input_tokens'),
    });
    const key = this.#thread === undefined ? {} : { key: this.#thread };
    this.#sink.record(event, { format: 'codex', scope: this.#scope, ...key });
  }
}

function callOf(type: string, item: StreamEvent): { name: string; kind: 'tool' | 'agent'; input: unknown } {
  switch (type) {
    case 'command_execution':
      return { name: type, kind: 'tool', input: { command: item['command'] } };
    case 'file_change':
      return { name: type, kind: 'tool', input: { changes: item['changes'] } };
    case 'mcp_tool_call': {
      const { server, arguments: given } = item;
      return { name: textAt(item, 'tool') ?? type, kind: 'tool', input: { server, arguments: given } };
    }
    case 'collab_tool_call':
      return { name: textAt(item, 'tool') ?? type, kind: 'agent', input: { prompt: item['prompt'] } };
    default:
      return { name: type, kind: 'tool', input: { query: item['query'] } };
  }
}

function resultOf(item: StreamEvent): unknown {
  return item['aggregated_output'] ?? item['result'];
}

function failureOf(item: StreamEvent, status: string | undefined): string | undefined {
  if (status === 'declined') return 'Declined';
  if (status !== 'failed') return undefined;
  const exitCode = numberAt(item, 'exit_code');
  const said = textAt(item, 'error', 'message') ?? textAt(item, 'aggregated_output');
  return said ?? (exitCode === undefined ? 'Failed' : `Exit code ${exitCode}`);
}
