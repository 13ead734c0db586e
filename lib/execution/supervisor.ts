import type { Resumed } from '../record/awaiting';
import { followersOf } from '../record/emitter';
import type { RunError } from '../record/error';
import { errorPayload } from '../record/error-payload';
import type { JsonObject } from '../record/json';
import { takeJsonObject } from '../record/json';
import type { LimitUse } from '../record/limits';
import { mergeLimits } from '../record/limits';
import { invalidOperation } from '../record/refusal';
import type { RunState } from '../record/run-state';
import { NOTHING } from '../record/run-state';
import type { RunStatus } from '../record/status';
import { totalTokensOf } from '../record/token-usage';
import type { Growth, RunTotals } from './budget';
import { Budget } from './budget';
import { Execution } from './execution';
import type { ExecuteSettings, ExecutionContext } from './options';
import type { Parking } from './parking';

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
  /** The run itself, for the function that executes it. */
  readonly run: object;
  /** Moves the run, tells of it, and ends its children. */
  changeStatus(to: RunStatus, change?: StatusChange): void;
  /** Moves the run and tells of it. Its children are the caller's to end. */
  endAlone(to: RunStatus, change: StatusChange): void;
  park(parking: Parking): void;
  /** What a parked run was answered; null where it was not parked; throws where it has no answer. */
  resume(): Resumed | null;
  limitsChanged(): void;
  limitApproaching(use: LimitUse): void;
}

/**
 * Ties a run to its parent, its children, its limits and its execution, for as long as it lasts. A run that
 * has none of them has no supervisor. A tree may be deep: it is walked in loops, not by recursion.
 */
export class Supervisor {
  readonly state: RunState;
  readonly #control: RunControl;
  readonly #budget: Budget;
  #parent: Supervisor | null = null;
  #children: Set<Supervisor> | null = null;
  #execution: Execution<unknown> | null = null;

  constructor(state: RunState, control: RunControl) {
    this.state = state;
    this.#control = control;
    this.#budget = new Budget(state);
    // A limit that is near from the start, of a new run or of one that was read, is not announced.
    if (state.limits !== null) this.#budget.newlyApproaching(state.limits);
  }

  /** The run itself. */
  get run(): object {
    return this.#control.run;
  }

  /** The signal of the execution; null outside of one. */
  get signal(): AbortSignal | null {
    return this.#execution?.signal ?? null;
  }

  get totals(): RunTotals {
    return this.#budget.totals;
  }

