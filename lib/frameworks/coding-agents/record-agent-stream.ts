import { onAbort } from '../../execution/abort-listeners';
import { portOf } from '../../attachment';
import { isTerminalStatus } from '../../record/status';
import { messageOf } from '../../record/error-payload';
import type { AnyRun, Run } from '../../run';
import { AgentRecording } from './agent-recording';
import { EventSplitter } from './events-of';
import type { AgentStreamOptions } from './options';
import { checkAgentStream } from './options';

/** What a coding agent gives: events, lines, or text in pieces. */
export type AgentStreamSource = AsyncIterable<unknown> | Iterable<unknown>;

/**
 * Keeps the stream of a coding agent as a run: a turn for each message, tool calls as steps, sub-agents as steps of
 * kind `agent`, permission denials and compactions as notes, usage once, and the result as output or error.
 *
 * Knows the Claude Agent SDK's `query()` and `claude -p --output-format stream-json`, the Codex SDK's
 * `runStreamed()` and `codex exec --json`, `gemini -o stream-json`, and what each of them keeps on disk. Events
 * that it does not know are passed over and counted, as is a line that is not JSON; `providerMetadata` says how
 * many.
 *
 * The run ends as the agent ended; one whose stream has no end fails with `stream_truncated`. Where the run ends
 * otherwise first (a limit, a timeout, a cancel), reading stops, and the source is told so.
 *
 * @param source - An async iterable of events, of lines, or of text in pieces of any size.
 * @returns the run, ended.
 * @throws {RunError} `validation_error` for a source that is none, and for options that are not known.
 *
 * @example
 * ```ts
 * const run = await recordAgentStream(query({ prompt: 'Fix the tests' }));
 * console.log(run.status, run.costUsd);
 * ```
 */
export async function recordAgentStream<Subject extends AnyRun = Run>(
  source: AgentStreamSource,
  options: AgentStreamOptions<Subject> = {},
): Promise<Subject> {
  checkAgentStream(source, options);
  const stop = new Stop(options.signal);
  const recording = new AgentRecording(options as object, (run) => stop.endWith(run));
  try {
    await readAll(source, recording, stop);
    return (stop.reason === null ? recording.end() : recording.cancel(stop.reason)) as Subject;
  } catch (error) {
    return (stop.reason === null ? recording.fail(error) : recording.cancel(stop.reason)) as Subject;
  } finally {
    stop.over();
  }
}

async function readAll(source: AgentStreamSource, recording: AgentRecording, stop: Stop): Promise<void> {
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const splitter = new EventSplitter();
  for (;;) {
    const next = await stop.unlessStopped(() => iterator.next());
    if (next === null) {
      leave(source, iterator);
      return;
    }
    const arrivals = next.done === true ? splitter.end() : splitter.take(next.value);
    for (const arrival of arrivals) recording.take(arrival);
    if (next.done === true) return;
  }
}

/**
 * Tells the source that nobody reads any more, without waiting for it. An async iterator would only learn
 * of it after its pending read, so a stream of Node is destroyed, and a query of the Claude Agent SDK
 * closed.
 */
function leave(source: AgentStreamSource, iterator: AsyncIterator<unknown> | Iterator<unknown>): void {
  const { destroy, close } = source as { readonly destroy?: unknown; readonly close?: unknown };
  const stop = typeof destroy === 'function' ? destroy : close;
  Promise.resolve()
    .then(() => (typeof stop === 'function' ? (stop.call(source) as unknown) : undefined))
    .then(() => iterator.return?.())
    .catch(() => undefined);
}

/** What stops the reading before the source is at its end: the caller's signal, or the end of the run. */
class Stop {
  /** Why, where the caller's signal has stopped it. */
  reason: string | null = null;
  #isStopped = false;
  #wake: () => void = () => undefined;
  #detach: () => void = () => undefined;
  readonly #stopListening: () => void;

  constructor(signal: AbortSignal | undefined) {
    const abort = (): void => {
      this.reason = messageOf(signal?.reason);
      this.#stop();
    };
    if (signal?.aborted === true) abort();
    this.#stopListening = signal === undefined || signal.aborted ? () => undefined : onAbort(signal, abort);
  }

  /** Stops with the run. */
  endWith(run: AnyRun): void {
    if (run.isTerminal) this.#stop();
    this.#detach = portOf(run).attach({
      changed: (name, event) => {
        if (name === 'statusChanged' && isTerminalStatus((event as { to: Run['status'] }).to)) this.#stop();
      },
      changes: new Set(['statusChanged']),
    });
  }

  /** The result of the call; null where reading is stopped before it. */
  unlessStopped<Value>(call: () => Value | PromiseLike<Value>): Promise<Value | null> {
    if (this.#isStopped) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(null);
      Promise.resolve(call()).then(resolve, reject);
    });
  }

  over(): void {
    this.#detach();
    this.#stopListening();
  }

  #stop(): void {
    this.#isStopped = true;
    this.#wake();
  }
}
