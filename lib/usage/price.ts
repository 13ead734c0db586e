import { validationError } from '../run/error';
import type { Counts, PriceDetails, UsageCounters } from './counters';
import { countsFrom, isAnyCounted } from './counters';
import type { ListPrices } from './list-prices';
import { loadListPrices } from './list-prices';
import { normalizeModelName, priceableNames } from './model-name';

/** Dollars per million tokens: one price, or steps by the input of the request. */
export type TokenPrice = number | TieredPrice;

/** A price in steps: the whole request is at the price of the highest step that its input is above. */
export interface TieredPrice {
  /** Dollars per million tokens below the first step. */
  readonly base: number;
  /** The steps, in any order. */
  readonly tiers: readonly PriceTier[];
}

/** One step of a {@link TieredPrice}. */
export interface PriceTier {
  /** Input tokens above which the step holds. */
  readonly start: number;
  /** Dollars per million tokens. */
  readonly price: number;
}

/**
 * The price of a model in US dollars per million tokens, under the names of `@pydantic/genai-prices`.
 * What is left out costs as much as what it is part of.
 */
export interface ModelPrice {
  /** Input that was not cached. */
  readonly input_mtok: TokenPrice;
  /** Output, reasoning included. */
  readonly output_mtok: TokenPrice;
  /** @default the price of input */
  readonly cache_read_mtok?: TokenPrice;
  /** @default the price of input */
  readonly cache_write_mtok?: TokenPrice;
  /** @default the price of other cache writes */
  readonly cache_write_1h_mtok?: TokenPrice;
}

/** One request to be priced. */
export interface PricedRequest {
  /** The model as the payload names it, else the meter's. */
  readonly model: string | null;
  /** The meter's provider. */
  readonly provider: string | null;
  /** When it was made. */
  readonly at: Date;
  /** The counters, and what else a price may depend on. */
  readonly counters: UsageCounters & PriceDetails;
}

/**
 * Prices of your own, taken before the list prices: by model, or a function that gives US dollars,
 * null for "not mine".
 */
export type UsagePrices = Readonly<Record<string, ModelPrice>> | PriceFunction;

/** Gives the US dollars of a request; null for "not mine". */
export type PriceFunction = (request: PricedRequest) => number | null | undefined;

/** Why there is no price. */
export type UnpricedReason = 'model_missing' | 'model_unknown' | 'prices_not_installed' | 'counts_refused';

/** A price in US dollars, or why there is none. */
export type Price = { readonly usd: number } | { readonly reason: UnpricedReason; readonly cause?: unknown };

/** What a price depends on beside the counts. */
export interface PriceQuestion {
  readonly model: string | null;
  /** The name that the meter was made with: a price may stand under it. */
  readonly alias: string | null;
  readonly provider: string | null;
  /** Whose prices are tried first where `provider` is null. */
  readonly likelyProvider: string | null;
  readonly at: Date;
}

const MILLION = 1_000_000;
const FREE: Price = { usd: 0 };

/** Finds prices: the user's own, then the list prices of `@pydantic/genai-prices` where it is installed. */
export class PriceBook {
  readonly #ask: PriceFunction | null;
  readonly #table = new Map<string, ModelPrice>();
  readonly #listPrices: () => ListPrices | null;

  constructor(prices: UsagePrices | undefined, listPrices: () => ListPrices | null = loadListPrices) {
    this.#listPrices = listPrices;
    this.#ask = typeof prices === 'function' ? prices : null;
    for (const [model, price] of Object.entries(prices ?? {})) {
      this.#table.set(model, price as ModelPrice).set(normalizeModelName(model), price as ModelPrice);
    }
  }

  /**
   * The price of the counts. Counts of several requests are priced as so many equal ones: a tier goes
   * by the single request.
   */
  priceOf(counts: Counts, question: PriceQuestion): Price {
    const requests = counts.requests ?? 1;
    if (requests <= 1) return this.#priceOne(counts, question);
    const price = this.#priceOne(shareOf(counts, requests), question);
    return 'usd' in price ? { usd: price.usd * requests } : price;
  }

