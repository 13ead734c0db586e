// Declarations name Symbol.asyncDispose, which a project of its own settings need not know.
/// <reference lib="esnext.disposable" preserve="true" />
import { isDeepStrictEqual } from 'node:util';
import type { ExecuteOptions } from '../execution/options';
import type { RunAttributes } from '../record/attributes';
import { announce, isHeard, IsolatedEmitter } from '../record/emitter';
import { RunError } from '../record/error';
import type { JsonObject } from '../record/json';
import type { AnyRun, ExecutionContext } from '../run';
import { Run } from '../run';
import type { TrackOptions } from '../store/options';
import type { RunRecorder } from '../store/recorder';
import type { RunStore } from '../store/store';
import { takeIn } from '../store/take-in';
import type { UsageMeter } from '../usage/meter';
import { setMeterOptions } from '../usage/run-options';
import { executeOptions, withDefaults } from './defaults';
import { Drain } from './drain';
import type { RunManagerEvents, StoreErrorEvent } from './events';
import { LiveRuns } from './live-runs';
import type { RunKeeper } from './managed-run';
import { isRefusal, ManagedRun } from './managed-run';
import { meterOf } from './meter';
import type { DrainOptions, DrainSettings, RunManagerOptions } from './options';
import { checkManagerOptions, readDrainOptions } from './options';
import { StoreSweeps } from './store-sweeps';

const RECOVER_EVERY_MS = 30_000;

const settled = Promise.resolve();

type Record = (store: RunStore, run: AnyRun, options: TrackOptions) => RunRecorder;

const track: Record = (store, run, options) => store.track(run, options);

/** What a function that a manager executes is handed. */
export interface ManagedContext<Subject = AnyRun> extends ExecutionContext<Subject> {
  /** The run's usage meter, made when it is asked for. */
  readonly meter: UsageMeter;
}

/** A function that a manager executes. */
export type ManagedFunction<Subject, Result> = (
  context: ManagedContext<Subject>,
) => Result | PromiseLike<Result>;

/**
 * All the runs of a service in one place: each that it makes is recorded, observed and metered, its
 * children too, and every event of every one of them is heard here.
 *
 * @example
 * ```ts
 * const runs = new RunManager({ store, telemetry, meter: { provider: 'openai' } });
 * runs.on('statusChanged', ({ to }) => metrics.count(`runs.${to}`));
 * const output = await runs.execute({ sessionId, input }, async ({ meter, signal }) => answer(meter, signal));
 * process.once('SIGTERM', () => void runs.drain());
 * ```
 */
export class RunManager extends IsolatedEmitter<RunManagerEvents> {
  readonly #options: RunManagerOptions;
  readonly #live = new LiveRuns();
  /** Those which have ended, until that is stored. */
  readonly #ending = new Map<string, ManagedRun>();
  readonly #keeper: RunKeeper;
  readonly #track: TrackOptions;
  readonly #drain = new Drain(this.#live);
  readonly #sweeps: StoreSweeps | null;
  #drained: Promise<void> | null = null;

  /**
   * Makes a manager. With a store, what dead processes have left is looked for from here on.
   *
   * @throws {RunError} `validation_error` for bad options.
   */
  constructor(options: RunManagerOptions = {}) {
    super();
    checkManagerOptions(options);
    this.#options = options;
    this.#keeper = this.#makeKeeper();
    this.#track = this.#trackOptions();
    this.#sweeps = options.store === undefined ? null : this.#startSweeps(options.store);
  }

  /** The live runs of this process, roots and children. */
  get active(): Iterable<AnyRun> {
    const live = this.#live;
    return {
      *[Symbol.iterator]() {
        for (const { run } of live) yield run;
      },
    };
  }

  /** How many runs are live. */
  get size(): number {
    return this.#live.size;
  }

