import { CostSum } from '../record/cost';
import type { RunError } from '../record/error';
import type { JsonObject } from '../record/json';
import type { Counters, TokenUsage } from '../record/token-usage';
import { addUsage, countOf, freezeUsage, totalTokensOf } from '../record/token-usage';
import type { LimitUse, RunLimitName, RunLimits, Spending } from '../record/limits';
import { exceededLimit, exhaustedLimit, isApproaching, useOfLimits } from '../record/limits';

/** What one change adds to the totals of every ancestor. */
export interface Growth {
  readonly runs?: number;
  readonly turns?: number;
  readonly tokenUsage?: JsonObject | null;
  /** By how much the run's token total grew. */
  readonly totalTokens?: number;
  /** US dollars; null where the change brought no cost. */
  readonly costUsd?: number | null;
}

/** What a run and its descendants of this process have used together. */
export interface RunTotals {
  /** Turns of all of them. */
  readonly turns: number;
  /** The sums of all counters, frozen. */
  readonly tokenUsage: TokenUsage;
  /** US dollars; null while nothing has a price. */
  readonly costUsd: number | null;
  /** How many runs, this one included. */
  readonly runs: number;
}

/** What a run has used itself. */
interface OwnUse {
  readonly turnCount: number;
  readonly tokenUsage: TokenUsage;
  readonly costUsd: number | null;
}

/** What a run and its descendants may use, and the sums of what the descendants have used. */
export class Budget {
  limits: RunLimits | null = null;
  readonly #counters: Counters = {};
  readonly #announced = new Set<RunLimitName>();
  #cost: CostSum | null = null;
  #runs = 0;
  #turns = 0;
  #totalTokens = 0;

  /** Adds what a descendant used. */
  grow({ runs = 0, turns = 0, tokenUsage = null, totalTokens = 0, costUsd = null }: Growth): void {
    this.#runs += runs;
    this.#turns += turns;
    this.#totalTokens += totalTokens;
    if (tokenUsage !== null) addUsage(this.#counters, tokenUsage);
    if (costUsd !== null) (this.#cost ??= new CostSum()).add(costUsd);
  }

  totals(own: OwnUse): RunTotals {
    const counters: Counters = {};
    addUsage(counters, own.tokenUsage);
    addUsage(counters, this.#counters as JsonObject);
    return {
      turns: own.turnCount + this.#turns,
      tokenUsage: freezeUsage(counters),
      costUsd: this.#costWith(own.costUsd),
      runs: 1 + this.#runs,
    };
  }

  /** The error of a run that went past a limit; null while it is within all of them. */
  exceeded(own: OwnUse): RunError | null {
    return this.limits === null ? null : exceededLimit(this.limits, this.#spending(own));
  }

  /**
   * The error of a run that has nothing left for a next step; null while it has.
   *
   * @param asAncestor - Whether a descendant takes the step: it is no turn of this run.
   */
  exhausted(own: OwnUse, asAncestor: boolean): RunError | null {
    if (this.limits === null) return null;
    const limits = asAncestor ? { ...this.limits, maxTurns: undefined } : this.limits;
    return exhaustedLimit(limits, this.#spending(own));
  }

  /** The limits that most is used of now and was not before. */
  newlyApproaching(own: OwnUse): LimitUse[] {
    const { limits } = this;
    if (limits === null) return [];
    const approaching = useOfLimits(limits, this.#spending(own)).filter(
      (use) => !this.#announced.has(use.limit) && isApproaching(use, limits),
    );
    for (const { limit } of approaching) this.#announced.add(limit);
    return approaching;
  }

  #spending(own: OwnUse): Spending {
    return {
      turns: own.turnCount,
      totalTokens: totalTokensOf(own.tokenUsage) + this.#totalTokens,
      costUsd: this.#costWith(own.costUsd),
      unpricedRequests:
        countOf(own.tokenUsage, UNPRICED_REQUESTS) + countOf(this.#counters, UNPRICED_REQUESTS),
    };
  }

  #costWith(ownUsd: number | null): number | null {
    if (this.#cost === null) return ownUsd;
    const sum = new CostSum(this.#cost.usd);
    sum.add(ownUsd ?? 0);
    return sum.usd;
  }
}

/** The counter of requests that no price was found for. */
export const UNPRICED_REQUESTS = 'unpriced_requests';
