import type * as GenaiPrices from '@pydantic/genai-prices';

/** The part of `@pydantic/genai-prices` that is used. */
export type ListPrices = Pick<typeof GenaiPrices, 'calcPrice'>;

let loaded: ListPrices | null | undefined;

/**
 * The list prices, loaded when first asked for; null where the optional peer is not installed.
 *
 * @see https://github.com/pydantic/genai-prices
 */
export function loadListPrices(): ListPrices | null {
  if (loaded !== undefined) return loaded;
  try {
    // An optional peer: only whoever wants a price needs it, and a price is wanted at once.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    loaded = require('@pydantic/genai-prices') as ListPrices;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    loaded = null;
  }
  return loaded;
}
