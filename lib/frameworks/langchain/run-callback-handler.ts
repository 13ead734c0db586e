import { portOf } from '../../attachment';
import { refuseUnknown } from '../../record/options';
import type { AnyRun } from '../../run';
import type { ModelCall } from '../model-call';
import type { TellableEnd, TellableStep } from '../open-steps';
import { OpenSteps } from '../open-steps';
import type { FrameworkOptions, KeptOptions } from '../options';
import { FRAMEWORK_OPTIONS, KEPT_OPTIONS } from '../options';
import { parsedText } from '../parsed-text';
import { RunLink } from '../run-link';
import type { ModelResult } from './model-result';
import { readModelResult } from './model-result';
import { contentOf, failureIn, modelNameIn, nameOf, signalIn } from './told';

/** What {@link RunCallbackHandler} takes. */
export interface RunCallbackHandlerOptions extends FrameworkOptions, KeptOptions {}

/** A call of LangChain's that is under way, of a tool or within one: of a chain, a graph's node. */
interface Underway {
  readonly run: AnyRun;
  /** The id of the step that it is, or is part of. */
  readonly step: string;
}

/** The errors that a tool throws to have its graph wait for a person: nothing has failed. */
const INTERRUPTS = new Set(['GraphInterrupt', 'NodeInterrupt']);

/**
 * A callback handler for LangChain and LangGraph. For each call of a model in the current run it checks the
 * limits and counts a turn, then usage and cost. Tools and retrievers become steps, those of nested graphs
 * and agents too. Everything is counted before `invoke` returns. Outside a run it does nothing.
 *
 * A call that is aborted before its usage is known, and a stream that nobody reads to its end, is one request
 * without a price.
 *
 * @example
 * ```ts
 * const handler = new RunCallbackHandler({ provider: 'openai' });
 * await run.execute(({ signal }) => graph.invoke(input, { callbacks: [handler], signal }));
 * ```
 */
export class RunCallbackHandler {
  /** For LangChain. */
  readonly name = 'agent-run';
  /** Has LangChain wait for the handler, so that everything is counted when `invoke` returns. */
  readonly awaitHandlers = true;
  /** Has LangChain pass on what the handler throws: a limit then stops the call. Nothing else is thrown. */
  readonly raiseError = true;
  readonly #link: RunLink;
  readonly #options: RunCallbackHandlerOptions;
  readonly #calls = new Map<string, ModelCall>();
  readonly #underway = new Map<string, Underway>();
  readonly #runs = new WeakMap<AnyRun, OpenSteps>();

  /** @throws {RunError} `validation_error` for options that are not known. */
  constructor(options: RunCallbackHandlerOptions = {}) {
    refuseUnknown(options, [...FRAMEWORK_OPTIONS, ...KEPT_OPTIONS], 'options of RunCallbackHandler');
    this.#options = options;
    this.#link = new RunLink(options);
  }

  /** For LangChain, which asks for a copy. It gets the same handler, which knows what is under way. */
  copy(): this {
    return this;
  }

  /** @throws {RunError} `limit_exceeded` where nothing is left of a limit; how the run ended, where it has. */
  handleChatModelStart(
    _model: object,
    _messages: unknown,
    id: string,
    _parent?: string,
    extra?: object,
    _tags?: unknown,
    metadata?: object,
  ): void {
    const { run } = this.#link;
    if (run === undefined) return;
    this.#stepsOf(run);
    this.#calls.set(id, this.#link.beginCall(run, modelNameIn(extra, metadata)).until(signalIn(extra)));
  }

  /** @throws {RunError} as `handleChatModelStart` */
  handleLLMStart(
    model: object,
    prompts: unknown,
    id: string,
    parent?: string,
    extra?: object,
    tags?: unknown,
    metadata?: object,
  ): void {
    this.handleChatModelStart(model, prompts, id, parent, extra, tags, metadata);
  }

