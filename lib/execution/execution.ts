import { setMaxListeners } from 'node:events';
import type { ValidationIssue } from '../record/error';
import { RunError, validationError } from '../record/error';
import { messageOf } from '../record/error-payload';
import type { JsonObject, JsonValue } from '../record/json';
import { copyJson, isJsonObject } from '../record/json';
import type { Resumed } from '../record/awaiting';
import { invalidOperation } from '../record/refusal';
import type { RunView } from '../record/run-view';
import type { RunState } from '../record/run-state';
import { isAborted, onAbort, reasonOf } from './abort-listeners';
import { runWith } from './current-run';
import { startDeadline } from './deadline';
import type { ExecuteSettings, ExecutionContext } from './options';
import { isParkingOf, Parking } from './parking';

/** What an execution needs of its run's supervisor. */
export interface ExecutionHost {
  readonly run: object;
  readonly state: RunState;
  begin(): void;
  enter<Outcome>(fn: () => Outcome): Outcome;
  complete(output: JsonObject | null): void;
  fail(error: unknown): void;
  stop(status: 'cancelled' | 'timeout', error: RunError): void;
  assertParkable(): void;
  park(parking: Parking): void;
  release(): void;
}

/**
 * One call of `execute`: calls the function, ends the run once, settles the promise once.
 *
 * ```text
 * started ── the function returns or throws ──────────────────────────► settled
 *    │                                                                     ▲
 *    └─ deadline, signal, limit, cancel ─► interrupted ── it answers ──────┤
 *                                               └── graceMs pass ──────────┘ abandoned
 * ```
 */
export class Execution<Result> {
  readonly promise: Promise<Result>;
  readonly #supervisor: ExecutionHost;
  readonly #settings: ExecuteSettings;
  readonly #controller = new AbortController();
  #resolve!: (result: Result) => void;
  #reject!: (error: unknown) => void;
  #state: 'started' | 'interrupted' | 'ending' | 'settled' = 'started';
  /** Whether the function itself completed the run. */
  #completedInside = false;
  #interruption: RunError | null = null;
  #stopDeadline: () => void = () => undefined;
  stopListening: () => void = () => undefined;
  #stopGrace: () => void = () => undefined;

