import type { CountName, Counts } from './counters';
import {
  addCounts,
  COUNT_NAMES,
  countsFrom,
  hasLower,
  isAnyCounted,
  subtractCounts,
  withTotal,
} from './counters';
import type { UsagePart, UsageReading } from './report';
import { reported } from './report';
import type { Amount, Amounts } from './tally';
import { NO_AMOUNT, subtractAmounts, sumAmounts, Tally } from './tally';

/** The model of what names none. */
export const UNKNOWN_MODEL = 'unknown';

/** Half a nano-dollar: what two ways to add up the same dollars may differ by. */
const ROUNDING_USD = 5e-10;

/** Asks for the price of counts in US dollars; null for none. */
export type AskPrice = (counts: Counts, model: string) => number | null;

/**
 * What stands under one key since its last new start: requests as they were recorded, or what the
 * last snapshot said in their place.
 */
export class KeyLedger {
  readonly #models: Map<string, Tally>;
  /** What the last snapshot reported; null before the first. */
  #snapshot: Counts | null;
  /** The message of a stream that is open: its later events belong to it. */
  openMessage: string | null;
  /** How many snapshots there were. */
  #snapshots: number;

  constructor(
    amounts: Amounts = new Map(),
    snapshot: Counts | null = null,
    openMessage: string | null = null,
    snapshots = 0,
  ) {
    this.#snapshots = snapshots;
    this.#models = new Map([...amounts].map(([model, amount]) => [model, Tally.of(amount)]));
    this.#snapshot = snapshot;
    this.openMessage = openMessage;
  }