  /** For LangChain. */
  handleLLMEnd(output: object, id: string, _parent?: string, _tags?: unknown, extra?: object): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    // A response from LangChain's cache has used nothing.
    if (call === undefined || (extra as { readonly cached?: unknown } | undefined)?.cached === true) return;
    const { usage, model, responseId, ...rest }: ModelResult = readModelResult(output);
    if (usage === null) call.lost();
    else call.used(usage, { model, responseId, ...rest });
  }

  /** For LangChain. */
  handleLLMError(error: unknown, id: string): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.failed(error);
  }

  /** For LangChain. */
  handleChainStart(_chain: object, _inputs: unknown, id: string, parent?: string): void {
    const around = this.#around(parent);
    if (around !== undefined) this.#underway.set(id, around);
  }

  /** For LangChain. */
  handleChainEnd(_outputs: unknown, id: string): void {
    this.#underway.delete(id);
  }

  /** For LangChain. */
  handleChainError(_error: unknown, id: string): void {
    this.#underway.delete(id);
  }

  /** For LangChain. */
  handleToolStart(
    tool: object,
    input: string,
    id: string,
    parent?: string,
    _tags?: unknown,
    _metadata?: unknown,
    name?: string,
  ): void {
    this.#startStep(id, parent, {
      name: name ?? nameOf(tool, 'tool'),
      kind: 'tool',
      input: parsedText(input),
    });
  }

  /** For LangChain. */
  handleToolEnd(output: unknown, id: string): void {
    this.#endStep(id, { output: contentOf(output), error: failureIn(output) });
  }

  /** For LangChain. */
  handleToolError(error: unknown, id: string): void {
    const isInterrupt = error instanceof Error && INTERRUPTS.has(error.name);
    this.#endStep(id, isInterrupt ? {} : { error });
  }

  /** For LangChain. */
  handleRetrieverStart(
    retriever: object,
    query: string,
    id: string,
    parent?: string,
    _tags?: unknown,
    _metadata?: unknown,
    name?: string,
  ): void {
    const input = { query };
    this.#startStep(id, parent, { name: name ?? nameOf(retriever, 'retriever'), kind: 'retrieval', input });
  }

  /** For LangChain. */
  handleRetrieverEnd(documents: unknown, id: string): void {
    this.#endStep(id, { output: documents });
  }

  /** For LangChain. */
  handleRetrieverError(error: unknown, id: string): void {
    this.#endStep(id, { error });
  }

  #startStep(id: string, parent: string | undefined, step: Omit<TellableStep, 'parent'>): void {
    const { run } = this.#link;
    if (run === undefined) return;
    const around = this.#around(parent)?.step;
    this.#underway.set(id, { run, step: id });
    this.#link.safely(() => this.#stepsOf(run).start(run, id, { ...step, parent: around }));
  }

  #endStep(id: string, end: TellableEnd): void {
    const underway = this.#underway.get(id);
    this.#underway.delete(id);
    if (underway !== undefined) this.#link.safely(() => this.#stepsOf(underway.run).end(id, end));
  }

  /** What is under way under the id of the call above. */
  #around(parent: string | undefined): Underway | undefined {
    return parent === undefined ? undefined : this.#underway.get(parent);
  }

  /**
   * The open steps of a run. Those left open when its execution is over, of streams that nobody read on,
   * end with it.
   */
  #stepsOf(run: AnyRun): OpenSteps {
    let steps = this.#runs.get(run);
    if (steps === undefined) {
      this.#runs.set(run, (steps = new OpenSteps(this.#options)));
      portOf(run).attach({ changes: new Set(), executionOver: () => this.#giveUp(run) });
    }
    return steps;
  }

  #giveUp(run: AnyRun): void {
    for (const [id, call] of this.#calls) {
      if (call.run !== run) continue;
      call.lost();
      this.#calls.delete(id);
    }
    for (const [id, underway] of this.#underway) if (underway.run === run) this.#underway.delete(id);
  }
}
