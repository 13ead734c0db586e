import { errorPayload } from '../record/error-payload';
import type { RunError } from '../record/error';
import type { LimitApproachingEvent } from '../record/events';
import type { JsonObject } from '../record/json';
import { takeJsonObject } from '../record/json';
import { invalidOperation } from '../record/refusal';
import type { Followers } from '../record/followers';
import type { Resumed } from '../record/awaiting';
import type { RunView } from '../record/run-view';
import type { RunStatus } from '../record/status';
import type { Parking } from './parking';
import type { Growth, RunTotals } from './budget';
import { Budget } from './budget';
import { Execution } from './execution';
import type { RunLimits } from '../record/limits';
import type { ExecuteSettings, ExecutionContext } from './options';

/** What comes with a change of status. */
export interface StatusChange {
  readonly output?: JsonObject | null;
  readonly error?: JsonObject | null;
  /** Milliseconds since the epoch. @default now */
  readonly endedAtMs?: number;
  /** What ended the run, for the one who executes it. */
  readonly cause?: unknown;
  /** Whether another process ended it. */
  readonly remote?: boolean;
}

/** What a supervisor may do to its run. */
export interface RunControl {
  readonly run: RunView;
  /** What follows the run; null for nothing. */
  followers(): Followers | null;
  changeStatus(to: RunStatus, change?: StatusChange): void;
  park(parking: Parking): void;
  /** What a parked run was answered; null where it was not parked; throws where it has no answer. */
  resume(): Resumed | null;
  isChild(): boolean;
  cancel(reason: string): void;
  limitsChanged(): void;
  limitApproaching(use: Omit<LimitApproachingEvent<unknown>, 'run' | 'at'>): void;
}

/**
 * What stands over a run while it lasts: its parent, its children, its limits, its execution. A run
 * that has none of them has no supervisor.
 */
export class Supervisor {
  readonly #control: RunControl;
  #parent: Supervisor | null = null;
  readonly #budget = new Budget();
  readonly #children = new Set<Supervisor>();
  #execution: Execution<unknown> | null = null;

  constructor(control: RunControl) {
    this.#control = control;
  }

  get run(): RunView {
    return this.#control.run;
  }

  /** The signal of the execution; null outside of one. */
  get signal(): AbortSignal | null {
    return this.#execution?.signal ?? null;
  }

  get limits(): RunLimits | null {
    return this.#budget.limits;
  }

  get totals(): RunTotals {
    return this.#budget.totals(this.run);
  }

  /** Takes over the limits of a new run, or of a record: what is near already is no news. */
  setLimits(limits: RunLimits): void {
    this.#budget.limits = limits;
    this.#budget.newlyApproaching(this.run);
  }

  /** Adds what the run used to the totals of its ancestors. */
  growAncestors(growth: Growth): void {
    this.#parent?.grow(growth);
  }

  /** Says which limits come near and ends the run that is past one, from here to the root. */
  holdLimits(): void {
    if (!this.run.isTerminal) this.#announceLimits();
    const error = this.run.isTerminal ? null : this.#budget.exceeded(this.run);
    if (error !== null) {
      const { code, message, details } = error;
      const payload = takeJsonObject({ code, message, details }, 'error');
      this.#control.changeStatus('failed', { error: payload });
    }
    this.#parent?.holdLimits();
  }

  /** The error of a run that has nothing left for a next step, here or in an ancestor. */
  exhausted(asAncestor = false): RunError | null {
    return this.#budget.exhausted(this.run, asAncestor) ?? this.#parent?.exhausted(true) ?? null;
  }

  /**
   * Executes the run.
   *
   * @throws {RunError} `invalid_operation` where it is being executed.
   */
  execute<Result>(
    fn: (context: ExecutionContext) => Result | PromiseLike<Result>,
    settings: ExecuteSettings,
  ): Promise<Result> {
    if (this.#execution !== null) throw invalidOperation(this.run, 'is being executed');
    const resumed = this.#control.resume();
    const execution = new Execution<Result>(this, settings, resumed);
    this.#execution = execution as Execution<unknown>;
    if (settings.limits !== null) this.#mergeLimits(settings.limits);
    execution.start(fn);
    return execution.promise;
  }

  /** Stops what still goes on in a run that has ended. */
  runEnded({ cause, remote = false }: StatusChange): void {
    this.#parent?.forget(this);
    this.#execution?.runEnded(cause, remote);
    const reason = `Parent run ${this.run.id} ended as "${this.run.status}"`;
    for (const child of [...this.#children]) {
      if (!child.run.isTerminal) child.#control.cancel(reason);
    }
  }

  /** Takes a pending run to running. */
  begin(): void {
    if (this.run.status === 'pending') this.#control.changeStatus('running');
    this.holdLimits();
  }

  complete(output: JsonObject | null): void {
    this.#control.changeStatus('completed', { output });
  }

  /**
   * Checks that the run can park now.
   *
   * @throws {RunError} `invalid_operation`
   */
  assertParkable(): void {
    if (this.#execution === null) {
      throw invalidOperation(this.run, 'is not being executed, so it cannot park');
    }
    if (this.#control.isChild()) {
      throw invalidOperation(this.run, 'is the run of a sub-agent: it hands its question up');
    }
    if (this.#children.size > 0) throw invalidOperation(this.run, 'has children that have not ended');
  }

  park(parking: Parking): void {
    this.#control.park(parking);
  }

  /** Fails the run, unless it ends as its error is read: a getter is the user's code. */
  fail(error: unknown): void {
    const payload = errorPayload(error);
    if (!this.run.isTerminal) this.#control.changeStatus('failed', { error: payload, cause: error });
  }

  /** Ends the run from outside of its function. */
  stop(status: 'cancelled' | 'timeout', { code, message }: RunError): void {
    this.#control.changeStatus(status, { error: { code, message } });
  }

  /** Calls the function within all scopes. */
  enter<Result>(fn: () => Result): Result {
    const followers = this.#control.followers();
    return followers === null ? fn() : followers.surround(fn);
  }

  /** The execution is over. */
  release(): void {
    this.#execution = null;
    this.#control.followers()?.executionOver();
  }

  /** Counts the run of a child, and keeps it as long as it lasts. */
  adopt(child: Supervisor): void {
    child.#parent = this;
    this.#children.add(child);
    this.grow({ runs: 1 });
  }

  /** Lets go of a child that has ended: its numbers stay. */
  forget(child: Supervisor): void {
    this.#children.delete(child);
  }

  /** Adds what a descendant used, from here to the root. */
  grow(growth: Growth): void {
    this.#budget.grow(growth);
    this.#parent?.grow(growth);
  }

  #mergeLimits(limits: RunLimits): void {
    this.#budget.limits = Object.freeze({ ...this.#budget.limits, ...limits });
    this.#control.limitsChanged();
  }

  #announceLimits(): void {
    for (const use of this.#budget.newlyApproaching(this.run)) this.#control.limitApproaching(use);
  }
}
