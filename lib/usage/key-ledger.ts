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
import type { AskPrice } from './snapshot-price';
import { priceSnapshot, snapshotCounts } from './snapshot-price';
import type { Amount, Amounts } from './tally';
import { isChange, NO_AMOUNT, subtractAmounts, sumAmounts, Tally, UNKNOWN_MODEL } from './tally';

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
  compare(reading: UsageReading, ask: AskPrice): { target: Amounts; changes: Amounts } {
    const snapshot = snapshotCounts(reading.parts);
    const standing = this.#isNewStart(snapshot) ? new Map<string, Amount>() : this.amounts;
    const growing = reading.parts[0]?.model ?? onlyModelOf(standing);
    const counts = targetCounts(reading, snapshot, standing, growing);
    const target = priceSnapshot(counts, reading, standing, growing, ask);
    const changes = new Map<string, Amount>();
    for (const model of new Set([...target.keys(), ...standing.keys()])) {
      const change = subtractAmounts(target.get(model) ?? NO_AMOUNT, standing.get(model) ?? NO_AMOUNT);
      if (isChange(change, this.#models.get(model)?.amount ?? NO_AMOUNT)) changes.set(model, change);
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

/** Input and output tokens, as far as the snapshot reports them. */
function tokensOf(counts: Counts, snapshot: Counts): number {
  const names: CountName[] = ['input_tokens', 'output_tokens'];
  return names.reduce((sum, name) => sum + (snapshot[name] === undefined ? 0 : (counts[name] ?? 0)), 0);
}

/** What stands by model once the snapshot counts. */
function targetCounts(
  { byModel, parts }: UsageReading,
  snapshot: Counts,
  standing: Amounts,
  growing: string,
): Map<string, Counts> {
  const before = sumAmounts(standing.values()).counts;
  const isOld = standing.size > 0 && !isAnyCounted(subtractReported(snapshot, before));
  const requests = isOld ? before.requests : (snapshot.requests ?? Math.max(before.requests ?? 0, 1));
  if (!byModel) {
    const growth = subtractCounts({ ...before, ...snapshot, ...reported({ requests }) }, before);
    const target = grown(standing, growth, growing);
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
