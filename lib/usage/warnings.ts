import type { UsageWarning } from './options';
import type { Price, UnpricedReason } from './price';

const ADVICE: Readonly<Record<UnpricedReason, string>> = {
  model_missing: 'no model was named; give `model` to the meter or to `record`',
  model_unknown: 'the price data does not know the model; give `prices` to the meter',
  tier_unknown: 'no rate of this tier or speed is published; give a function for `prices` to the meter',
  prices_not_installed: 'install @pydantic/genai-prices, or give `prices` to the meter',
  counts_refused: 'the reported counts cannot be priced',
};

/** The warning about a request without a price. */
export function warningOf(
  model: string | null,
  provider: string | null,
  price: Exclude<Price, { usd: number }>,
): UsageWarning {
  const { reason } = price;
  const whose = provider === null ? '' : ` (${provider})`;
  const what = model === null ? 'Requests' : `Requests of ${model}${whose}`;
  const message = `${what} have no price: ${ADVICE[reason]}`;
  const cause = 'cause' in price ? { cause: price.cause } : {};
  return { code: 'unpriced', reason, message, model, provider, ...cause };
}

/** Gives each warning once for each model. A callback that throws does not fail the meter. */
export class Warnings {
  readonly #said = new Set<string>();

  say(warning: UsageWarning, onWarning: ((warning: UsageWarning) => void) | null): void {
    const { reason, provider, model } = warning;
    const ofModel = `${provider}\n${model}${reason === 'tier_unknown' ? '\ntier' : ''}`;
    const subject = reason === 'prices_not_installed' ? '' : ofModel;
    if (onWarning === null || this.#said.has(subject)) return;
    this.#said.add(subject);
    try {
      onWarning(warning);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
