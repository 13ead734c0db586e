import type { InspectOptions } from 'node:util';
import { inspect } from 'node:util';
import type { RunTotals } from './execution/budget';
import { Budget } from './execution/budget';
import { currentRun } from './execution/current-run';
import type { RunLimits } from './record/limits';
import { limitsToJSON } from './record/limits';
import type { ExecuteOptions, ExecutionContext as Context } from './execution/options';
import { readExecuteOptions } from './execution/options';
import type { ParkOptions } from './execution/parking';
import { Parking } from './execution/parking';
import type { RunControl, StatusChange } from './execution/supervisor';
import { Supervisor } from './execution/supervisor';
import type { Attachment, ChangeName, KeptKey, Port } from './record/attachment';
import { givePorts } from './record/attachment';
import type { Awaiting, Resumed, Wait } from './record/awaiting';
import { awaitingOf, awaitingToJSON } from './record/awaiting';
import type { RunAttributes } from './record/attributes';
import { readAttributes } from './record/attributes';
import { CostSum } from './record/cost';
import { RunEnvelope } from './record/envelope';
import { validationError } from './record/error';
import type { ErrorPayloadOptions } from './record/error-payload';
import { errorPayload, isError, messageOf } from './record/error-payload';
import type { RunAttributeName, RunEvents } from './record/events';
import { Followers } from './record/followers';
import { createRunId } from './record/id';
import type { Accepted, DeepReadonly, JsonObject, JsonValue } from './record/json';
import { ownMember, setMember, takeJson, takeJsonObject } from './record/json';
import type { IncomingRecord, RecordDraft, RunJSON, TraceContext } from './record/record';
import { attachUnknown, readRecord, writeRecord } from './record/record';
import { assertTransition, invalidOperation } from './record/refusal';
import { issueWith } from './record/rules';
import type { RunStatus } from './record/status';
import { isTerminalStatus } from './record/status';
import { formatTimestamp } from './record/timestamp';
import type { Counters, TokenUsage } from './record/token-usage';
import type { StepHandle } from './steps/open-step';
import type { StartStepOptions, StepOptions } from './steps/options';
import type { StepContext, StepHost } from './steps/steps';
import { Steps } from './steps/steps';
import { addUsage, checkSums, freezeUsage, takeUsage, totalTokensOf } from './record/token-usage';

/** A run, whatever its input and output. */
export type AnyRun = Run<object, object>;

/** What the function given to `execute` is handed. */
export type ExecutionContext<Subject = AnyRun> = Context<Subject>;

const EMPTY: JsonObject = Object.freeze({});

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
export class Run<Input extends object = JsonObject, Output extends object = JsonObject> extends RunEnvelope<
  RunEvents<Run<Input, Output>, AnyRun>
