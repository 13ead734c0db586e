import type { RunError } from '../record/error';
import type { LimitUse, RunLimitName, RunLimits, Spending } from '../record/limits';
import { exceededLimit, exhaustedLimit, isApproaching, useOfLimits } from '../record/limits';
import type { RunView } from '../record/run-view';
import type { TokenUsage } from '../record/token-usage';
import { countOf, finiteSum, totalTokensOf } from '../record/token-usage';
import type { Amounts } from '../record/totals';
import { Totals } from '../record/totals';

/** What one change adds to the totals of every ancestor. */
export interface Growth extends Amounts {
  /** By how much the run's token total grew. */
  readonly totalTokens?: number;
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

/** The totals of a run that has no descendants. */
export function totalsOf(run: RunView, descendants: Totals = new Totals()): RunTotals {
  const { runs, turns } = descendants;
  const sum = new Totals().add({
    runs: 1,
    turns: run.turnCount,
    tokenUsage: run.tokenUsage,
    costUsd: run.costUsd,
  });
  sum.add({ runs, turns, tokenUsage: descendants.tokenUsage, costUsd: descendants.costUsd });
  return { turns: sum.turns, tokenUsage: sum.tokenUsage, costUsd: sum.costUsd, runs: sum.runs };
}

/** What a run and its descendants may use, and the sums of what the descendants have used. */
export class Budget {
  readonly #run: RunView & { readonly limits: RunLimits | null };
  readonly #announced = new Set<RunLimitName>();
  #descendants: Totals | null = null;
  #totalTokens = 0;

  constructor(run: RunView & { readonly limits: RunLimits | null }) {
    this.#run = run;
  }

  get totals(): RunTotals {
    return totalsOf(this.#run, this.#descendants ?? undefined);
  }

  /** Adds what a descendant used. */
  grow(growth: Growth): void {
    (this.#descendants ??= new Totals()).add(growth);
    this.#totalTokens = finiteSum(this.#totalTokens, growth.totalTokens ?? 0);
  }

  /** The error of a run that went past a limit; null while it is within all of them. */
  exceeded(limits: RunLimits): RunError | null {
    return exceededLimit(limits, this.#spending());
  }

  /**
   * The error of a run that has nothing left for a next step; null while it has.
   *
   * @param asAncestor - Whether a descendant takes the step: it is no turn of this run.
   */
  exhausted(asAncestor: boolean): RunError | null {
    const { limits } = this.#run;
    if (limits === null) return null;
    return exhaustedLimit(asAncestor ? { ...limits, maxTurns: undefined } : limits, this.#spending());
  }

  /** The limits that have come near since the last call. */
  newlyApproaching(limits: RunLimits): LimitUse[] {
    const approaching = useOfLimits(limits, this.#spending()).filter(
      (use) => !this.#announced.has(use.limit) && isApproaching(use, limits),
    );
    for (const { limit } of approaching) this.#announced.add(limit);
    return approaching;
  }

  #spending(): Spending {
    const { turnCount, tokenUsage } = this.#run;
    const descendants = this.#descendants;
    const theirs = descendants === null ? 0 : countOf(descendants.counters, UNPRICED_REQUESTS);
    return {
      turns: turnCount,
      totalTokens: finiteSum(totalTokensOf(tokenUsage), this.#totalTokens),
      costUsd: this.#costUsd(),
      unpricedRequests: finiteSum(countOf(tokenUsage, UNPRICED_REQUESTS), theirs),
    };
  }

  #costUsd(): number | null {
    const { costUsd } = this.#run;
    const theirs = this.#descendants?.costUsd ?? null;
    if (theirs === null) return costUsd;
    return new Totals().add({ costUsd: theirs }).add({ costUsd: costUsd ?? 0 }).costUsd;
  }
}

/** The counter of requests that no price was found for. */
export const UNPRICED_REQUESTS = 'unpriced_requests';
