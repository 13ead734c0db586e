import { CostSum } from '../record/cost';
import type { Counts } from './counters';
import { addCounts, isAnyCounted, subtractCounts } from './counters';

/** The model of what names none. */
export const UNKNOWN_MODEL = 'unknown';

/** What was used: counts, dollars, and how many requests have no price. */
export interface Amount {
  readonly counts: Counts;
  /** US dollars, not rounded; null while nothing has a price. */
  readonly costUsd: number | null;
  readonly unpriced: number;
}

/** Amounts by model. */
export type Amounts = ReadonlyMap<string, Amount>;

/** Nothing. */
export const NO_AMOUNT: Amount = { counts: {}, costUsd: null, unpriced: 0 };

/** What the left is more than the right; negative where it is less. */
export function subtractAmounts(left: Amount, right: Amount): Amount {
  const isUnpriced = left.costUsd === null && right.costUsd === null;
  return {
    counts: subtractCounts(left.counts, right.counts),
    costUsd: isUnpriced ? null : (left.costUsd ?? 0) - (right.costUsd ?? 0),
    unpriced: left.unpriced - right.unpriced,
  };
}

/** Whether the change changes something; counts that were not reported before and are 0 do too. */
export function isChange(change: Amount, before: Amount): boolean {
  return (
    isAnyCounted(change.counts) ||
    change.unpriced !== 0 ||
    (change.costUsd !== null && (change.costUsd !== 0 || before.costUsd === null)) ||
    Object.keys(change.counts).some((name) => !(name in before.counts))
  );
}

/** Amounts that are added to, their dollars exact. */
export class Tally {
  #counts: Counts = {};
  #cost: CostSum | null = null;
  #unpriced = 0;

  static of(amount: Amount): Tally {
    return new Tally().add(amount);
  }

  add({ counts, costUsd, unpriced }: Amount): this {
    this.#counts = addCounts(this.#counts, counts);
    if (costUsd !== null) (this.#cost ??= new CostSum()).add(costUsd);
    this.#unpriced += unpriced;
    return this;
  }

  get amount(): Amount {
    return {
      counts: this.#counts,
      costUsd: this.#cost?.unrounded ?? null,
      unpriced: this.#unpriced,
    };
  }

  /** Dollars to the nano-dollar; null while nothing has a price. */
  get costUsd(): number | null {
    return this.#cost?.usd ?? null;
  }
}

/** The sum of all amounts. */
export function sumAmounts(amounts: Iterable<Amount>): Amount {
  const tally = new Tally();
  for (const amount of amounts) tally.add(amount);
  return tally.amount;
}