> {
  readonly #id: string;
  readonly #sessionId: string;
  #status: RunStatus = 'pending';
  #input: JsonObject | null;
  #output: JsonObject | null = null;
  #error: JsonObject | null = null;
  #metadata: JsonObject;
  #provider: string | null;
  #providerMetadata: JsonObject;
  #turnCount = 0;
  #counters: Counters | null = null;
  #usageSnapshot: TokenUsage | null = EMPTY;
  #cost: CostSum | null = null;
  #startedAtMs: number;
  #endedAtMs: number | null = null;
  /** What an incoming record had beyond what the other fields keep. */
  #incoming: IncomingRecord | null = null;
  #traceContext: TraceContext | null = null;
  #parentRunId: string | null = null;
  /** Null of a root. */
  #rootRunId: string | null = null;
  #runningAtMs: number | null = null;
  #wait: Wait | null = null;
  #supervisor: Supervisor | null = null;
  /** Keys that other parts of the package write into the record. */
  #kept: Map<KeptKey, () => JsonObject | null> | null = null;
  #steps: Steps<Run<Input, Output>> | null = null;
  /** Parts of the package that follow the run. */
  #followers: Followers | null = null;

  static {
    givePorts({
      port: (run) => (run as Run).#port(),
      attach: (run, attachment) => (run as Run).#attach(attachment),
      attached: (run) => (run as Run).#followers?.all ?? [],
    });
    // Minified, the class would show as `e`.
    Object.defineProperty(this, 'name', { value: 'Run', configurable: true });
  }

  /**
   * Makes a pending run that starts now.
   *
   * @throws {RunError} `validation_error` with an issue for each bad attribute; paths name attributes.
   */
  constructor(attributes: RunAttributes<Input>) {
    super();
    const checked = readAttributes(attributes);
    this.#id = checked.id ?? createRunId();
    this.#sessionId = checked.sessionId;
    this.#input = checked.input;
    this.#metadata = checked.metadata ?? EMPTY;
    this.#provider = checked.provider;
    this.#providerMetadata = checked.providerMetadata ?? EMPTY;
    this.#startedAtMs = Date.now();
    if (checked.limits !== null) this.#supervise().setLimits(checked.limits);
  }

  /**
   * Reads a record, of this package or of the Elixir reference. Emits nothing.
   *
   * @param json - A parsed object. Its payloads are taken over by reference, without a look inside.
   * @throws {RunError} `validation_error` with an issue for every bad field, its path as on the wire
   * (`session_id`); `invalid_status` where an unknown word for the status is all that is wrong.
   */
  static fromJSON<Input extends object = JsonObject, Output extends object = JsonObject>(
    json: unknown,
  ): Run<Input, Output> {
    const record = readRecord(json);
    const run = new this<Input, Output>({ id: record.id, sessionId: record.sessionId });
    run.#adopt(record);
    return run;
  }

  /** The run whose `execute` this code is part of; undefined outside. */
  static current(): AnyRun | undefined {
    return currentRun() as AnyRun | undefined;
  }

  /** Unique; ids that this package makes ascend with time. */
  get id(): string {
    return this.#id;
  }

  /** The session that the run belongs to. */
  get sessionId(): string {
    return this.#sessionId;
  }

  /** The run that this one is a child of; null for none. */
  get parentRunId(): string | null {
    return this.#parentRunId;
  }

  /** The run at the top of the tree that this one is in: its own id where it is nobody's child. */
  get rootRunId(): string {
    return this.#rootRunId ?? this.#parentRunId ?? this.#id;
  }

  /** Where the run stands. */
  get status(): RunStatus {
    return this.#status;
  }

  /** What went in. */
  get input(): DeepReadonly<Input> | null {
    return this.#input as DeepReadonly<Input> | null;
  }

  /** What came out. */
  get output(): DeepReadonly<Output> | null {
    return this.#output as DeepReadonly<Output> | null;
  }

  /** What went wrong. */
  get error(): JsonObject | null {
    return this.#error;
  }

  /** How many turns the run itself has taken. */
  get turnCount(): number {
    return this.#turnCount;
  }

  /** The run's own counters: a frozen copy, made at most once between updates. */
  get tokenUsage(): TokenUsage {
    return (this.#usageSnapshot ??= freezeUsage(this.#counters ?? {}));
  }

  /** What the run itself cost, in US dollars; null while unknown. */
  get costUsd(): number | null {
    return this.#cost?.usd ?? null;
  }

  /** When the run was made. */
  get startedAt(): Date {
    return new Date(this.#startedAtMs);
  }

  /** When the run first went to `running`; null where it has not. */
  get runningAt(): Date | null {
    return this.#runningAtMs === null ? null : new Date(this.#runningAtMs);
  }

  /** When the run ended; null while it lasts. */
  get endedAt(): Date | null {
    return this.#endedAtMs === null ? null : new Date(this.#endedAtMs);
  }

  /** @internal */
  get startedAtText(): string {
    return this.#incoming?.startedAt.text ?? formatTimestamp(this.#startedAtMs);
  }

  /** @internal */
  get endedAtText(): string | null {
    if (this.#endedAtMs === null) return null;
    return this.#incoming?.endedAt?.text ?? formatTimestamp(this.#endedAtMs);
  }

  /** @internal */
  get givenRootRunId(): string | null {
    return this.#rootRunId;
  }

  /** @internal */
  get runningAtText(): string | null {
    if (this.#runningAtMs === null) return null;
    return this.#incoming?.runningAt?.text ?? formatTimestamp(this.#runningAtMs);
  }

  /** From start to end in milliseconds, never negative; null while the run lasts. */
  get durationMs(): number | null {
    return this.#endedAtMs === null ? null : Math.max(0, this.#endedAtMs - this.#startedAtMs);
  }

  /** Whether the run has ended. */
  get isTerminal(): boolean {
    return isTerminalStatus(this.#status);
  }

  /** What the run may use; null for no limits. */
  get limits(): RunLimits | null {
    return this.#supervisor?.limits ?? null;
  }

  /** What the run waits for since it was parked; null for nothing. */
  get awaiting(): Awaiting | null {
    return this.#wait === null ? null : awaitingOf(this.#wait);
  }

  /** What this run and all its descendants of this process have used. */
  get totals(): RunTotals {
    return this.#supervisor?.totals ?? new Budget().totals(this);
  }

  /** Whatever the caller keeps with the run. */
  get metadata(): JsonObject {
    return this.#metadata;
  }

  /**
   * Takes any object that JSON can carry, copied.
   *
   * @throws {RunError} `validation_error`
   * @fires attributesChanged
   */
  set metadata(metadata: object) {
    this.#metadata = takeJsonObject(metadata, 'metadata');
    this.#attributeChanged('metadata');
  }

  /** What the provider says about the run. */
  get providerMetadata(): JsonObject {
    return this.#providerMetadata;
  }

  /**
   * Takes any object that JSON can carry, copied.
   *
   * @throws {RunError} `validation_error`
   * @fires attributesChanged
   */
  set providerMetadata(providerMetadata: object) {
    this.#providerMetadata = takeJsonObject(providerMetadata, 'providerMetadata');
    this.#attributeChanged('providerMetadata');
  }

  /** Who executes the run; null while unknown. */
  get provider(): string | null {
    return this.#provider;
  }

  /**
   * Takes a text or null.
   *
   * @throws {RunError} `validation_error`
   * @fires attributesChanged
   */
  set provider(provider: string | null) {
    const message = issueWith('provider', { provider });
    if (message !== null) throw validationError('run', [{ path: 'provider', message }]);
    // A caller without types may assign undefined; a record always has the key.
    this.#provider = provider ?? null;
    this.#attributeChanged('provider');
  }

  /** Where the run stands in a distributed trace; null for nowhere. */
  get traceContext(): TraceContext | null {
    return this.#traceContext;
  }

  /**
   * Takes a W3C trace context or null.
   *
   * @throws {RunError} `validation_error`
   * @fires attributesChanged
   */
  set traceContext(traceContext: TraceContext | null) {
    this.#traceContext =
      traceContext === null
        ? null
        : (takeJsonObject(traceContext, 'traceContext') as unknown as TraceContext);
    this.#attributeChanged('traceContext');
  }

  /**
   * Moves the run along {@link RUN_TRANSITIONS}. A terminal status sets `endedAt`. The status that
   * already holds is a no-op.
   *
   * @throws {RunError} `invalid_status` for a word that is no status; `invalid_transition`.
   * @fires statusChanged
   */
  updateStatus(status: RunStatus): this {
    if (status !== this.#status) this.#transition(status);
    return this;
  }

  /**
   * Keeps the output and completes the run; fills it in where the run completed without one.
   *
   * @param output - An object that JSON can carry; copied.
   * @returns this run.
   * @throws {RunError} `validation_error` when JSON cannot carry the output; `invalid_transition` when
   * the run has ended otherwise; `invalid_operation` when there is an output.
   * @fires statusChanged, or attributesChanged where it is filled in
   */
  setOutput(output: Accepted<Output>): this {
    const taken = takeJsonObject(output, 'output');
    if (this.#status !== 'completed') {
      this.#transition('completed', { output: taken });
    } else {
      if (this.#output !== null) throw invalidOperation(this, 'has an output already');
      this.#output = taken;
      this.#attributeChanged('output');
    }
    return this;
  }

  /**
   * Keeps what there is of an output so far. The next draft, or the output, replaces it; what stands when
   * the run ends stays.
   *
   * @param output - An object that JSON can carry; copied.
   * @returns this run.
   * @throws {RunError} `validation_error` when JSON cannot carry the output; `invalid_operation` when the
   * run has ended.
   * @fires attributesChanged
   */
  draftOutput(output: Accepted<Output>): this {
    const taken = takeJsonObject(output, 'output');
    if (this.isTerminal) throw invalidOperation(this, 'takes no more drafts');
    this.#output = taken;
    this.#attributeChanged('output');
    return this;
  }

  /**
   * Makes what the function of `execute` returns to park its run: the execution then ends, and the run
   * stays `running` until it has its answer and is executed again. Nothing happens before it is returned.
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
    const wait = this.#wait;
    if (wait === null) throw invalidOperation(this, 'waits for no answer');
    if (wait.answer !== null) throw invalidOperation(this, 'has its answer already');
    const at = Date.now();
    if (wait.expiresAt !== null && at >= wait.expiresAt.ms) {
      throw invalidOperation(this, 'has waited too long');
    }
    this.#wait = { ...wait, answer: { value: answer } };
    if (this.#isHeard('answered')) this.#announce('answered', { run: this, answer, at });
    return this;
  }

  /**
   * Keeps the error and fails the run; fills it in where the run failed without one.
   *
   * @param error - An object that JSON can carry, copied, or an `Error`, kept as
   * `{ name, message, code?, details?, cause? }`.
   * @returns this run.
   * @throws {RunError} `validation_error` when JSON cannot carry the object; `invalid_transition` when
   * the run has ended otherwise; `invalid_operation` when there is an error.
   * @fires statusChanged, or attributesChanged where it is filled in
   */
  setError(error: object, options: ErrorPayloadOptions = {}): this {
    const taken = isError(error) ? errorPayload(error, options) : takeJsonObject(error, 'error');
    if (this.#status !== 'failed') {
      this.#transition('failed', { error: taken, cause: error });
    } else {
      if (this.#error !== null) throw invalidOperation(this, 'has an error already');
      this.#error = taken;
      this.#attributeChanged('error');
    }
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
    if (this.#status === 'cancelled') return this;
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
    if (typeof usd !== 'number' || !(usd >= 0) || !Number.isFinite((this.costUsd ?? 0) + usd)) {
      const message = 'must be a number, finite (with what stands) and not negative';
      throw validationError('cost', [{ path: 'usd', message }]);
    }
    this.#spend(null, usd);
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
    if (this.isTerminal) throw invalidOperation(this, 'takes no more turns');
    this.#turnCount += 1;
    this.#supervisor?.growAncestors({ turns: 1 });
    if (this.#isHeard('turnIncremented')) {
      const turnCount = this.#turnCount;
      this.#announce('turnIncremented', { run: this, turnCount, at: Date.now() });
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
  async execute<Result>(
    fn: (context: ExecutionContext<Run<Input, Output>>) => Result | PromiseLike<Result>,
    options: ExecuteOptions = {},
  ): Promise<Result> {
    const settings = readExecuteOptions(options);
    if (typeof fn !== 'function') {
      throw validationError('execution', [{ path: 'fn', message: 'must be a function' }]);
    }
    if (this.isTerminal) assertTransition(this, 'running');
    return this.#supervise().execute(fn as (context: Context) => Result | PromiseLike<Result>, settings);
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
    if (this.isTerminal) throw invalidOperation(this, 'takes no more children');
    const child = new Run<ChildInput, ChildOutput>({ ...attributes, sessionId: this.#sessionId });
    child.#parentRunId = this.#id;
    child.#rootRunId = this.rootRunId;
    this.#supervise().adopt(child.#supervise());
    if (this.#isHeard('childCreated')) this.#announce('childCreated', { run: this, child, at: Date.now() });
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
    this.#assertGoesOn();
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
    this.#assertGoesOn();
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

  /** The run's record. Payloads are in it by reference. */
  toJSON(): RunJSON {
    const record = writeRecord(this, this.#payloads(), this.#incoming?.unknown ?? null);
    this.#attachKept(record);
    return record;
  }

  /** @internal */
  attachPayloads(record: object): void {
    Object.assign(record, this.#payloads());
    attachUnknown(record, this.#incoming?.unknown ?? null);
    this.#attachKept(record);
  }

  /**
   * Shows the record, and nothing of the emitter, in `console.log` and `util.inspect`. Kept out
   * of the declarations: they need no types of Node.
   *
   * @internal
   */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { name } = this.constructor;
    return depth < 0 ? `[${name}]` : `${name} ${inspect(this.toJSON(), { ...options, depth })}`;
  }

  /** @internal */
  protected listenerFailed(event: string, error: unknown): void {
    if (event !== 'listenerError' && this.hears('listenerError')) {
      this.dispatch('listenerError', { run: this, event, error });
    } else {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** @internal */
  protected override hears(event: string): boolean {
    return super.hears(event) || this.#followers?.hear(event) === true;
  }

  /** @internal */
  protected override delivering(event: string, payload: unknown): void {
    this.#followers?.deliver(event, payload);
  }

  /** What other parts of this package may do. Made anew each time: a run keeps nothing for it. */
  #port(): Port<Run<Input, Output>> {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const run = this;
    return {
      attach: (attachment) => run.#attach(attachment),
      isHeard: (name) => run.#isHeard(name),
      announce: (...[name, event]) => run.#announce(name, event),
      recordUsage: (delta, costUsd) => run.#spend(delta, costUsd),
      keep: (key, write) => void (run.#kept ??= new Map()).set(key, write),
      kept: (key) => run.#keptBefore(key),
      written: (key) => (run.#kept?.has(key) === true ? run.#kept.get(key)?.() : run.#keptBefore(key)),
      endRemotely: ({ status, ...end }) => run.#transition(status, { ...end, remote: true }),
      get keepsMore() {
        return run.#kept !== null;
      },
      get hasMoreKeys() {
        return run.#hasMoreKeys();
      },
      get startedAtText() {
        return run.startedAtText;
      },
      get endedAtText() {
        return run.endedAtText;
      },
    };
  }

  #keptBefore(key: KeptKey): JsonValue | undefined {
    return ownMember(this.#incoming?.unknown ?? EMPTY, key) as JsonValue | undefined;
  }

  #attach(attachment: Attachment<Run<Input, Output>>): () => void {
    return (this.#followers ??= new Followers()).add(attachment);
  }

  #isHeard(name: ChangeName): boolean {
    return super.hears(name) || this.#followers?.want(name) === true;
  }

  /** Tells the attachments, then the listeners. */
  #announce(name: ChangeName, event: unknown): void {
    if (this.#followers === null) this.dispatch(name, event);
    else {
      const told = this.#followers.tell(name, event);
      if (told === null) return;
      if (this.hears(name)) this.dispatch(name, event);
      for (const each of told) if (this.hears(each.name)) this.dispatch(each.name, each.event);
    }
  }

  #hasMoreKeys(): boolean {
    const unknown = this.#incoming?.unknown ?? null;
    const times = [this.#runningAtMs, this.#wait];
    const optional = [this.#parentRunId, this.#rootRunId, this.limits, this.#traceContext, this.#kept];
    const set = [...times, ...optional, unknown];
    return set.some((value) => value !== null);
  }

  #attachKept(record: object): void {
    if (this.#kept === null) return;
    for (const [key, write] of this.#kept) {
      const kept = write();
      if (kept !== null) setMember(record, key, kept);
    }
  }

  /** The scalars are class-transformer's; named here, they stand where a reader looks for them. */
  #payloads(): RecordDraft {
    const { limits } = this;
    const record: RecordDraft = {
      id: undefined,
      session_id: undefined,
      status: undefined,
      input: this.#input,
      output: this.#output,
      error: this.#error,
      metadata: this.#metadata,
      turn_count: undefined,
      token_usage: this.tokenUsage,
      started_at: undefined,
      ended_at: undefined,
      provider: undefined,
      cost_usd: undefined,
      provider_metadata: this.#providerMetadata,
    };
    if (this.#parentRunId !== null) record.parent_run_id = this.#parentRunId;
    if (this.#rootRunId !== null) record.root_run_id = this.#rootRunId;
    if (this.#runningAtMs !== null) record.running_at = this.runningAtText as string;
    if (limits !== null) record.limits = limitsToJSON(limits);
    if (this.#traceContext !== null) record.trace_context = this.#traceContext;
    if (this.#wait !== null) record.awaiting = awaitingToJSON(this.#wait);
    return record;
  }

  #adopt(record: IncomingRecord): void {
    this.#incoming = record;
    this.#status = record.status;
    this.#turnCount = record.turnCount;
    this.#startedAtMs = record.startedAt.ms;
    this.#endedAtMs = record.endedAt?.ms ?? null;
    this.#provider = record.provider;
    this.#cost = record.costUsd === null ? null : new CostSum(record.costUsd);
    this.#parentRunId = record.parentRunId;
    this.#rootRunId = record.rootRunId;
    this.#runningAtMs = record.runningAt?.ms ?? null;
    this.#wait = record.wait;
    this.#input = record.input;
    this.#output = record.output;
    this.#error = record.error;
    this.#metadata = record.metadata;
    this.#providerMetadata = record.providerMetadata;
    this.#counters = record.counters;
    this.#usageSnapshot = null;
    this.#traceContext = record.traceContext;
    if (record.limits !== null) this.#supervise().setLimits(record.limits);
  }

  /** The only writer of the status. */
  #transition(to: RunStatus, change: StatusChange = {}): void {
    const from = this.#status;
    assertTransition(this, to);
    const at = Date.now();
    this.#status = to;
    const { output, error, remote = false } = change;
    // Another process knows of drafts and ends that this one does not: what it says holds, null too.
    this.#output = remote && output !== undefined ? output : (output ?? this.#output);
    this.#error = error ?? this.#error;
    if (to === 'running') this.#runningAtMs = at;
    if (isTerminalStatus(to)) {
      this.#endedAtMs = change.endedAtMs ?? at;
      this.#wait = null;
      this.#steps?.close(this.#error);
    }
    if (this.#isHeard('statusChanged')) this.#announce('statusChanged', { run: this, from, to, at });
    if (isTerminalStatus(to)) this.#supervisor?.runEnded(change);
  }

  #park(parking: Parking): void {
    const at = Date.now();
    this.#wait = parking.begin(at);
    this.#steps?.close(null);
    if (!this.#isHeard('parked')) return;
    this.#announce('parked', { run: this, awaiting: awaitingOf(this.#wait), at });
  }

  /** Takes the answer; null where the run was not parked. */
  #resume(): Resumed | null {
    if (this.#wait === null) return null;
    const { reason, data, state, answer } = this.#wait;
    if (answer === null) throw invalidOperation(this, 'waits for its answer');
    this.#wait = null;
    this.#attributeChanged('awaiting');
    return { reason, data, state, answer: answer.value };
  }

  #attributeChanged(name: RunAttributeName): void {
    if (!this.#isHeard('attributesChanged')) return;
    this.#announce('attributesChanged', { run: this, names: [name], at: Date.now() });
  }

  #spend(delta: JsonObject | null, costUsd: number | null): void {
    const counters = (this.#counters ??= {});
    if (delta !== null) checkSums(counters, delta);
    const tokensBefore = this.#supervisor === null ? 0 : totalTokensOf(counters);
    if (delta !== null) {
      addUsage(counters, delta);
      this.#usageSnapshot = null;
    }
    if (costUsd !== null) (this.#cost ??= new CostSum()).add(costUsd);
    const totalTokens = this.#supervisor === null ? 0 : totalTokensOf(counters) - tokensBefore;
    this.#supervisor?.growAncestors({ tokenUsage: delta, totalTokens, costUsd });
    if (this.#isHeard('usageUpdated')) this.#announceUsage(delta ?? EMPTY);
    this.#supervisor?.holdLimits();
  }

  /** The copy of the counters does not stay with the run: the collector would have to move it twice. */
  #announceUsage(delta: JsonObject): void {
    const tokenUsage = this.#usageSnapshot ?? freezeUsage(this.#counters ?? {});
    this.#announce('usageUpdated', { run: this, delta, tokenUsage, costUsd: this.costUsd, at: Date.now() });
  }

  #assertGoesOn(): void {
    if (this.#wait !== null) throw invalidOperation(this, 'waits for its answer: no step begins');
  }

  #stepsOf(): Steps<Run<Input, Output>> {
    return (this.#steps ??= new Steps(this.#stepHost()));
  }

  #stepHost(): StepHost<Run<Input, Output>> {
    return {
      run: this,
      signal: () => this.#supervisor?.signal ?? null,
      isHeard: (name) => this.#isHeard(name),
      announce: (...[name, event]) => this.#announce(name, event),
      surroundStep: (index, fn) =>
        this.#followers === null ? fn() : this.#followers.surroundStep(index, fn),
    };
  }

  #supervise(): Supervisor {
    return (this.#supervisor ??= new Supervisor(this.#control()));
  }

  #control(): RunControl {
    return {
      run: this,
      followers: () => this.#followers,
      changeStatus: (to, change) => this.#transition(to, change),
      park: (wait) => this.#park(wait),
      resume: () => this.#resume(),
      isChild: () => this.#parentRunId !== null,
      cancel: (reason) => this.cancel(reason),
      limitsChanged: () => this.#attributeChanged('limits'),
      limitApproaching: (use) => {
        if (!this.#isHeard('limitApproaching')) return;
        this.#announce('limitApproaching', { run: this, ...use, at: Date.now() });
      },
    };
  }
}
