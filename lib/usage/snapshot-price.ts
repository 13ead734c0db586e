import type { Counts } from './counters';
import { addCounts, countsFrom, subtractCounts } from './counters';
import type { UsagePart, UsageReading } from './report';
import type { Amount, Amounts } from './tally';
import { NO_AMOUNT, sumAmounts, UNKNOWN_MODEL } from './tally';

/** Half a nano-dollar: what two ways to add up the same dollars may differ by. */
const ROUNDING_USD = 5e-10;

/** Asks for the price of counts in US dollars; null for none. */
export type AskPrice = (counts: Counts, model: string) => number | null;

/**
 * What a snapshot costs by model: its own cost where it brings one, which settles everything, else
 * what stands with the difference priced.
 *
 * @param target - The counts by model once the snapshot counts.
 * @param growing - The model that a snapshot of no models in particular grew.
 */
export function priceSnapshot(
  target: Map<string, Counts>,
  reading: UsageReading,
  standing: Amounts,
  growing: string,
  ask: AskPrice,
): Map<string, Amount> {
  const { parts, costUsd, byModel } = reading;
  const askEach = byRequest(reading, ask);
  const ownCost = costUsd ?? (parts.every((part) => part.costUsd !== null) ? sumCost(parts) : null);
  const amounts = new Map<string, Amount>();
  for (const [model, counts] of target) {
    const before = standing.get(model) ?? NO_AMOUNT;
    const ofModel = byModel ? parts.filter((part) => (part.model ?? UNKNOWN_MODEL) === model) : [];
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
function byRequest({ parts, byModel }: UsageReading, ask: AskPrice): AskPrice {
  return (counts, model) => {
    const newest = byModel || parts.length < 2 ? [] : parts.slice(-(counts.requests ?? 0));
    const listed = snapshotCounts(newest);
    if (listed.input_tokens !== counts.input_tokens || listed.output_tokens !== counts.output_tokens) {
      return ask(counts, model);
    }
    const prices = newest.map((part) => ask(part.counts, part.model ?? model));
    return prices.reduce((sum, usd) => (sum === null || usd === null ? null : sum + usd), 0);
  };
}

/** Puts what a total cost has beyond its models' at one of them. */
function withRemainder(amounts: Map<string, Amount>, ownCost: number, model: string): Map<string, Amount> {
  const remainder = ownCost - (sumAmounts(amounts.values()).costUsd ?? 0);
  if (Math.abs(remainder) < ROUNDING_USD) return amounts;
  const amount = amounts.get(model) ?? NO_AMOUNT;
  return amounts.set(model, { ...amount, costUsd: (amount.costUsd ?? 0) + remainder });
}

/** The cost with what was added priced as one request, and what was taken back as another. */
function recomputed(
  counts: Counts,
  before: Amount,
  model: string,
  ask: AskPrice,
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
 * What a change adds (or takes back) as the counts of a request, its parts within their totals: fresh
 * input, cache reads and writes may each go their own way. Null for nothing.
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
  return {
    ...countsFrom((name) => (change[name] === undefined ? undefined : side(change[name]))),
    input_tokens: tokens.fresh + tokens.read + tokens.write,
    output_tokens: tokens.output,
    cache_write_1h_tokens: Math.min(tokens.write, side(change.cache_write_1h_tokens)),
  };
}

function sumCost(parts: readonly UsagePart[]): number {
  return parts.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
}

/** The counts of all parts together. */
export function snapshotCounts(parts: readonly UsagePart[]): Counts {
  return parts.reduce<Counts>((sum, { counts }) => addCounts(sum, counts), {});
}
