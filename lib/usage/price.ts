import { validationError } from '../record/error';
import type { Counts } from './counts';
import { countsFrom, isAnyCounted } from './counts';
import type { ListPrices } from './list-prices';
import { loadListPrices } from './list-prices';
import { priceableNames } from './model-name';
import type { ModelPrice } from './price-table';
import { priceFromTable, readPriceTable } from './price-table';
import { tierFactor } from './tier-rates';

/** One request to be priced. */
export interface PricedRequest {
  /** The model as `record`, the payload or the meter names it, in this order. */
  readonly model: string | null;
  /** The meter's provider. */
  readonly provider: string | null;
  /** The service tier or speed (`flex`, `batch`, `priority`, `fast`); null for the standard one. */
  readonly tier: string | null;
  /** When it was made. */
  readonly at: Date;
  /** The counters, and what else a price may depend on. */
  readonly counters: Counts;
}

/**
 * Prices of your own, which come before the list prices: a table by model, or a function that returns US
 * dollars, or null where it has no price.
 */
export type UsagePrices =
  Readonly<Record<string, ModelPrice>> | ((request: PricedRequest) => number | null | undefined);

type PriceFunction = Extract<UsagePrices, (request: PricedRequest) => unknown>;

/** Why there is no price: what a warning says. */
export type UnpricedReason =
  'model_missing' | 'model_unknown' | 'tier_unknown' | 'prices_not_installed' | 'counts_refused';

/** A price in US dollars, or why there is none. */
export type Price = { readonly usd: number } | { readonly reason: UnpricedReason; readonly cause?: unknown };

/** What a price depends on beside the counts. */
export interface PriceQuestion {
  readonly model: string | null;
  readonly provider: string | null;
  /** Whose prices are tried first where `provider` is null. */
  readonly likelyProvider: string | null;
  readonly tier: string | null;
  readonly at: Date;
}

/**
 * The providers of `@pydantic/genai-prices` 0.1.8, the makers of models first: it finds some models only
 * under their provider, and has no list of them to ask for.
 */
const PROVIDERS = [
  ...['openai', 'anthropic', 'google', 'x-ai', 'mistral', 'deepseek', 'cohere', 'perplexity', 'moonshotai'],
  ...['zai', 'zhipuai', 'minimax', 'voyageai', 'arcee', 'groq', 'cerebras', 'together', 'fireworks'],
  ...['aws', 'azure', 'openrouter', 'novita', 'baseten', 'modal', 'cloudflare', 'ovhcloud', 'avian'],
  ...['doubleword', 'quicksilverpro', 'typesafe', 'github-copilot', 'cursor', 'huggingface_together'],
  ...['huggingface_groq', 'huggingface_cerebras', 'huggingface_fireworks-ai', 'huggingface_hyperbolic'],
  ...['huggingface_nebius', 'huggingface_novita', 'huggingface_nscale', 'huggingface_ovhcloud'],
  ...['huggingface_publicai', 'huggingface_sambanova'],
];

const FREE: Price = { usd: 0 };

/** Finds prices: the user's own, then the list prices of `@pydantic/genai-prices` where it is installed. */
export class PriceBook {
  readonly #ask: PriceFunction | null;
  readonly #table: ReadonlyMap<string, ModelPrice>;
  readonly #listPrices: () => ListPrices | null;
  /** Under which provider a model's price was found; null where under none. */
  readonly #foundUnder = new Map<string, string | null>();

  constructor(prices: UsagePrices | undefined, listPrices: () => ListPrices | null = loadListPrices) {
    this.#listPrices = listPrices;
    this.#ask = typeof prices === 'function' ? prices : null;
    this.#table = readPriceTable(typeof prices === 'function' ? {} : (prices ?? {}));
  }

  /**
   * The price of the counts. Several requests are priced as so many equal ones, since prices in steps go by
   * the single request.
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
    if (own !== null) return { usd: own };
    const { model, provider, likelyProvider, tier } = question;
    const factor = tierFactor(tier, provider ?? likelyProvider, model);
    if (factor === null) return { reason: 'tier_unknown' };
    const standard = this.#tablePrice(counts, model) ?? this.#listPrice(counts, question);
    return 'usd' in standard ? { usd: standard.usd * factor } : standard;
  }

  #ownPrice(counts: Counts, { model, provider, tier, at }: PriceQuestion): number | null {
    if (this.#ask === null) return null;
    const usd = this.#ask({ model, provider, tier, at, counters: counts }) ?? null;
    if (usd === null || (Number.isFinite(usd) && usd >= 0)) return usd;
    const message = 'must give dollars (a finite number, not negative) or null';
    throw validationError('prices', [{ path: 'prices', message }]);
  }

  #tablePrice(counts: Counts, model: string | null): Price | null {
    if (this.#table.size === 0) return null;
    for (const name of priceableNames(model)) {
      const price = this.#table.get(name);
      if (price !== undefined) return { usd: priceFromTable(counts, price) };
    }
    return null;
  }

  #listPrice(counts: Counts, { model, provider, likelyProvider, at }: PriceQuestion): Price {
    const names = priceableNames(model);
    if (names.length === 0) return { reason: 'model_missing' };
    const prices = this.#listPrices();
    if (prices === null) return { reason: 'prices_not_installed' };
    try {
      for (const providerId of new Set([provider ?? likelyProvider, provider])) {
        const usd = firstPrice(prices, counts, names, providerId, at);
        if (usd !== null) return { usd };
      }
      const usd = provider === null ? this.#priceAnywhere(prices, counts, names, at) : null;
      return usd === null ? { reason: 'model_unknown' } : { usd };
    } catch (cause) {
      return { reason: 'counts_refused', cause };
    }
  }

  /** The price of whichever provider has the model under its own name only. */
  #priceAnywhere(prices: ListPrices, counts: Counts, names: readonly string[], at: Date): number | null {
    const [model = ''] = names;
    const known = this.#foundUnder.get(model);
    for (const providerId of known === undefined ? PROVIDERS : known === null ? [] : [known]) {
      const usd = firstPrice(prices, counts, names, providerId, at);
      if (usd === null) continue;
      this.#foundUnder.set(model, providerId);
      return usd;
    }
    this.#foundUnder.set(model, null);
    return null;
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

/** The counts under the names of the price data, which wants no part to be larger than its whole. */
function listUsage(counts: Counts): Record<string, number> {
  const usage: Record<string, number> = {
    input_tokens: counts.input_tokens ?? 0,
    output_tokens: counts.output_tokens ?? 0,
    cache_read_tokens: counts.cache_read_tokens ?? 0,
    cache_write_tokens: counts.cache_write_tokens ?? 0,
  };
  if ((counts.reasoning_tokens ?? 0) > 0) usage['output_reasoning_tokens'] = counts.reasoning_tokens ?? 0;
  for (const name of DETAILS) {
    const count = counts[name] ?? 0;
    if (count > 0) usage[name] = count;
  }
  return usage;
}

/** The counts with the same names there, passed on only where they are not 0. */
const DETAILS = [
  'cache_write_1h_tokens',
  'input_audio_tokens',
  'input_image_tokens',
  'output_audio_tokens',
  'output_image_tokens',
  'cache_audio_read_tokens',
  'cache_image_read_tokens',
  'web_searches',
] as const;

function shareOf(counts: Counts, requests: number): Counts {
  return countsFrom((name) => {
    const count = counts[name];
    return count === undefined ? undefined : count / requests;
  });
}
