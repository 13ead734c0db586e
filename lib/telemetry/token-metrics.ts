import { portOf } from '../attachment';
import type { UsageUpdatedEvent } from '../run-events';
import type { AnyRun } from '../run';
import type { TokenUsage } from '../record/token-usage';
import { tokenAttributes, tokensIn, tokensOut } from './attributes';
import { guarded } from './guard';
import type { InstrumentSource, TokenCounters } from './instruments';

/**
 * Counts what a run uses from here on, after its end too: providers report late.
 *
 * @returns a function that stops.
 */
export function countTokens(run: AnyRun, counters: InstrumentSource<TokenCounters>): () => void {
  const counted = { input: tokensIn(run.tokenUsage) ?? 0, output: tokensOut(run.tokenUsage) ?? 0 };
  const count = (usage: TokenUsage): void => {
    const { inputTokens, outputTokens } = counters.get();
    const attributes = tokenAttributes(run);
    // A counter only grows: what a correction takes back is made up for by what comes next.
    const input = Math.max(0, (tokensIn(usage) ?? 0) - counted.input);
    const output = Math.max(0, (tokensOut(usage) ?? 0) - counted.output);
    counted.input += input;
    counted.output += output;
    if (input > 0) inputTokens.add(input, attributes);
    if (output > 0) outputTokens.add(output, attributes);
  };
  const onUsage = ({ tokenUsage }: UsageUpdatedEvent): void => {
    guarded('counting tokens', () => {
      count(tokenUsage);
    });
  };
  return portOf(run).attach({
    changed: (name, event) => {
      if (name === 'usageUpdated') onUsage(event);
    },
  });
}