  /**
   * Adds counters and dollars to the run, and to the totals of its ancestors.
   *
   * @throws {RunError} as {@link RunState.spend} does; nothing has changed then.
   */
  spend(delta: JsonObject | null, costUsd: number | null): void {
    const before = this.#ownTokens();
    this.state.spend(delta, costUsd);
    this.growAncestors({ tokenUsage: delta, totalTokens: this.#ownTokens() - before, costUsd });
  }

  /** Adds what the run used to the totals of its ancestors. */
  growAncestors(growth: Growth): void {
    this.#parent?.grow(growth);
  }

  /** Says which limits come near and ends the run that is past one, from here to the root. */
  holdLimits(): void {
    this.#holdOwnLimits();
    for (let each = this.#parent; each !== null; each = each.#parent) each.#holdOwnLimits();
  }

  /** The error of a run that has nothing left for a next step, here or in an ancestor. */
  exhausted(): RunError | null {
    let error = this.#budget.exhausted(false);
    for (let each = this.#parent; each !== null && error === null; each = each.#parent) {
      error = each.#budget.exhausted(true);
    }
    return error;
  }

  /**
   * Executes the run.
   *
   * @throws {RunError} `invalid_operation` where it is being executed, or is parked and has no answer.
   */
  execute<Result>(
    fn: (context: ExecutionContext<never>) => Result | PromiseLike<Result>,
    settings: ExecuteSettings,
  ): Promise<Result> {
    if (this.#execution !== null) throw invalidOperation(this.state, 'is being executed');
    const execution = new Execution<Result>(this, settings);
    execution.listen();
    const resumed = this.#resumeFor(execution);
    this.#execution = execution as Execution<unknown>;
    if (settings.limits !== null) {
      this.state.limits = mergeLimits(this.state.limits, settings.limits);
      this.#control.limitsChanged();
    }
    execution.start(fn as (context: ExecutionContext<object>) => Result | PromiseLike<Result>, resumed);
    return execution.promise;
  }

  /** Stops what still goes on in a run that has ended, and ends its descendants, those above first. */
  runEnded(change: StatusChange): void {
    const ended: Supervisor[] = [this];
    this.#over(change);
    for (const parent of ended) {
      const { id, status } = parent.state;
      const message = `Parent run ${id} ended as "${status}"`;
      for (const child of [...(parent.#children ?? [])]) {
        if (child.state.isTerminal) continue;
        const cancelled = { error: { code: 'cancelled', message } };
        child.#control.endAlone('cancelled', cancelled);
        child.#execution?.forgive();
        child.#over(cancelled);
        ended.push(child);
      }
    }
  }

  /** Takes a pending run to running. */
  begin(): void {
    if (this.state.status === 'pending') this.#control.changeStatus('running');
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
    const { state } = this;
    if (this.#execution === null) throw invalidOperation(state, 'is not being executed, so it cannot park');
    if (state.parentRunId !== null) {
      throw invalidOperation(state, 'is the run of a sub-agent: it hands its question up');
    }
    if (this.#children !== null && this.#children.size > 0) {
      throw invalidOperation(state, 'has children that have not ended');
    }
  }

  park(parking: Parking): void {
    this.#control.park(parking);
  }

  /** Fails the run, unless reading the error ends it: a getter is the user's code. */
  fail(error: unknown): void {
    const payload = errorPayload(error);
    if (!this.state.isTerminal) this.#control.changeStatus('failed', { error: payload, cause: error });
  }

  /** Ends the run from outside of its function. */
  stop(status: 'cancelled' | 'timeout', { code, message }: RunError): void {
    this.#control.changeStatus(status, { error: { code, message } });
  }

  /** Calls the function within all that surrounds it. */
  enter<Result>(fn: () => Result): Result {
    const followers = followersOf(this.run);
    return followers === null ? fn() : followers.surround(fn);
  }

  /** The execution is over. */
  release(): void {
    this.#execution = null;
    followersOf(this.run)?.executionOver();
  }

  /** Counts the run of a child, and keeps it as long as it lasts. */
  adopt(child: Supervisor): void {
    child.#parent = this;
    (this.#children ??= new Set()).add(child);
    this.grow({ runs: 1 });
  }

  /** Adds what a descendant used, from here to the root. */
  grow(growth: Growth): void {
    this.#budget.grow(growth);
    for (let each = this.#parent; each !== null; each = each.#parent) each.#budget.grow(growth);
  }

  #ownTokens(): number {
    return totalTokensOf(this.state.counters ?? NOTHING);
  }

  #resumeFor({ stopListening }: Pick<Execution<unknown>, 'stopListening'>): Resumed | null {
    try {
      return this.#control.resume();
    } catch (error) {
      stopListening();
      throw error;
    }
  }

  /** Lets go of a run that has ended. What it used stays in the totals of its ancestors. */
  #over({ cause, remote = false }: StatusChange): void {
    const siblings = this.#parent === null ? null : this.#parent.#children;
    siblings?.delete(this);
    this.#execution?.runEnded(cause, remote);
  }

  /** Asked anew: a listener may have ended the run since. */
  #hasEnded(): boolean {
    return this.state.isTerminal;
  }

  #holdOwnLimits(): void {
    const { limits } = this.state;
    if (limits === null || this.state.isTerminal) return;
    for (const use of this.#budget.newlyApproaching(limits)) this.#control.limitApproaching(use);
    const error = this.#budget.exceeded(limits);
    if (error === null || this.#hasEnded()) return;
    const { code, message, details } = error;
    this.#control.changeStatus('failed', { error: takeJsonObject({ code, message, details }, 'error') });
  }
}
