import type { RunTotals } from './execution/budget';
import { totalsOf } from './execution/budget';
import { currentRun } from './execution/current-run';
import type { ExecuteOptions, ExecutionContext as Context } from './execution/options';
import { readExecuteOptions } from './execution/options';
import type { ParkOptions } from './execution/parking';
import { answerWait, beginWait, endWait, Parking } from './execution/parking';
import type { RunControl, StatusChange } from './execution/supervisor';
import { Supervisor } from './execution/supervisor';
import type { ChangeName } from './record/attachment';
import { givePorts } from './record/attachment';
import { namesOf } from './record/attribute-names';
import type { RunAttributes } from './record/attributes';
import { CHILD_ATTRIBUTES, readAttributes, takeProvider } from './record/attributes';
import type { Resumed } from './record/awaiting';
import { awaitingOf } from './record/awaiting';
import { nowMs } from './record/clock';
import { takeCost } from './record/cost';
import { announce, follow, followersOf, isHeard, refuseStorm, shareLine } from './record/emitter';
import { describeEnvelope, hideOthers } from './record/envelope';
import { validationError } from './record/error';
import { ERROR_PAYLOAD_OPTIONS, errorPayload, isError, messageOf } from './record/error-payload';
import type { RunAttributeName, RunEvents } from './record/events';
import type { JsonObject, Result as ResultOf } from './record/json';
import { takeJson, takeJsonObject } from './record/json';
import { refuseUnknown } from './record/options';
import { RunPort } from './record/port';
import { adoptRecord, readRecord } from './record/read-record';
import type { RunClass } from './record/readable-run';
import { ReadableRun, stateOf } from './record/readable-run';
import { assertTransition, invalidOperation } from './record/refusal';
import { NOTHING, RunState } from './record/run-state';
import type { RunStatus } from './record/status';
import { takeUsage } from './record/token-usage';
import type { TraceContext } from './record/trace-context';
import { takeTraceContext } from './record/trace-context';
import { attachToRecord } from './record/write-record';
import type { StepHandle } from './steps/open-step';
import type { StartStepOptions, StepOptions } from './steps/options';
import type { StepContext, Steps } from './steps/steps';

/** A run, whatever its input and output. */
export type AnyRun = Run<object, object>;

/** What the function given to `execute` is handed. */
export interface ExecutionContext<Subject = AnyRun> extends Context<Subject> {}

/**
 * The type that `fromJSON` of a class gives. The prototype of a generic class has `any` for its parameters,
 * which this replaces.
 */
export type ReadRun<Subject extends AnyRun> =
  Subject extends Run<infer Input, infer Output>
    ? 0 extends Input & Output & 1
      ? Run extends Subject
        ? Run
        : Subject
      : Subject
    : never;

/**
 * The record of one execution of an agent inside a session.
 *
 * ```text
 * pending ──► running ──► completed | failed | cancelled | timeout
 *    └──────────────────► completed | failed | cancelled | timeout
 * ```
 * A terminal status is final. Every change is in place before its event goes out.
 *
 * @typeParam Input - The shape of `input`.
 * @typeParam Output - The shape of `output`.
 *
 * @example
 * ```ts
 * const run = new Run({ sessionId: 'session-123', input: { prompt: 'Hi' } });
 * run.on('statusChanged', ({ run, from, to }) => log.info(`${run.id}: ${from} -> ${to}`));
 * run.updateStatus('running');
 * run.setOutput({ response: 'Hello!' });
 * ```
 */
export class Run<Input extends object = JsonObject, Output extends object = JsonObject> extends ReadableRun<
  Input,
  Output,
  RunEvents<Run<Input, Output>, AnyRun>
