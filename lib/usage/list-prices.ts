/** What a price of the price data gives. */
interface ListPrice {
  readonly total_price: number;
}

/**
 * The part of `@pydantic/genai-prices` that is used, written down here: its types are not there for
 * whoever has not installed it.
 */
export interface ListPrices {
  calcPrice(
    usage: Record<string, number>,
    model: string,
    options: { readonly providerId?: string; readonly timestamp: Date },
  ): ListPrice | null;
}

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
