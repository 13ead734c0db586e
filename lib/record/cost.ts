import { validationError } from './error';

const NANO = 1e9;
const LARGEST_ROUNDED_USD = Number.MAX_SAFE_INTEGER / NANO;

/**
 * A sum of dollars that does not drift: what each addition loses is kept beside it (Neumaier's
 * compensated summation), and the nano-dollar is rounded to once, on reading. It stays a finite number.
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

  /** Dollars as they add up, for what goes on adding. */
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