> {
  #supervisor: Supervisor | null = null;
  #steps: Steps<Run<Input, Output>> | null = null;

  static {
    givePorts({
      port: (run) => (run as Run).#port(),
      attach: follow,
      attached: (run) => followersOf(run)?.all ?? [],
    });
    describeEnvelope(this, (run: Run, record) => attachToRecord(record, stateOf(run)));
    // A minified class would be named `e` in logs.
    Object.defineProperty(this, 'name', { value: 'Run' });
  }

  /**
   * Makes a pending run that starts now.
   *
   * @throws {RunError} `validation_error` with an issue for each bad attribute; paths name attributes.
   */
  constructor(attributes: RunAttributes<Input>) {
    super(new RunState(readAttributes(attributes), nowMs()));
    hideOthers(new.target);
    this.#superviseLimits();
  }

  /**
   * Reads a record, of this package or of the Elixir reference. Emits nothing.
   *
   * @param json - A parsed object. Its payloads are taken over by reference, without a look inside.
   * @throws {RunError} `validation_error` with an issue for every bad field, its path as on the wire
   * (`session_id`); `invalid_status` where an unknown word for the status is all that is wrong;
   * `invalid_operation` on a class whose constructor changes the id or the session.
   */
  static fromJSON<Subject extends AnyRun>(this: RunClass<Subject>, json: unknown): ReadRun<Subject>;
  static fromJSON<Input extends object, Output extends object = JsonObject>(
    json: unknown,
  ): Run<Input, Output>;
  static fromJSON(this: typeof Run, json: unknown): AnyRun {
    const record = readRecord(json);
    const { id, sessionId } = record;
    const run = new this({ id, sessionId });
    adoptRecord(stateOf(run), record, this.name);
    run.#superviseLimits();
    return run;
  }

  /** The run whose `execute` this code is part of; undefined outside. */
  static current(): AnyRun | undefined {
    return currentRun() as AnyRun | undefined;
  }

  /** What this run and all its descendants of this process have used. */
  get totals(): RunTotals {
    return this.#supervisor?.totals ?? totalsOf(stateOf(this));
  }

  /** Whatever the caller keeps with the run. */
  get metadata(): JsonObject {
    return stateOf(this).metadata;
  }

  /**
   * Takes any object that JSON can carry, copied.
   *
   * @throws {RunError} `validation_error`
   * @fires attributesChanged
   */
  set metadata(metadata: object) {
    this.#assign('metadata', takeJsonObject(metadata, 'metadata'));
  }

  /** What the provider says about the run. */
  get providerMetadata(): JsonObject {
    return stateOf(this).providerMetadata;
  }

  /**
   * Takes any object that JSON can carry, copied.
   *
   * @throws {RunError} `validation_error`
   * @fires attributesChanged
   */
  set providerMetadata(providerMetadata: object) {
    this.#assign('providerMetadata', takeJsonObject(providerMetadata, 'providerMetadata'));
  }

  /** Who executes the run; null while unknown. */
  get provider(): string | null {
    return stateOf(this).provider;
  }

  /**
   * Takes a text or null.
   *
   * @throws {RunError} `validation_error`
   * @fires attributesChanged
   */
  set provider(provider: string | null) {
    this.#assign('provider', takeProvider(provider));
  }

  /** Where the run stands in a distributed trace; null for nowhere. */
  get traceContext(): TraceContext | null {
    return stateOf(this).traceContext;
  }

  /**
   * Takes a W3C trace context or null.
   *
   * @throws {RunError} `validation_error`
   * @fires attributesChanged
   */
  set traceContext(traceContext: TraceContext | null) {
    this.#assign('traceContext', traceContext === null ? null : takeTraceContext(traceContext));
  }

  /**
   * Moves the run along {@link RUN_TRANSITIONS}. A terminal status sets `endedAt`. The status that
   * already holds is a no-op.
   *
   * @throws {RunError} `invalid_status` for a word that is no status; `invalid_transition`.
   * @fires statusChanged
   */
  updateStatus(status: RunStatus): this {
    if (status !== stateOf(this).status) this.#transition(status);
    return this;
  }

  /**
   * Sets the output and completes the run. On a run that completed without an output, it fills it in.
   *
   * @param output - An object that JSON can carry; copied.
   * @returns this run.
   * @throws {RunError} `validation_error` when JSON cannot carry the output; `invalid_transition` when
   * the run has ended otherwise; `invalid_operation` when there is an output.
   * @fires statusChanged, or attributesChanged where it is filled in
   */
  setOutput(output: string extends keyof Output ? object : Output): this {
    const taken = takeJsonObject(output, 'output');
    const state = stateOf(this);
    if (state.status !== 'completed') this.#transition('completed', { output: taken });
    else if (state.output !== null) throw invalidOperation(state, 'has an output already');
    else this.#assign('output', taken);
    return this;
  }

  /**
   * Sets what there is of an output so far. The next draft, or the output, replaces it; where the run ends
   * without either, the draft stays.
   *
   * @param output - An object that JSON can carry; copied.
   * @returns this run.
   * @throws {RunError} `validation_error` when JSON cannot carry the output; `invalid_operation` when the
   * run has ended.
   * @fires attributesChanged
   */
  draftOutput(output: string extends keyof Output ? object : Output): this {
    const taken = takeJsonObject(output, 'output');
    const state = stateOf(this);
    if (state.isTerminal) throw invalidOperation(state, 'takes no more drafts');
    this.#assign('output', taken);
    return this;
  }

  /**
   * Makes the value that the function of `execute` returns to park its run. The execution then ends, and
   * the run stays `running` until it has its answer and is executed again. Before the value is returned,
   * nothing happens.
   *
   * @throws {RunError} `validation_error` for bad options, and for what JSON cannot carry;
   * `invalid_operation` for a run that is not being executed, is a child, or has children that go on.
   */
  park(options: ParkOptions = {}): Parking {
    const parking = new Parking(this, options);
    this.#supervise().assertParkable();
    return parking;
  }

  /**
   * Answers a parked run, once. Whoever executes it then is handed the answer.
   *
   * @param value - Any value that JSON can carry; copied.
   * @throws {RunError} `validation_error`; `invalid_operation` where the run waits for nothing, has its
   * answer, or has waited too long.
   * @fires answered
   */
  answer(value: unknown): this {
    const answer = takeJson(value, 'answer');
    const at = nowMs();
    refuseStorm(this);
    answerWait(stateOf(this), answer, at);
    this.#tell('answered', { run: this, answer, at });
    return this;
  }

  /**
   * Sets the error and fails the run. On a run that failed without an error, it fills it in.
   *
   * @param error - An object that JSON can carry, copied, or an `Error`, kept as
   * `{ name, message, code?, status?, details?, cause?, errors? }`.
   * @param options - `stack` keeps the stack of an `Error`: records reach API clients, so only on request.
   * @returns this run.
   * @throws {RunError} `validation_error` when JSON cannot carry the object; `invalid_transition` when
   * the run has ended otherwise; `invalid_operation` when there is an error.
   * @fires statusChanged, or attributesChanged where it is filled in
   */
  setError(error: object, options: { readonly stack?: boolean | undefined } = {}): this {
    refuseUnknown(options, ERROR_PAYLOAD_OPTIONS, 'options of setError');
    const taken = isError(error) ? errorPayload(error, options) : takeJsonObject(error, 'error');
    const state = stateOf(this);
    if (state.status !== 'failed') this.#transition('failed', { error: taken, cause: error });
    else if (state.error !== null) throw invalidOperation(state, 'has an error already');
    else this.#assign('error', taken);
    return this;
  }

  /**
   * Cancels the run, with the error `{ code: 'cancelled', message }`. No-op on a cancelled run.
   *
   * @param reason - Why; the message of the error.
   * @throws {RunError} `invalid_transition` when the run has ended otherwise.
   * @fires statusChanged
   */
  cancel(reason: string | Error = 'Run cancelled'): this {
    if (stateOf(this).status === 'cancelled') return this;
    const error = { code: 'cancelled', message: messageOf(reason) };
    this.#transition('cancelled', { error, ...(isError(reason) ? { cause: reason } : {}) });
    return this;
  }

  /**
   * Adds to the cost, after the end too: prices arrive late.
   *
   * @param usd - US dollars; finite, not negative.
   * @throws {RunError} `validation_error`
   * @fires usageUpdated
   */
  addCost(usd: number): this {
    this.#spend(null, takeCost(usd, stateOf(this).costUsd));
    return this;
  }

  /**
   * Adds to the counters, after the end too: providers report late. Numbers add up, nested objects
   * key by key; `null` is "not reported"; anything else replaces. A refused update changes nothing.
   *
   * @throws {RunError} `validation_error` for counts that are negative or not finite.
   * @fires usageUpdated
   */
  updateTokenUsage(usage: object): this {
    this.#spend(takeUsage(usage), null);
    return this;
  }

  /**
   * Adds one turn.
   *
   * @throws {RunError} `invalid_operation` when the run has ended.
   * @fires turnIncremented
   */
  incrementTurn(): this {
    const state = stateOf(this);
    refuseStorm(this);
    if (state.isTerminal) throw invalidOperation(state, 'takes no more turns');
    if (state.turnCount >= Number.MAX_SAFE_INTEGER) {
      throw invalidOperation(state, 'has as many turns as a record can count');
    }
    state.turnCount += 1;
    this.#supervisor?.growAncestors({ turns: 1 });
    if (isHeard(this, 'turnIncremented')) {
      announce(this, 'turnIncremented', { run: this, turnCount: state.turnCount, at: nowMs() });
    }
    this.#supervisor?.holdLimits();
    return this;
  }

  /**
   * Executes the run: calls the function, ends the run exactly once, and keeps what was reported on
   * every path. Starts a pending run, or goes on with a running one that nothing executes here.
   *
   * @param fn - Gets `{ run, signal, resumed }`; hand the signal to every client. What it returns is the
   * output: an object as it is, another JSON value as `{ value }`; `run.park()` parks the run.
   * @returns what the function returned.
   * @throws {RunError} `validation_error` for bad options, and for a result that JSON cannot carry (the
   * result in `cause`); `invalid_transition` for an ended run; `invalid_operation` for one that is
   * being executed; `cancelled`, `timeout`, `limit_exceeded` as the run ended; `details.abandoned` is
   * true where the function had not settled `graceMs` after its signal. What the function throws
   * comes through as it is.
   * @fires statusChanged
   */
  execute<Result extends ResultOf<Output, Parking>>(
    fn: (context: ExecutionContext<Run<Input, Output>>) => Result | PromiseLike<Result>,
    options: ExecuteOptions = {},
  ): Promise<Result> {
    // Not an async function: that would wrap the execution's promise, which knows whether a rejection
    // counts as unhandled.
    try {
      const settings = readExecuteOptions(options);
      if (typeof fn !== 'function') {
        throw validationError('execution', [{ path: 'fn', message: 'must be a function' }]);
      }
      const state = stateOf(this);
      if (state.isTerminal) assertTransition(state, 'running');
      return this.#supervise().execute(fn, settings);
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- What was thrown, as it is.
      return Promise.reject(error);
    }
  }

  /**
   * Throws where nothing is left of a limit for a next step, of this run or of an ancestor. Changes
   * nothing; call it before a model call.
   *
   * @throws {RunError} `limit_exceeded`, with `details` `{ limit, allowed, actual }`
   */
  checkLimits(): void {
    const error = this.#supervisor?.exhausted() ?? null;
    if (error !== null) throw error;
  }

  /**
   * Makes the run of a sub-agent: of the same session, with this run as its parent. Its record holds
   * its own use only; this run's `totals` and limits see it as it arrives, and it is cancelled when
   * this run ends.
   *
   * @throws {RunError} `invalid_operation` when this run has ended; `validation_error`
   * @fires childCreated
   */
  createChild<ChildInput extends object = JsonObject, ChildOutput extends object = JsonObject>(
    attributes: Omit<RunAttributes<ChildInput>, 'sessionId'> = {},
  ): Run<ChildInput, ChildOutput> {
    refuseStorm(this);
    const state = stateOf(this);
    if (state.isTerminal) throw invalidOperation(state, 'takes no more children');
    refuseUnknown(attributes, CHILD_ATTRIBUTES, 'run');
    const child = new Run<ChildInput, ChildOutput>({ ...attributes, sessionId: state.sessionId });
    stateOf(child).standBelow(state);
    shareLine(this, child);
    this.#supervise().adopt(child.#supervise());
    this.#tell('childCreated', { run: this, child, at: nowMs() });
    return child;
  }

  /**
   * Runs a function as a step: a call of a tool, of a model, a retrieval. Steps nest, and run side by
   * side; what begins in the function has this step as its parent.
   *
   * The step completes with the function's result, fails with what it throws, and is cancelled where the
   * run ends or parks before. Either way the result or the exception goes on to the caller.
   *
   * @param name - What is done: 1 to 1,000 bytes.
   * @param fn - Called at once, with `{ run, signal, step }`; the signal is the execution's.
   * @returns what the function returned.
   * @throws {RunError} `validation_error` for a bad name or option; `invalid_operation` when the run has
   * ended or waits.
   * @fires stepStarted, stepEnded
   */
  async step<Result>(
    name: string,
    fn: (context: StepContext<Run<Input, Output>>) => Result | PromiseLike<Result>,
    options?: StepOptions<Result>,
  ): Promise<Awaited<Result>> {
    return this.#stepsOf().run(name, fn, options);
  }

  /**
   * Begins a step that is ended by hand. It is the parent of no other.
   *
   * @param name - What is done: 1 to 1,000 bytes.
   * @throws {RunError} `validation_error` for a bad name or option; `invalid_operation` when the run has
   * ended or waits.
   * @fires stepStarted
   */
  startStep(name: string, options?: StartStepOptions): StepHandle {
    return this.#stepsOf().start(name, options);
  }

  /**
   * Notes that something happened.
   *
   * @param name - What: 1 to 1,000 bytes.
   * @param data - The facts, at most 65,536 bytes of JSON; what is no object is kept as `{ value }`.
   * @throws {RunError} `validation_error`; `invalid_operation` when the run has ended.
   * @fires noted
   */
  note(name: string, data?: unknown): this {
    this.#stepsOf().note(name, data);
    return this;
  }

  /** The only writer of the status. Ends the descendants of a run that has ended. */
  #transition(to: RunStatus, change: StatusChange = {}): void {
    this.#move(to, change);
    if (stateOf(this).isTerminal) this.#supervisor?.runEnded(change);
  }

  #move(to: RunStatus, { output, error, endedAtMs, remote = false }: StatusChange): void {
    const state = stateOf(this);
    const from = state.status;
    assertTransition(state, to);
    const at = nowMs();
    state.status = to;
    // Another process may know of an output that this one does not: what it reports counts, null too.
    if (remote ? output !== undefined : (output ?? null) !== null) state.output = output ?? null;
    state.error = error ?? state.error;
    if (to === 'running') state.runningAt = at;
    if (state.isTerminal) {
      state.endedAt = endedAtMs === undefined ? at : Math.floor(endedAtMs);
      state.awaiting = null;
      this.#steps?.close(state.error);
    }
    this.#tell('statusChanged', { run: this, from, to, at });
  }

  /** Tells of a change that is rare: where changes are many, the payload is not even made for nobody. */
  #tell(name: ChangeName, event: object): void {
    // An event that nobody hears does not count as one that a listener has caused.
    if (isHeard(this, name)) announce(this, name, event);
  }

  #assign(name: AssignableName, value: unknown): void {
    refuseStorm(this);
    (stateOf(this) as Record<AssignableName, unknown>)[name] = value;
    this.#attributeChanged(name);
  }

  #attributeChanged(name: RunAttributeName): void {
    if (!isHeard(this, 'attributesChanged')) return;
    announce(this, 'attributesChanged', { run: this, names: namesOf(name), at: nowMs() });
  }

  #spend(delta: JsonObject | null, costUsd: number | null): void {
    const state = stateOf(this);
    const supervisor = this.#supervisor;
    refuseStorm(this);
    if (supervisor === null) state.spend(delta, costUsd);
    else supervisor.spend(delta, costUsd);
    if (isHeard(this, 'usageUpdated')) {
      const { passingUsage: tokenUsage, costUsd: total } = state;
      const event = { run: this, delta: delta ?? NOTHING, tokenUsage, costUsd: total, at: nowMs() };
      announce(this, 'usageUpdated', event);
    }
    supervisor?.holdLimits();
  }

  #park(parking: Parking): void {
    const at = nowMs();
    const wait = beginWait(parking, at);
    stateOf(this).awaiting = wait;
    this.#steps?.close(null);
    this.#tell('parked', { run: this, awaiting: awaitingOf(wait), at });
  }

  /** Takes the answer; null where the run was not parked. */
  #resume(): Resumed | null {
    const resumed = endWait(stateOf(this));
    if (resumed !== null) this.#attributeChanged('awaiting');
    return resumed;
  }

  #stepsOf(): Steps<Run<Input, Output>> {
    return this.#steps ?? this.#makeSteps();
  }

  #makeSteps(): Steps<Run<Input, Output>> {
    const signal = (): AbortSignal | null => this.#supervisor?.signal ?? null;
    // With the first step: its files are a tenth of the package's own that a process would load at once.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- An import would load them with this file.
    const { Steps: Made } = require('./steps/steps') as { Steps: typeof Steps };
    return (this.#steps = new Made({ run: this, state: stateOf(this), signal }));
  }

  #port(): RunPort {
    return new RunPort({
      run: this,
      state: stateOf(this),
      spend: (delta, costUsd) => this.#spend(delta, costUsd),
      endRemotely: ({ status, ...end }) => this.#transition(status, { ...end, remote: true }),
      stepCount: () => this.#steps?.count ?? 0,
      continueSteps: (count) => this.#stepsOf().continueAfter(count),
    });
  }

  #superviseLimits(): void {
    // Stryker disable next-line ConditionalExpression: only smaller; a supervisor does nothing without limits.
    if (stateOf(this).limits !== null) this.#supervise();
  }

  #supervise(): Supervisor {
    return (this.#supervisor ??= new Supervisor(stateOf(this), this.#control()));
  }

  #control(): RunControl {
    return {
      run: this,
      changeStatus: (to, change) => this.#transition(to, change),
      endAlone: (to, change) => this.#move(to, change),
      park: (parking) => this.#park(parking),
      resume: () => this.#resume(),
      limitsChanged: () => this.#attributeChanged('limits'),
      limitApproaching: (use) => this.#tell('limitApproaching', { run: this, ...use, at: nowMs() }),
    };
  }
}

/** What a caller may assign, or fill in late. */
type AssignableName = 'metadata' | 'provider' | 'providerMetadata' | 'traceContext' | 'output' | 'error';
