import type { Attributes, HrTime } from '@opentelemetry/api';
import type { TokenUsage } from '../record/token-usage';
import { usageSince } from './attributes';
import { RUN_TURN_COUNT } from './names';

/** A turn, at the time when it was counted. */
export interface Turn {
  readonly attributes: Attributes;
  readonly time: HrTime;
}

/** The most turns that become events of a span: past its limit, an SDK would drop the oldest. */
const MOST_TURNS = 128;

/**
 * The turns of a run, each with the tokens that were reported in it.
 *
 * Some callers count a turn before its model call, others after it; the first turn tells which. With usage
 * reported before it, turns are counted at their end, and usage belongs to the turn that is counted next.
 * Else turns are counted at their start, and usage belongs to the turn counted last.
 */
export class TurnLog {
  readonly #turns: Turn[] = [];
  readonly #tellsUsage: boolean;
  #usage: TokenUsage;
  #countedAtEnd: boolean | null = null;
  /** A turn that is counted and goes on. */
  #open: { readonly turnCount: number; readonly time: HrTime } | null = null;

  /**
   * @param usage - What was used before the first turn.
   * @param tellsUsage - Whether turns say what was used in them.
   */
  constructor(usage: TokenUsage, tellsUsage = true) {
    this.#usage = usage;
    this.#tellsUsage = tellsUsage;
  }

  /** A turn was counted. */
  add(turnCount: number, time: HrTime, usage: TokenUsage): void {
    this.#countedAtEnd ??= Object.keys(usageSince(this.#usage, usage)).length > 0;
    if (!this.#countedAtEnd) this.#close(usage);
    this.#open = { turnCount, time };
    if (this.#countedAtEnd) this.#close(usage);
  }

  /** All turns; the last one has ended. */
  finish(usage: TokenUsage): readonly Turn[] {
    this.#close(usage);
    return this.#turns;
  }

  #close(usage: TokenUsage): void {
    if (this.#open !== null && this.#turns.length < MOST_TURNS) {
      const { turnCount, time } = this.#open;
      const used = this.#tellsUsage ? usageSince(this.#usage, usage) : {};
      const attributes = { [RUN_TURN_COUNT]: turnCount, ...used };
      this.#turns.push({ attributes, time });
    }
    this.#open = null;
    this.#usage = usage;
  }
}