  #priceOne(counts: Counts, question: PriceQuestion): Price {
    if (counts.input_tokens === undefined && counts.output_tokens === undefined) {
      return { reason: 'counts_refused' };
    }
    if (!isAnyCounted({ ...counts, requests: 0 })) return FREE;
    const own = this.#ownPrice(counts, question);
    return own === null ? this.#listPrice(counts, question) : { usd: own };
  }

  #ownPrice(counts: Counts, { model, alias, provider, at }: PriceQuestion): number | null {
    if (this.#ask !== null) {
      const usd = this.#ask({ model: model ?? alias, provider, at, counters: counts }) ?? null;
      if (usd === null || (Number.isFinite(usd) && usd >= 0)) return usd;
      const message = 'must give dollars (a finite number, not negative) or null';
      throw validationError('prices', [{ path: 'prices', message }]);
    }
    for (const name of priceableNames(model, alias)) {
      const price = this.#table.get(name);
      if (price !== undefined) return priceFromTable(counts, price);
    }
    return null;
  }

  #listPrice(counts: Counts, { model, alias, provider, likelyProvider, at }: PriceQuestion): Price {
    const names = priceableNames(model, alias);
    if (names.length === 0) return { reason: 'model_missing' };
    const prices = this.#listPrices();
    if (prices === null) return { reason: 'prices_not_installed' };
    try {
      for (const providerId of provider === null ? [likelyProvider, null] : [provider]) {
        const usd = firstPrice(prices, counts, names, providerId, at);
        if (usd !== null) return { usd };
      }
    } catch (cause) {
      return { reason: 'counts_refused', cause };
    }
    return { reason: 'model_unknown' };
  }
}

function firstPrice(
  prices: ListPrices,
  counts: Counts,
  names: readonly string[],
  providerId: string | null,
  timestamp: Date,
): number | null {
  for (const name of names) {
    const options = providerId === null ? { timestamp } : { timestamp, providerId };
    const price = prices.calcPrice(listUsage(counts), name, options);
    if (price !== null) return price.total_price;
  }
  return null;
}

/** The counts under the names of the price data, which wants every total above a part. */
function listUsage(counts: Counts): Record<string, number> {
  const usage: Record<string, number> = {
    input_tokens: counts.input_tokens ?? 0,
    output_tokens: counts.output_tokens ?? 0,
    cache_read_tokens: counts.cache_read_tokens ?? 0,
    cache_write_tokens: counts.cache_write_tokens ?? 0,
  };
  const details = {
    cache_write_1h_tokens: counts.cache_write_1h_tokens,
    output_reasoning_tokens: counts.reasoning_tokens,
    input_audio_tokens: counts.input_audio_tokens,
    output_audio_tokens: counts.output_audio_tokens,
    web_searches: counts.web_searches,
  };
  for (const [name, count = 0] of Object.entries(details)) {
    if (count > 0) usage[name] = count;
  }
  return usage;
}

function priceFromTable(counts: Counts, price: ModelPrice): number {
  const {
    input_tokens: input = 0,
    output_tokens: output = 0,
    cache_read_tokens: cacheRead = 0,
    cache_write_tokens: cacheWrite = 0,
    cache_write_1h_tokens: oneHour = 0,
  } = counts;
  const cost = (tokens: number, tokenPrice: TokenPrice): number =>
    (tokens * rate(tokenPrice, input)) / MILLION;
  const writePrice = price.cache_write_mtok ?? price.input_mtok;
  return (
    cost(Math.max(0, input - cacheRead - cacheWrite), price.input_mtok) +
    cost(cacheRead, price.cache_read_mtok ?? price.input_mtok) +
    cost(Math.max(0, cacheWrite - oneHour), writePrice) +
    cost(oneHour, price.cache_write_1h_mtok ?? writePrice) +
    cost(output, price.output_mtok)
  );
}

function rate(price: TokenPrice, input: number): number {
  if (typeof price === 'number') return price;
  const reached = price.tiers.filter(({ start }) => input > start).sort((a, b) => b.start - a.start);
  return reached[0]?.price ?? price.base;
}

function shareOf(counts: Counts, requests: number): Counts {
  return countsFrom((name) => {
    const count = counts[name];
    return count === undefined ? undefined : count / requests;
  });
}
