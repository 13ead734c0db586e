import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { formatPath } from '../record/json';
import type { Counts } from './counts';
import { normalizeModelName } from './model-name';

/**
 * The price of a model in US dollars per million tokens, under the names of `@pydantic/genai-prices`.
 * What is left out costs as much as what it is part of. For prices in steps, give a function.
 */
export interface ModelPrice {
  /** Input that was not cached. */
  readonly input_mtok: number;
  /** Output, reasoning included. */
  readonly output_mtok: number;
  /** @default the price of input */
  readonly cache_read_mtok?: number;
  /** @default the price of input */
  readonly cache_write_mtok?: number;
  /** @default the price of other cache writes */
  readonly cache_write_1h_mtok?: number;
  /** @default the price of input */
  readonly input_audio_mtok?: number;
  /** @default the price of input */
  readonly input_image_mtok?: number;
  /** @default the price of output */
  readonly output_audio_mtok?: number;
  /** @default the price of output */
  readonly output_image_mtok?: number;
}

const MILLION = 1_000_000;
const REQUIRED = ['input_mtok', 'output_mtok'] as const;
const OPTIONAL = [
  'cache_read_mtok',
  'cache_write_mtok',
  'cache_write_1h_mtok',
  'input_audio_mtok',
  'input_image_mtok',
  'output_audio_mtok',
  'output_image_mtok',
] as const;

/**
 * Checks a table of prices. Each is found under its model's plain name too.
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
  return (inputCost(counts, price) + outputCost(counts, price)) / MILLION;
}

function inputCost(counts: Counts, price: ModelPrice): number {
  const { input_tokens: input = 0, cache_read_tokens: read = 0, cache_write_tokens: written = 0 } = counts;
  const oneHour = Math.min(written, counts.cache_write_1h_tokens ?? 0);
  const writePrice = price.cache_write_mtok ?? price.input_mtok;
  const fresh = Math.max(0, input - read - written);
  const audio = Math.min(fresh, part(counts.input_audio_tokens, counts.cache_audio_read_tokens));
  const image = Math.min(fresh - audio, part(counts.input_image_tokens, counts.cache_image_read_tokens));
  return (
    (fresh - audio - image) * price.input_mtok +
    audio * (price.input_audio_mtok ?? price.input_mtok) +
    image * (price.input_image_mtok ?? price.input_mtok) +
    read * (price.cache_read_mtok ?? price.input_mtok) +
    (written - oneHour) * writePrice +
    oneHour * (price.cache_write_1h_mtok ?? writePrice)
  );
}

function outputCost(counts: Counts, price: ModelPrice): number {
  const { output_tokens: output = 0 } = counts;
  const audio = Math.min(output, counts.output_audio_tokens ?? 0);
  const image = Math.min(output - audio, counts.output_image_tokens ?? 0);
  return (
    (output - audio - image) * price.output_mtok +
    audio * (price.output_audio_mtok ?? price.output_mtok) +
    image * (price.output_image_mtok ?? price.output_mtok)
  );
}

/** How much of a part was not cached. */
function part(all = 0, cached = 0): number {
  return Math.max(0, all - cached);
}

function isModelPrice(price: unknown): boolean {
  if (typeof price !== 'object' || price === null) return false;
  const prices = price as Partial<ModelPrice>;
  return (
    REQUIRED.every((name) => isDollars(prices[name])) &&
    OPTIONAL.every((name) => prices[name] === undefined || isDollars(prices[name]))
  );
}

function isDollars(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}
