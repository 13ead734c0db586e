import type { AnyRun } from '../run';
import type { TokenUsage } from '../record/token-usage';
import { countOf, tokenAttributes } from './attributes';
import { guarded } from './guard';
import type { InstrumentSource, TokenCounters } from './instruments';

/** Counts what a run uses from here on, after its end too: providers report late. */
export class TokenCount {
  readonly #run: AnyRun;
  readonly #counters: InstrumentSource<TokenCounters>;
  /** The run's counters as they were when they were last reported. */
  readonly #told: Record<string, number> = {};
  readonly #before: TokenUsage;

  constructor(run: AnyRun, counters: InstrumentSource<TokenCounters>) {
    this.#run = run;
    this.#counters = counters;
    this.#before = run.tokenUsage;
  }

  /** Reports what was added since. */
  update(usage: TokenUsage): void {
    guarded('counting tokens', () => {
      const attributes = tokenAttributes(this.#run);
      for (const [name, counter] of this.#counters.get()) {
        const tokens = this.#growth(name, usage);
        if (tokens > 0) counter.add(tokens, attributes);
      }
    });
  }

  /**
   * How far the counter has grown. An OpenTelemetry counter never goes down: after a correction, nothing is
   * reported until the loss is made up for.
   */
  #growth(name: string, usage: TokenUsage): number {
    const told = this.#told[name] ?? countOf(this.#before[name]) ?? 0;
    const growth = Math.max(0, (countOf(usage[name]) ?? 0) - told);
    this.#told[name] = told + growth;
    return growth;
  }
}