  /**
   * Makes a pending run that is recorded, observed and metered, and whose children will be.
   *
   * @throws {RunError} `validation_error`; `invalid_operation` once the manager drains.
   * @fires runCreated
   */
  create<Input extends object = JsonObject, Output extends object = JsonObject>(
    attributes: RunAttributes<Input>,
  ): Run<Input, Output> {
    this.#assertOpen();
    const run = new Run<Input, Output>(withDefaults(attributes, this.#options.defaults));
    const managed = this.#manage(run);
    this.#live.waits(managed);
    managed.isUnannounced = true;
    this.#count(managed);
    return run;
  }

  /**
   * Makes a run, or takes one that is pending, and executes it as `run.execute` does. With a store, the
   * function is called only when that has taken the run in: under a new id, admitted by its session, with
   * a lease; and the promise settles once the end is stored, as far as the database takes it. What is
   * refused is not stored, and no event tells of it.
   *
   * @param target - The attributes of a run, or a run. An id that the store has already stands for that
   * run where it is pending with the same session and input.
   * @returns what the function returned.
   * @throws {RunError} as `run.execute`; `already_exists`, `details.status` says how the run stands that
   * has the id; `conflict` where another process took the run first, ended it meanwhile, or has the id
   * with another session or input; `session_busy`; `invalid_operation` once the manager drains.
   * @fires runCreated
   */
  async execute<Input extends object, Output extends object, Result>(
    target: RunAttributes<Input> | Run<Input, Output>,
    fn: ManagedFunction<Run<Input, Output>, Result>,
    options?: ExecuteOptions,
  ): Promise<Result> {
    this.#assertOpen();
    const managed = target instanceof Run ? this.#manage(target, takeIn) : this.#intended(target);
    const intended = managed instanceof Promise ? await managed : managed;
    return this.#execute(intended, fn as ManagedFunction<AnyRun, Result>, options);
  }

  /**
   * Executes a stored run that was answered or left pending, under a lease: of many processes that try,
   * one does.
   *
   * @returns what the function returned.
   * @throws {RunError} as `run.execute`; `run_not_found`; `conflict` or `lease_lost` for who comes
   * second; `invalid_operation` where the run waits for its answer, or once the manager drains.
   */
  async resume<Result>(
    id: string,
    fn: ManagedFunction<Run, Result>,
    options?: ExecuteOptions,
  ): Promise<Result> {
    this.#assertOpen();
    const run = this.#live.get(id)?.run ?? (await this.#options.store?.get(id)) ?? null;
    if (run === null) throw notFound(id);
    this.#assertOpen();
    return this.#execute(this.#manage(run, takeIn), fn as ManagedFunction<AnyRun, Result>, options);
  }

  /** The live run of this process where there is one, else the store's; null for none. */
  async get(id: string): Promise<AnyRun | null> {
    return this.#known(id)?.run ?? (await this.#options.store?.get(id)) ?? null;
  }

  /**
   * Cancels a run, whoever executes it.
   *
   * @param reason - Why; the message of the run's error.
   * @returns the run, once its end is stored.
   * @throws {RunError} `run_not_found`; `invalid_transition` when it has ended.
   */
  async cancel(id: string, reason?: string | Error): Promise<AnyRun> {
    const { store } = this.#options;
    const live = this.#known(id);
    if (live !== undefined) {
      live.run.cancel(reason);
      const error = await live.stored();
      if (error === null) return live.run;
      if (!isRefusal(error)) throw error;
    }
    if (store === undefined) throw notFound(id);
    return store.cancel(id, reason);
  }

  /**
   * Comes to the end: refuses new runs, gives those that run the time to end, cancels the rest, and stores
   * everything. Runs that wait for a person, or for somebody to execute them, stay as they are. A second
   * call waits for the first. The store is left to you: close it then.
   *
   * @throws {RunError} `validation_error` for bad options.
   */
  async drain(options?: DrainOptions): Promise<void> {
    const settings = readDrainOptions(options);
    return (this.#drained ??= this.#drainWithin(settings));
  }

  /** {@link drain} without a grace. */
  async close(): Promise<void> {
    return this.drain({ graceMs: 0 });
  }

  /** As {@link close}: `await using runs = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #execute<Result>(
    managed: ManagedRun,
    fn: ManagedFunction<AnyRun, Result>,
    options: ExecuteOptions | undefined,
  ): Promise<Result> {
    managed.hold();
    try {
      const settings = executeOptions(options, this.#options.defaults);
      const result = await managed.run.execute((context) => fn(withMeter(context)), settings);
      const error = await managed.stored();
      if (error !== null && isRefusal(error)) throw error;
      return result;
    } catch (error) {
      await managed.stored();
      throw managed.refusal === null ? error : await this.#explained(managed.refusal, managed.id);
    } finally {
      managed.release();
    }
  }

  /** The run that attributes stand for: a new one, or a pending one that has the id. */
  #intended(attributes: RunAttributes<object>): ManagedRun | Promise<ManagedRun> {
    const run = new Run(withDefaults(attributes, this.#options.defaults));
    if ((attributes.id ?? null) === null) return this.#begin(run);
    const live = this.#known(run.id);
    if (live !== undefined) return this.#manage(sameIntent(live.run, run), takeIn);
    return this.#options.store === undefined ? this.#begin(run) : this.#stored(run, this.#options.store);
  }

  async #stored(run: AnyRun, store: RunStore): Promise<ManagedRun> {
    const stored = await store.get(run.id);
    this.#assertOpen();
    return stored === null ? this.#begin(run) : this.#manage(sameIntent(stored, run), takeIn);
  }

  #begin(run: AnyRun): ManagedRun {
    const managed = this.#manage(run, takeIn);
    managed.isUnannounced = true;
    if (this.#options.store === undefined) this.#count(managed);
    return managed;
  }

  /** @param record - How the store is to have the run, where it has none yet. */
  #manage(run: AnyRun, record: Record = track): ManagedRun {
    const known = ManagedRun.find(run, this.#keeper);
    if (known !== undefined) return known;
    const { store, meter } = this.#options;
    const managed = new ManagedRun(run, this.#keeper);
    if (meter !== undefined) setMeterOptions(run, meter);
    if (store !== undefined && !run.isTerminal) managed.recordedBy(record(store, run, this.#track));
    return managed;
  }

  #known(id: string): ManagedRun | undefined {
    return this.#live.get(id) ?? this.#ending.get(id);
  }

  /** From here on the run is one of the manager's, for everybody to hear of. */
  #count(managed: ManagedRun): void {
    const { run } = managed;
    this.#options.telemetry?.observe(run);
    if (!managed.isUnannounced) return;
    managed.isUnannounced = false;
    if (isHeard(this, 'runCreated')) announce(this, 'runCreated', { run, at: run.startedAt.getTime() });
  }

  /** What a store has said no with, and how the run stands there. */
  async #explained(refusal: RunError, id: string): Promise<RunError> {
    if (refusal.details['status'] !== undefined) return refusal;
    const stored = await this.#options.store?.get(id).catch(() => null);
    const { code, message, details, retryable } = refusal;
    const status = stored?.status;
    return new RunError(code, message, {
      details: { ...details, ...(status === undefined ? {} : { status }) },
      cause: refusal,
      retryable,
    });
  }

  async #drainWithin(settings: DrainSettings): Promise<void> {
    await Promise.all([this.#drain.within(settings), this.#sweeps?.stop()]);
    const left = new Set([...this.#live, ...this.#ending.values()]);
    await Promise.all([...left].map((managed) => managed.stored()));
  }

  #makeKeeper(): RunKeeper {
    const live = this.#live;
    return {
      hears: (event) => isHeard(this, event),
      tell: (event, payload) => {
        if (isHeard(this, event)) announce(this, event, payload);
      },
      started: (managed) => {
        live.started(managed);
      },
      entered: (managed) => {
        live.started(managed);
        this.#drain.entered(managed);
      },
      left: (managed) => {
        this.#drain.left(managed);
      },
      parked: (managed) => {
        // Another process may go on with it: what stands in the store counts from here on.
        if (this.#options.store === undefined) live.waits(managed);
        else live.remove(managed.id);
        this.#drain.changed();
      },
      ended: (managed) => {
        this.#ended(managed);
      },
      childCreated: (child) => {
        const managed = this.#manage(child);
        live.waits(managed);
        managed.isUnannounced = true;
        this.#count(managed);
      },
      counted: (managed) => {
        this.#count(managed);
      },
    };
  }

  #ended(managed: ManagedRun): void {
    this.#live.remove(managed.id);
    this.#drain.changed();
    if (this.#options.store === undefined) return;
    this.#ending.set(managed.id, managed);
    // The recorder is told of the end after the manager.
    void settled.then(() => managed.stored()).then(() => this.#ending.delete(managed.id));
  }

  #startSweeps(store: RunStore): StoreSweeps {
    const { recoverEveryMs = RECOVER_EVERY_MS, retention, telemetry } = this.#options;
    return new StoreSweeps(
      store,
      { recoverEveryMs, retention },
      {
        recovered: (run) => {
          telemetry?.observe(run);
          if (isHeard(this, 'runRecovered')) announce(this, 'runRecovered', { run });
        },
        failed: (error) => {
          this.#storeError({ run: null, error, willRetry: true });
        },
      },
    );
  }

  #storeError(event: StoreErrorEvent): void {
    if (isHeard(this, 'storeError')) announce(this, 'storeError', event);
    else if (!event.willRetry && !isRefusal(event.error)) process.emitWarning(event.error);
  }

  #trackOptions(): TrackOptions {
    const { track } = this.#options;
    return {
      ...track,
      onError: (event) => {
        track?.onError?.(event);
        this.#storeError(event);
      },
    };
  }

  #assertOpen(): void {
    if (this.#drained !== null) {
      throw new RunError('invalid_operation', 'The manager takes no more runs: it drains');
    }
  }
}

/** The stored run, where it is pending and was meant to be the same. */
function sameIntent(known: AnyRun, { id, sessionId, input }: AnyRun): AnyRun {
  const { status } = known;
  if (known.sessionId !== sessionId || !isDeepStrictEqual(known.input, input)) {
    throw new RunError('conflict', `Run ${id} is there already, with another session or input`, {
      details: { runId: id, status },
    });
  }
  if (status !== 'pending') {
    throw new RunError('already_exists', `Run ${id} is there already: it is "${status}"`, {
      details: { runId: id, status },
    });
  }
  return known;
}

function withMeter(context: ExecutionContext): ManagedContext {
  return Object.defineProperty({ ...context }, 'meter', {
    get: () => meterOf(context.run),
    enumerable: true,
    configurable: true,
  }) as ManagedContext;
}

function notFound(id: string): RunError {
  return new RunError('run_not_found', `There is no run ${id}`, { details: { runId: id } });
}