  get amounts(): Map<string, Amount> {
    return new Map([...this.#models].map(([model, tally]) => [model, tally.amount]));
  }

  get snapshots(): number {
    return this.#snapshots;
  }

  get snapshot(): Counts | null {
    return this.#snapshot;
  }

  add(model: string, change: Amount): void {
    const tally = this.#models.get(model);
    if (tally === undefined) this.#models.set(model, Tally.of(change));
    else tally.add(change);
  }

  /**
   * What a snapshot changes. It stands for everything since the last new start; one that is lower
   * than what stands is a new start itself. Changes nothing yet.
   */
  compare(reading: UsageReading, ask: AskPrice): { target: Amounts; changes: Map<string, Amount> } {
    const snapshot = snapshotCounts(reading.parts);
    const standing = this.#isNewStart(snapshot) ? new Map<string, Amount>() : this.amounts;
    const askEach = byRequest(reading, ask);
    const target = priced(targetCounts(reading, snapshot, standing), reading, standing, askEach);
    const changes = new Map<string, Amount>();
    for (const model of new Set([...target.keys(), ...standing.keys()])) {
      const before = standing.get(model) ?? NO_AMOUNT;
      changes.set(model, subtractAmounts(target.get(model) ?? NO_AMOUNT, before));
    }
    return { target, changes };
  }

  /** Keeps what a snapshot said in place of what stands. */
  replace(target: Amounts, reading: UsageReading): void {
    this.#models.clear();
    for (const [model, amount] of target) this.add(model, amount);
    this.#snapshot = snapshotCounts(reading.parts);
    this.#snapshots += 1;
  }

  #isNewStart(snapshot: Counts): boolean {
    if (this.#models.size === 0) return false;
    if (this.#snapshot !== null && hasLower(snapshot, this.#snapshot)) return true;
    const standing = sumAmounts(this.amounts.values()).counts;
    return tokensOf(snapshot, snapshot) < tokensOf(standing, snapshot);
  }
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

/** Input and output tokens, as far as the snapshot reports them. */
function tokensOf(counts: Counts, snapshot: Counts): number {
  const names: CountName[] = ['input_tokens', 'output_tokens'];
  return names.reduce((sum, name) => sum + (snapshot[name] === undefined ? 0 : (counts[name] ?? 0)), 0);
}

function snapshotCounts(parts: readonly UsagePart[]): Counts {
  return parts.reduce<Counts>((sum, { counts }) => addCounts(sum, counts), {});
}

/** What stands by model once the snapshot counts. */
function targetCounts(
  { byModel, parts }: UsageReading,
  snapshot: Counts,
  standing: Amounts,
): Map<string, Counts> {
  const before = sumAmounts(standing.values()).counts;
  const isOld = standing.size > 0 && !isAnyCounted(subtractReported(snapshot, before));
  const requests = isOld ? before.requests : (snapshot.requests ?? Math.max(before.requests ?? 0, 1));
  if (!byModel) {
    const growth = subtractCounts({ ...before, ...snapshot, ...reported({ requests }) }, before);
    const target = grown(standing, growth, parts[0]?.model ?? onlyModelOf(standing));
    if (target !== null) return target;
  }
  return withRequests(replaced(parts, standing), requests);
}

/** What the snapshot says that is other than what stands. */
function subtractReported(snapshot: Counts, before: Counts): Counts {
  return countsFrom((name) => {
    const count = snapshot[name];
    return count === undefined ? undefined : count - (before[name] ?? 0);
  });
}

function onlyModelOf(standing: Amounts): string {
  const [first, ...others] = standing.keys();
  return first === undefined || others.length > 0 ? UNKNOWN_MODEL : first;
}

/** What stands, with the growth at one model; null where that model has not so much to give back. */
function grown(standing: Amounts, growth: Counts, model: string): Map<string, Counts> | null {
  const target = new Map([...standing].map(([name, { counts }]) => [name, counts]));
  const counts = addCounts(target.get(model) ?? {}, growth);
  if (COUNT_NAMES.some((name) => (counts[name] ?? 0) < 0)) return null;
  return target.set(model, withTotal(counts));
}

/** What the snapshot says of each model, with what it leaves out as it stood. */
function replaced(parts: readonly UsagePart[], standing: Amounts): Map<string, Counts> {
  const target = new Map<string, Counts>();
  for (const { model, counts } of parts) {
    const name = model ?? UNKNOWN_MODEL;
    const before = target.get(name);
    const stood = standing.get(name)?.counts ?? {};
    target.set(name, before === undefined ? withTotal({ ...stood, ...counts }) : addCounts(before, counts));
  }
  return target;
}

/** The counts with so many requests in all: what no model has is counted to the first. */
function withRequests(target: Map<string, Counts>, requests: number | undefined): Map<string, Counts> {
  const [first] = target.keys();
  if (first === undefined || requests === undefined) return target;
  const counted = [...target.values()].reduce((sum, counts) => sum + (counts.requests ?? 0), 0);
  const counts = target.get(first) ?? {};
  return target.set(first, { ...counts, requests: (counts.requests ?? 0) + requests - counted });
}

function priced(
  target: Map<string, Counts>,
  { parts, costUsd }: UsageReading,
  standing: Amounts,
  ask: AskPrice,
): Map<string, Amount> {
  const ownCost = costUsd ?? (parts.every((part) => part.costUsd !== null) ? sumCost(parts) : null);
  const amounts = new Map<string, Amount>();
  for (const [model, counts] of target) {
    const before = standing.get(model) ?? NO_AMOUNT;
    const amount =
      ownCost === null
        ? { counts, ...recomputed(counts, before, model, ask) }
        : {
            counts,
            costUsd: sumCost(parts.filter((part) => (part.model ?? UNKNOWN_MODEL) === model)),
            unpriced: 0,
          };
    amounts.set(model, amount);
  }
  return ownCost === null ? amounts : withRemainder(amounts, ownCost, target);
}

/** Puts what a total cost has beyond its models' where it belongs: at the only model, or at none. */
function withRemainder(
  amounts: Map<string, Amount>,
  ownCost: number,
  target: ReadonlyMap<string, Counts>,
): Map<string, Amount> {
  const remainder = ownCost - (sumAmounts(amounts.values()).costUsd ?? 0);
  if (Math.abs(remainder) < ROUNDING_USD) return amounts;
  const [first] = target.keys();
  const model = target.size === 1 && first !== undefined ? first : UNKNOWN_MODEL;
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
