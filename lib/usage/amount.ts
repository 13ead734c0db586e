import { CostSum } from '../record/cost';
import type { Counts, MutableCounts } from './counts';
import { addInto, isAnyCounted, namesIn, subtractCounts } from './counts';

/** Stands for the model of a payload that names none. */
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

/** No amounts. */
export const NO_AMOUNTS: Amounts = new Map();

/** The left minus the right. */
export function subtractAmounts(left: Amount, right: Amount): Amount {
  const isUnpriced = left.costUsd === null && right.costUsd === null;
  return {
    counts: subtractCounts(left.counts, right.counts),
    costUsd: isUnpriced ? null : (left.costUsd ?? 0) - (right.costUsd ?? 0),
    unpriced: left.unpriced - right.unpriced,
  };
}

/** Whether the change changes anything. A count of 0 does, where that count was not reported before. */
export function isChange(change: Amount, before: Amount): boolean {
  return (
    isAnyCounted(change.counts) ||
    change.unpriced !== 0 ||
    (change.costUsd !== null && (change.costUsd !== 0 || before.costUsd === null)) ||
    namesIn(change.counts).some((name) => before.counts[name] === undefined)
  );
}

/** An amount that grows; its dollars add up without drift. */
export class AmountSum {
  readonly #counts: MutableCounts = {};
  #cost: CostSum | null = null;
  #unpriced = 0;

  static of(amount: Amount): AmountSum {
    return new AmountSum().add(amount);
  }

  add({ counts, costUsd, unpriced }: Amount): this {
    addInto(this.#counts, counts);
    if (costUsd !== null) (this.#cost ??= new CostSum()).add(costUsd);
    this.#unpriced += unpriced;
    return this;
  }

  get amount(): Amount {
    return {
      counts: { ...this.#counts },
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
  const sum = new AmountSum();
  for (const amount of amounts) sum.add(amount);
  return sum.amount;
}

/** Amounts by model that grow. */
export class ModelSums {
  readonly #models: Map<string, AmountSum>;

  constructor(amounts: Amounts = NO_AMOUNTS) {
    this.#models = new Map([...amounts].map(([model, amount]) => [model, AmountSum.of(amount)]));
  }

  add(model: string, amount: Amount): void {
    const sum = this.#models.get(model);
    if (sum === undefined) this.#models.set(model, AmountSum.of(amount));
    else sum.add(amount);
  }

  get size(): number {
    return this.#models.size;
  }

  has(model: string): boolean {
    return this.#models.has(model);
  }

  get sums(): ReadonlyMap<string, AmountSum> {
    return this.#models;
  }

  get amounts(): Map<string, Amount> {
    return new Map([...this.#models].map(([model, sum]) => [model, sum.amount]));
  }
}

/** The sums of two, by model. */
export function addAmounts(left: Amounts, right: Amounts): Amounts {
  if (right.size === 0) return left;
  if (left.size === 0) return right;
  const sums = new ModelSums(left);
  for (const [model, amount] of right) sums.add(model, amount);
  return sums.amounts;
}

/** The amounts, none lower than its floor, by model. */
export function atLeast(amounts: Amounts, floor: Amounts): Amounts {
  if (floor.size === 0) return amounts;
  const raised = new Map(amounts);
  for (const [model, least] of floor) raised.set(model, larger(raised.get(model) ?? NO_AMOUNT, least));
  return raised;
}

function larger(amount: Amount, least: Amount): Amount {
  const counts: Record<string, number> = { ...amount.counts };
  for (const name of namesIn(least.counts)) {
    counts[name] = Math.max(counts[name] ?? 0, least.counts[name] ?? 0);
  }
  const costUsd = least.costUsd === null ? amount.costUsd : Math.max(amount.costUsd ?? 0, least.costUsd);
  return { counts, costUsd, unpriced: amount.unpriced };
}
