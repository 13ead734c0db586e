import type { AgentSink } from './agent-reader';
import type { StreamEvent } from './event';
import { isEvent, objectAt, objectsAt, textAt } from './event';

/** The model that is named for a message which no model wrote. */
const SYNTHETIC = '<synthetic>';

/** The tools by which Claude calls a sub-agent. */
const AGENT_TOOLS = new Set(['Task', 'Agent']);

/** The stop reasons of a message after which the model wants nothing more. */
const FINAL = new Set(['end_turn', 'stop_sequence', 'max_tokens', 'refusal']);

const CALLS = new Set(['tool_use', 'server_tool_use', 'mcp_tool_use']);

const INTERRUPTED = '[Request interrupted by user';

/** What the user did in the terminal, `/exit` say: the model never hears of it, and nothing goes on. */
const LOCAL_COMMAND = /^(?:<command-name>|<local-command-|Caveat: The messages below)/;

/** Claude's messages: a turn each, their tool calls steps, their usage counted under the message's id. */
export class ClaudeMessages {
  readonly #sink: AgentSink;
  readonly #record: (event: StreamEvent, messageId: string) => void;
  readonly #seen = new Set<string>();
  /** Calls of sub-agents that go on in the background after the tool has answered. */
  readonly #background = new Set<string>();
  /** The text of the last message of a transcript. */
  #last = { id: '', text: '' };

  constructor(sink: AgentSink, record: (event: StreamEvent, messageId: string) => void) {
    this.#sink = sink;
    this.#record = record;
  }

  assistant(event: StreamEvent): void {
    const id = textAt(event, 'message', 'id');
    if (id === undefined || textAt(event, 'message', 'model') === SYNTHETIC) return;
    if (!this.#seen.has(id)) this.#sink.turn();
    this.#seen.add(id);
    const blocks = objectsAt(event, 'message', 'content');
    for (const block of blocks) this.#block(event, block);
    if (movesTranscript(event)) this.#maybeLast(event, id, blocks);
    if (objectAt(event, 'message', 'usage') !== undefined) this.#record(event, id);
  }

  user(event: StreamEvent): void {
    const content = objectAt(event, 'message')?.['content'];
    const text =
      typeof content === 'string' ? content : textAt(objectsAt(event, 'message', 'content')[0] ?? {}, 'text');
    for (const block of objectsAt(event, 'message', 'content')) this.#answer(block);
    if (!movesTranscript(event) || LOCAL_COMMAND.test(text ?? '')) return;
    this.#sink.settle(
      text?.startsWith(INTERRUPTED) === true ? { cancelled: 'Interrupted by the user' } : null,
    );
  }

  /** A sub-agent that goes on in the background, and its end. */
  task(event: StreamEvent): void {
    const id = textAt(event, 'tool_use_id');
    if (id === undefined) return;
    if (textAt(event, 'subtype') === 'task_started') {
      if (event['is_backgrounded'] === true) this.#background.add(id);
      return;
    }
    if (!this.#background.delete(id)) return;
    const status = textAt(event, 'status');
    const output = textAt(event, 'summary');
    this.#sink.stepEnded(
      id,
      status === 'completed' ? { output } : { output, error: output ?? 'The agent failed' },
    );
  }

  #block(event: StreamEvent, block: StreamEvent): void {
    const type = textAt(block, 'type') ?? '';
    const id = textAt(block, 'id');
    if (CALLS.has(type) && id !== undefined) {
      const name = textAt(block, 'name') ?? 'tool';
      const isAgent = AGENT_TOOLS.has(name);
      this.#sink.stepStarted(id, {
        name: (isAgent ? textAt(block, 'input', 'subagent_type') : undefined) ?? name,
        kind: isAgent ? 'agent' : 'tool',
        input: block['input'],
        parent: textAt(event, 'parent_tool_use_id'),
      });
    } else {
      // The result of a tool that the provider executes is in the message that asked for it.
      this.#answer(block);
    }
  }

  #answer(block: StreamEvent): void {
    const id = textAt(block, 'tool_use_id');
    if (id === undefined || this.#background.has(id)) return;
    const output = block['content'];
    const failed = block['is_error'] === true;
    this.#sink.stepEnded(id, failed ? { output, error: saidIn(output) } : { output });
  }

  #maybeLast(event: StreamEvent, id: string, blocks: readonly StreamEvent[]): void {
    const said = blocks.map((block) =>
      textAt(block, 'type') === 'text' ? (textAt(block, 'text') ?? '') : '',
    );
    this.#last = { id, text: (this.#last.id === id ? this.#last.text : '') + said.join('') };
    const isFinal = FINAL.has(textAt(event, 'message', 'stop_reason') ?? '');
    this.#sink.settle(isFinal ? { output: { response: this.#last.text } } : null);
  }
}

/** Whether a message stands in a transcript, and is of the main agent: how that goes on is how it ends. */
function movesTranscript(event: StreamEvent): boolean {
  return textAt(event, 'sessionId') !== undefined && event['isSidechain'] !== true;
}

/** The message of a tool that failed: a text, or blocks of text. */
function saidIn(content: unknown): string {
  if (typeof content === 'string') return content;
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  const said = blocks
    .filter(isEvent)
    .map((block) => textAt(block, 'text') ?? '')
    .join('\n');
  return said === '' ? 'The tool failed' : said;
}
