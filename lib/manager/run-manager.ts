// Declarations name Symbol.asyncDispose, which a project of its own settings need not know.
/// <reference lib="esnext.disposable" preserve="true" />
import type { ExecuteOptions } from '../execution/options';
import type { RunAttributes } from '../record/attributes';
import { announce, isHeard, IsolatedEmitter } from '../record/emitter';
import { RunError } from '../record/error';
import type { JsonObject } from '../record/json';
import type { AnyRun } from '../run';
import { Run } from '../run';
import type { RunStore } from '../store/store';
import { takeIn } from '../store/take-in';
import { executeOptions, withDefaults } from './defaults';
import type { RunManagerEvents } from './events';
import type { ManagedFunction } from './managed-context';
import { withMeter } from './managed-context';
import type { ManagedRun } from './managed-run';
import { ManagedRuns } from './managed-runs';
import type { DrainOptions, DrainSettings, RunManagerOptions } from './options';
import { checkManagerOptions, readDrainOptions } from './options';
import { explained, isRefusal, notFound } from './refusals';
import { sameIntent } from './same-intent';
import { StoreSweeps } from './store-sweeps';

const RECOVER_EVERY_MS = 30_000;

/**
 * All the runs of a service in one place. Each run that it makes is recorded, observed and metered, its
 * children too, and all events of all of them are emitted here.
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
  readonly #runs: ManagedRuns;
  readonly #sweeps: StoreSweeps | null;
  #drained: Promise<void> | null = null;

  /**
   * Makes a manager. With a store, it ends what dead processes have left, now and from time to time.
   *
   * @throws {RunError} `validation_error` for bad options.
   */
  constructor(options: RunManagerOptions = {}) {
    super();
    checkManagerOptions(options);
    this.#options = options;
    this.#runs = new ManagedRuns(this, options);
    this.#sweeps = options.store === undefined ? null : this.#startSweeps(options.store);
  }

  /** The live runs of this process, roots and children. */
  get active(): Iterable<AnyRun> {
    const { live } = this.#runs;
    return {
      *[Symbol.iterator]() {
        for (const { run } of live) yield run;
      },
    };
  }

  /** How many runs are live. */
  get size(): number {
    return this.#runs.live.size;
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
    this.#runs.add(run);
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
   * @throws {RunError} as `run.execute`; `already_exists`, where `details.status` is that of the run that
   * has the id; `conflict` where another process took the run first, ended it meanwhile, or has the id with
   * another session or input; `session_busy`; `invalid_operation` once the manager drains.
   * @fires runCreated
   */
  async execute<Input extends object, Output extends object, Result>(
    target: RunAttributes<Input> | Run<Input, Output>,
    fn: ManagedFunction<Run<Input, Output>, Result>,
    options?: ExecuteOptions,
  ): Promise<Result> {
    this.#assertOpen();
    const managed = target instanceof Run ? this.#runs.manage(target, takeIn) : this.#intended(target);
    const intended = managed instanceof Promise ? await managed : managed;
    return this.#execute(intended, fn as ManagedFunction<AnyRun, Result>, options);
  }

  /**
   * Executes a stored run that was answered or left pending, under a lease: of many processes that try, one
   * succeeds.
   *
   * @returns what the function returned.
   * @throws {RunError} as `run.execute`; `run_not_found`; `conflict` or `lease_lost` for whoever comes
   * second; `invalid_operation` where the run waits for its answer, or once the manager drains.
   */
  async resume<Result>(
    id: string,
    fn: ManagedFunction<Run, Result>,
    options?: ExecuteOptions,
  ): Promise<Result> {
    this.#assertOpen();
    const run = this.#runs.live.get(id)?.run ?? (await this.#options.store?.get(id)) ?? null;
    if (run === null) throw notFound(id);
    this.#assertOpen();
    return this.#execute(this.#runs.manage(run, takeIn), fn as ManagedFunction<AnyRun, Result>, options);
  }

  /** The live run of this process where there is one, else the store's; null for none. */
  async get(id: string): Promise<AnyRun | null> {
    return this.#runs.known(id)?.run ?? (await this.#options.store?.get(id)) ?? null;
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
    const live = this.#runs.known(id);
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
      const { refusal, id } = managed;
      throw refusal === null ? error : await explained(refusal, id, this.#options.store);
    } finally {
      managed.release();
    }
  }

  /** The run that is meant by attributes: a new one, or the pending one that has the id. */
  #intended(attributes: RunAttributes<object>): ManagedRun | Promise<ManagedRun> {
    const run = new Run(withDefaults(attributes, this.#options.defaults));
    if ((attributes.id ?? null) === null) return this.#begin(run);
    const live = this.#runs.known(run.id);
    if (live !== undefined) return this.#runs.manage(sameIntent(live.run, run), takeIn);
    return this.#options.store === undefined ? this.#begin(run) : this.#stored(run, this.#options.store);
  }

  async #stored(run: AnyRun, store: RunStore): Promise<ManagedRun> {
    const stored = await store.get(run.id);
    this.#assertOpen();
    return stored === null ? this.#begin(run) : this.#runs.manage(sameIntent(stored, run), takeIn);
  }

  #begin(run: AnyRun): ManagedRun {
    const managed = this.#runs.manage(run, takeIn);
    managed.isUnannounced = true;
    if (this.#options.store === undefined) this.#runs.counted(managed);
    return managed;
  }

  async #drainWithin(settings: DrainSettings): Promise<void> {
    await Promise.all([this.#runs.drain(settings), this.#sweeps?.stop()]);
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
          this.#runs.storeFailed({ run: null, error, willRetry: true });
        },
      },
    );
  }

  #assertOpen(): void {
    if (this.#drained !== null) {
      throw new RunError('invalid_operation', 'The manager takes no more runs: it drains');
    }
  }
}