  constructor(supervisor: ExecutionHost, settings: ExecuteSettings) {
    this.#supervisor = supervisor;
    this.#settings = settings;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The signal is handed to every call of the agent's; Node would warn from the eleventh listener on.
    setMaxListeners(0, this.#controller.signal);
  }

  /** Aborts when the run is to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Listens to the caller's signal.
   *
   * @throws {RunError} `validation_error` for one that cannot be listened to; nothing has changed then.
   */
  listen(): void {
    const { signal } = this.#settings;
    if (signal === null || this.#isCallerAborted()) return;
    try {
      this.stopListening = onAbort(signal, this.#onCallerAbort);
    } catch (error) {
      const issue = { path: 'signal', message: 'cannot be listened to' };
      throw validationError('options of execute', [issue], error);
    }
  }

  /** Keeps the promise from being an unhandled rejection where nobody awaits it. */
  forgive(): void {
    this.promise.catch(() => undefined);
  }

  /** Calls the function, unless the run has been ended before it could start. */
  start(
    fn: (context: ExecutionContext<object>) => Result | PromiseLike<Result>,
    resumed: Resumed | null,
  ): void {
    const { run, state } = this.#supervisor;
    const { timeoutMs } = this.#settings;
    if (this.#isCallerAborted()) this.#onCallerAbort();
    else this.#supervisor.begin();
    if (state.isTerminal) {
      this.#settle(() => this.#reject(this.#interruption ?? endedError(state)));
      return;
    }
    this.#stopDeadline = startDeadline(timeoutMs, this.#onDeadline);
    const context = { run, signal: this.#controller.signal, resumed };
    const called = new Promise<Result>((resolve) => {
      resolve(runWith(run, () => this.#supervisor.enter(() => fn(context))));
    });
    called.then(this.#onReturn, this.#onThrow);
  }

  /**
   * The run has ended.
   *
   * @param cause - What ended it, where that is known.
   * @param remote - Whether another process ended it.
   */
  runEnded(cause: unknown, remote: boolean): void {
    if (this.#state !== 'started') return;
    const { state } = this.#supervisor;
    if (state.status !== 'completed' || remote) {
      this.#interrupt(this.#interruption ?? endedError(state, cause));
      return;
    }
    this.#completedInside = true;
    // A listener that heard of the end may have aborted it.
    if (this.#isCallerAborted()) this.#onCallerAbort();
  }

  readonly #onCallerAbort = (): void => {
    const reason = reasonOf(this.#settings.signal as AbortSignal);
    this.#stop('cancelled', new RunError('cancelled', messageOf(reason), { cause: reason }));
  };

  #isCallerAborted(): boolean {
    const { signal } = this.#settings;
    // Stryker disable next-line ConditionalExpression: only faster; isAborted would catch an exception.
    return signal !== null && isAborted(signal);
  }

  readonly #onDeadline = (): void => {
    const { timeoutMs } = this.#settings;
    this.#stop(
      'timeout',
      new RunError('timeout', `Run ${this.#supervisor.state.id} took longer than ${timeoutMs} ms`, {
        details: { timeoutMs },
      }),
    );
  };

  /**
   * Ends the run; only the function, where that has completed the run and still goes on. Where listeners
   * are just being told of another end, that end holds.
   */
  #stop(status: 'cancelled' | 'timeout', error: RunError): void {
    if (this.#state !== 'started') return;
    if (this.#completedInside) {
      this.#interrupt(error);
    } else if (!this.#supervisor.state.isTerminal) {
      this.#interruption = error;
      this.#supervisor.stop(status, error);
    }
  }

  #interrupt(error: RunError): void {
    this.#state = 'interrupted';
    this.#interruption = error;
    this.#stopDeadline();
    this.#stopGrace = startDeadline(this.#settings.graceMs, () => this.#abandon(error));
    this.#controller.abort(error);
  }

  /** Settles without the function, which has not answered its signal. */
  #abandon({ code, message, details, cause }: RunError): void {
    const abandoned = { ...details, abandoned: true };
    this.#settle(() => this.#reject(new RunError(code, message, { details: abandoned, cause })));
  }

  readonly #onReturn = (result: Result): void => {
    if (this.#state === 'settled') return;
    if (this.#completedInside) this.#settle(() => this.#resolve(result));
    else if (this.#state === 'interrupted') this.#settle(() => this.#reject(this.#interruption));
    else if (result instanceof Parking) this.#park(result);
    else this.#complete(result);
  };

  readonly #onThrow = (error: unknown): void => {
    if (this.#state === 'settled') return;
    if (this.#state === 'interrupted' && !this.#completedInside) {
      this.#settle(() => this.#reject(this.#interruption));
      return;
    }
    this.#end(() => this.#supervisor.fail(error));
    this.#settle(() => this.#reject(error));
  };

  /** Parks the run, which stays running: the execution is over, and its deadline with it. */
  #park(parking: Parking & Result): void {
    try {
      this.#supervisor.assertParkable();
      if (!isParkingOf(parking, this.#supervisor.run)) {
        throw invalidOperation(this.#supervisor.state, 'was handed the parking of another run');
      }
    } catch (error) {
      this.#onThrow(error);
      return;
    }
    // What follows the run is told that the execution is over first: a lease is given up with it.
    this.#settle(() => {
      this.#supervisor.park(parking);
      this.#resolve(parking);
    });
  }

  #complete(result: Result): void {
    const issues: ValidationIssue[] = [];
    const output = outputOf(result, issues);
    if (this.#supervisor.state.isTerminal) {
      // The run ended while its result was read: a `toJSON` is the user's code.
      this.#onReturn(result);
      return;
    }
    if (issues.length > 0) {
      const error = validationError('output', issues, result);
      this.#end(() => this.#supervisor.fail(error));
      this.#settle(() => this.#reject(error));
      return;
    }
    this.#end(() => this.#supervisor.complete(output));
    this.#settle(() => this.#resolve(result));
  }

  /** Ends the run from here. The run then reports its end, which is no news here. */
  #end(endRun: () => void): void {
    this.#state = 'ending';
    endRun();
  }

  #settle(settlePromise: () => void): void {
    this.#state = 'settled';
    this.#stopDeadline();
    this.#stopGrace();
    this.stopListening();
    this.#supervisor.release();
    settlePromise();
  }
}

/** What the function's result is in the record. */
function outputOf(result: unknown, issues: ValidationIssue[]): JsonObject | null {
  if (result === undefined || result === null) return null;
  const copy = copyJson(result, 'output', issues) as JsonValue;
  return isJsonObject(copy) ? copy : { value: copy };
}

/** The error of a run that was ended by somebody else. */
function endedError(run: RunView, cause?: unknown): RunError {
  const { code, message, details } = (run.error ?? {}) as Partial<Record<string, unknown>>;
  return new RunError(
    typeof code === 'string' ? code : 'invalid_operation',
    typeof message === 'string' ? message : `Run ${run.id} was ended as "${run.status}"`,
    { details: isJsonObject(details) ? details : undefined, cause },
  );
}
