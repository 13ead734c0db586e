import { CostSum } from './cost';
import type { JsonObject } from './json';
import type { Counters, TokenUsage } from './token-usage';
import { addNumbers, freezeUsage } from './token-usage';

/** What one run, or one change of it, adds to a sum over runs. */
export interface Amounts {
  readonly runs?: number;
  readonly turns?: number;
  readonly tokenUsage?: JsonObject | TokenUsage | null;
  /** US dollars; null where no cost is known. */
  readonly costUsd?: number | null;
}

/**
 * A sum over runs: of how many, their turns, tokens and dollars. Only numbers add up: a text or an array
 * that one run has under a counter does not hide the numbers of another.
 */
export class Totals {
  runs = 0;
  turns = 0;
  readonly #counters: Counters = {};
  #cost: CostSum | null = null;

  /** Adds in place. */
  add({ runs = 0, turns = 0, tokenUsage = null, costUsd = null }: Amounts): this {
    this.runs += runs;
    this.turns += turns;
    if (tokenUsage !== null) addNumbers(this.#counters, tokenUsage);
    if (costUsd !== null) (this.#cost ??= new CostSum()).add(costUsd);
    return this;
  }

  /** The counters, to be read and not kept. */
  get counters(): Readonly<Counters> {
    return this.#counters;
  }

  /** A frozen copy of the counters. */
  get tokenUsage(): TokenUsage {
    return freezeUsage(this.#counters);
  }

  /** US dollars; null while no cost is known. */
  get costUsd(): number | null {
    return this.#cost?.usd ?? null;
  }
}
