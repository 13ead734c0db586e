import { isTerminalStatus } from '../record/status';
import type { AnyRun } from '../run';
import { Run } from '../run';
import { UsageMeter } from '../usage/meter';
import type { RecordOptions } from '../usage/options';
import { endOf } from './end-of-run';
import type { CallLog } from './model-call';
import { ModelCall } from './model-call';
import type { FrameworkOptions } from './options';

/**
 * Records a framework's calls in the current run. Only {@link RunLink.beginCall} throws; other errors go to
 * `onError`.
 */
export class RunLink implements CallLog {
  readonly #options: FrameworkOptions;
  readonly #meters = new WeakMap<AnyRun, UsageMeter>();
  /** The response ids that a run has seen: some servers give the same one to every call. */
  readonly #responseIds = new WeakMap<AnyRun, Set<string>>();

  constructor(options: FrameworkOptions) {
    this.#options = options;
  }

  /** The run to record in: the given one, else the one that this code is executed in; undefined for none. */
  get run(): AnyRun | undefined {
    return this.#options.run ?? Run.current();
  }

  /**
   * A model is about to be called: counts a turn. Once the run has completed, calls pass and are not
   * counted as turns.
   *
   * @param model - Its name, where the response names none.
   * @throws {RunError} `limit_exceeded` where nothing is left of a limit; how the run ended, where it has
   * ended otherwise than completed.
   */
  beginCall(run: AnyRun, model: string | null | undefined): ModelCall {
    if (!run.isTerminal) {
      run.checkLimits();
      this.safely(() => run.incrementTurn());
    }
    if (isTerminalStatus(run.status) && run.status !== 'completed') throw endOf(run);
    return new ModelCall(this, run, model ?? null);
  }

  /** Counts what a payload reports, or one request without a price where it cannot be read. */
  record(run: AnyRun, payload: object, options: RecordOptions): void {
    try {
      this.meterOf(run).record(payload, options);
    } catch (error) {
      this.failed(error);
      this.safely(() => run.updateTokenUsage({ requests: 1, unpriced_requests: 1 }));
    }
  }

  /** The meter that counts for the run: with the options that were given here, or else the run's own. */
  meterOf(run: AnyRun): UsageMeter {
    let meter = this.#meters.get(run);
    if (meter === undefined) {
      meter = this.#makeMeter(run);
      this.#meters.set(run, meter);
    }
    return meter;
  }

  /** Calls the function; what it throws goes to `onError`. */
  safely<Result>(fn: () => Result): Result | undefined {
    try {
      return fn();
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  /** Calls `onError`. What that throws surfaces as an uncaught exception. */
  failed(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown;
      });
    }
  }

  /** The id under which a response is counted; null for none, and where the server has given the same one before. */
  requestIdOf(run: AnyRun, responseId: unknown): string | null {
    if (typeof responseId !== 'string' || responseId === '') return null;
    let seen = this.#responseIds.get(run);
    if (seen === undefined) this.#responseIds.set(run, (seen = new Set()));
    if (seen.has(responseId)) return null;
    seen.add(responseId);
    return responseId;
  }

  #makeMeter(run: AnyRun): UsageMeter {
    const { provider, model, prices, onWarning } = this.#options;
    const options = Object.entries({ provider, model, prices, onWarning });
    const given = options.filter(([, value]) => value !== undefined && value !== null);
    return given.length === 0 ? UsageMeter.of(run) : new UsageMeter(run, Object.fromEntries(given));
  }
}
