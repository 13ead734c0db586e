import { validationError } from './error';

const NANO = 1e9;
const LARGEST_ROUNDED_USD = Number.MAX_SAFE_INTEGER / NANO;

/**
 * A sum of dollars that does not drift. What each addition loses to rounding is kept beside it (Neumaier's
 * compensated summation), and only reading rounds, to the nano-dollar. The sum stays finite.
 */
export class CostSum {
  #sum: number;
  #lost = 0;
  #exact = true;

  /** @param start - Dollars, as a record had them: given back as they are until something is added. */
  constructor(start = 0) {
    this.#sum = start;
  }

  /** @param usd - Dollars; may be negative where an estimate is corrected. */
  add(usd: number): void {
    const next = this.#sum + usd;
    this.#exact = false;
    if (!Number.isFinite(next)) {
      this.#sum = Math.sign(next) * Number.MAX_VALUE;
      this.#lost = 0;
      return;
    }
    this.#lost += Math.abs(this.#sum) >= Math.abs(usd) ? this.#sum - next + usd : usd - next + this.#sum;
    this.#sum = next;
  }

  /** Dollars that are not rounded yet, for sums of sums. */
  get unrounded(): number {
    return this.#sum + this.#lost;
  }

  /** Dollars, to the nano-dollar. */
  get usd(): number {
    return this.#exact ? this.#sum : roundToNano(this.#sum + this.#lost);
  }
}

/** Rounds dollars to the nano-dollar, as far as a number can tell them apart. */
export function roundToNano(usd: number): number {
  return Math.abs(usd) > LARGEST_ROUNDED_USD ? usd : Math.round(usd * NANO) / NANO;
}

/**
 * Checks dollars that are to be added to those that stand.
 *
 * @throws {RunError} `validation_error`
 */
export function takeCost(usd: unknown, standing: number | null): number {
  if (typeof usd === 'number' && usd >= 0 && Number.isFinite((standing ?? 0) + usd)) return usd;
  const message = 'must be a number, finite (with what stands) and not negative';
  throw validationError('cost', [{ path: 'usd', message }]);
}
