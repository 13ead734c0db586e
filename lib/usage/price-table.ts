import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { formatPath } from '../record/json';
import type { Counts } from './counters';
import { normalizeModelName } from './model-name';

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

const MILLION = 1_000_000;
const REQUIRED = ['input_mtok', 'output_mtok'] as const;
const OPTIONAL = ['cache_read_mtok', 'cache_write_mtok', 'cache_write_1h_mtok'] as const;

/**
 * Checks a table of prices, and makes each found under its model's plain name too.
 *
 * @throws {RunError} `validation_error`
 */
export function readPriceTable(prices: Readonly<Record<string, ModelPrice>>): Map<string, ModelPrice> {
  const issues: ValidationIssue[] = [];
  const table = new Map<string, ModelPrice>();
  for (const [model, price] of Object.entries(prices)) {
    if (!isModelPrice(price)) {
      const message = 'must have input_mtok and output_mtok, each price finite and not negative';
      issues.push({ path: formatPath(['prices', model]), message });
    }
    table.set(model, price).set(normalizeModelName(model), price);
  }
  if (issues.length > 0) throw validationError('meter', issues);
  return table;
}

/** The US dollars of one request. */
export function priceFromTable(counts: Counts, price: ModelPrice): number {
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

function isModelPrice(price: unknown): boolean {
  if (typeof price !== 'object' || price === null) return false;
  const prices = price as Partial<ModelPrice>;
  return (
    REQUIRED.every((name) => isTokenPrice(prices[name])) &&
    OPTIONAL.every((name) => prices[name] === undefined || isTokenPrice(prices[name]))
  );
}

function isTokenPrice(price: unknown): boolean {
  if (typeof price !== 'object' || price === null) return isDollars(price);
  const { base, tiers } = price as Partial<TieredPrice>;
  return isDollars(base) && Array.isArray(tiers) && tiers.every((tier) => isTier(tier));
}

function isTier(tier: unknown): boolean {
  const { start, price } = (tier ?? {}) as Partial<PriceTier>;
  return isDollars(price) && Number.isFinite(start);
}

function isDollars(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}
