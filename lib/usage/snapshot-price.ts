import type { Amount, Amounts } from './amount';
import { NO_AMOUNT, sumAmounts, UNKNOWN_MODEL } from './amount';
import type { CountName, Counts, MutableCounts } from './counts';
import { addCounts, countsFrom, subtractCounts } from './counts';
import type { Reading, Readings } from './reading';

/** Half a nano-dollar: by so much the same dollars, added up in two ways, may differ. */
const ROUNDING_USD = 5e-10;

/** Asks for the price of counts in US dollars; null for none. */
export type AskPrice = (counts: Counts, model: string, tier: string | null) => number | null;

/** The same for one payload, which is of one tier. */
type AskEach = (counts: Counts, model: string) => number | null;

/**
 * What a snapshot costs, by model: the cost that it reports itself, or what was counted so far and the
 * price of the difference.
 *
 * @param target - The counts by model once the snapshot is taken over.
 * @param growing - The model that growth is counted to, where the snapshot names none.
 */
export function priceSnapshot(
  target: Map<string, Counts>,
  readings: Readings,
  standing: Amounts,
  growing: string,
  ask: AskPrice,
): Map<string, Amount> {
  const { list, costUsd, byModel } = readings;
  const askEach = byRequest(readings, ask);
  const ownCost = costUsd ?? (list.every((reading) => reading.costUsd !== null) ? sumCost(list) : null);
  const amounts = new Map<string, Amount>();
  for (const [model, counts] of target) {
    const before = standing.get(model) ?? NO_AMOUNT;
    const ofModel = list.filter((reading) => (reading.model ?? UNKNOWN_MODEL) === model);
    const amount =
      ownCost === null
        ? { counts, ...recomputed(counts, before, model, askEach) }
        : { counts, costUsd: byModel ? sumCost(ofModel) : before.costUsd, unpriced: 0 };
    amounts.set(model, amount);
  }
  if (ownCost === null) return amounts;
  return withRemainder(amounts, ownCost, byModel ? UNKNOWN_MODEL : growing);
}

/** Prices the newest requests of a snapshot one by one, where it lists them. */
function byRequest({ list, byModel }: Readings, ask: AskPrice): AskEach {
  const tier = list[0]?.tier ?? null;
  return (counts, model) => {
    const newest = byModel || list.length < 2 ? [] : list.slice(-(counts.requests ?? 0));
    const listed = snapshotCounts(newest);
    if (listed.input_tokens !== counts.input_tokens || listed.output_tokens !== counts.output_tokens) {
      return ask(counts, model, tier);
    }
    const prices = newest.map((reading) => ask(reading.counts, reading.model ?? model, reading.tier));
    return prices.includes(null) ? null : prices.reduce<number>((sum, usd) => sum + (usd ?? 0), 0);
  };
}

/** Adds what a total cost has beyond the sum of its models to one of them. */
function withRemainder(amounts: Map<string, Amount>, ownCost: number, model: string): Map<string, Amount> {
  const remainder = ownCost - (sumAmounts(amounts.values()).costUsd ?? 0);
  if (Math.abs(remainder) < ROUNDING_USD) return amounts;
  const amount = amounts.get(model) ?? NO_AMOUNT;
  return amounts.set(model, { ...amount, costUsd: (amount.costUsd ?? 0) + remainder });
}

/** The cost after a change: what was added is priced as one request, what was taken back as another. */
function recomputed(
  counts: Counts,
  before: Amount,
  model: string,
  ask: AskEach,
): Pick<Amount, 'costUsd' | 'unpriced'> {
  const { costUsd, unpriced } = before;
  const change = subtractCounts(counts, before.counts);
  const added = oneSided(change, 1);
  const removed = oneSided(change, -1);
  const addedUsd = added === null ? 0 : ask(added, model);
  const removedUsd = removed === null || costUsd === null ? 0 : (ask(removed, model) ?? 0);
  if (addedUsd === null) return { costUsd, unpriced: Math.max(unpriced + (added?.requests ?? 0), 1) };
  if (added === null && removed === null) return { costUsd, unpriced };
  return { costUsd: Math.max(0, (costUsd ?? 0) + addedUsd - removedUsd), unpriced };
}

/**
 * The part of a change that only adds, or only takes back, as the counts of a request: fresh input may grow
 * while cache reads shrink. No part is larger than its whole. Null for nothing.
 */
function oneSided(change: Counts, sign: 1 | -1): Counts | null {
  const side = (count: number | undefined): number => Math.max(0, sign * (count ?? 0));
  const { input_tokens: input = 0, cache_read_tokens: read = 0, cache_write_tokens: write = 0 } = change;
  const tokens = {
    fresh: side(input - read - write),
    read: side(read),
    write: side(write),
    output: side(change.output_tokens),
    searches: side(change.web_searches),
  };
  if (Object.values(tokens).every((count) => count === 0)) return null;
  const whole = tokens.fresh + tokens.read + tokens.write;
  const parts = countsFrom((name) => (change[name] === undefined ? undefined : side(change[name])));
  return {
    ...parts,
    input_tokens: whole,
    output_tokens: tokens.output,
    ...within(parts, ['cache_write_1h_tokens'], tokens.write),
    ...within(parts, ['input_audio_tokens', 'input_image_tokens'], whole),
    ...within(parts, ['cache_audio_read_tokens', 'cache_image_read_tokens'], tokens.read),
    ...within(parts, ['output_audio_tokens', 'output_image_tokens'], tokens.output),
  };
}

/** The parts, each cut to what the whole has left for it. */
function within(parts: Counts, names: readonly CountName[], whole: number): Counts {
  const room: MutableCounts = {};
  let left = whole;
  for (const name of names) {
    const part = parts[name];
    if (part === undefined) continue;
    room[name] = Math.min(part, left);
    left -= room[name];
  }
  return room;
}

function sumCost(list: readonly Reading[]): number {
  return list.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
}

/** The counts of all readings together. */
export function snapshotCounts(list: readonly Reading[]): Counts {
  return list.reduce<Counts>((sum, { counts }) => addCounts(sum, counts), {});
}
