import type { Amount, Amounts } from './amount';
import {
  addAmounts,
  atLeast,
  isChange,
  ModelSums,
  NO_AMOUNT,
  NO_AMOUNTS,
  subtractAmounts,
  sumAmounts,
  UNKNOWN_MODEL,
} from './amount';
import type { Counts } from './counts';
import {
  addCounts,
  COUNT_NAMES,
  hasLower,
  isAnyCounted,
  namesIn,
  reported,
  subtractCounts,
  withTotal,
} from './counts';
import { OpenMessages } from './open-messages';
import type { Reading, Readings } from './reading';
import type { AskPrice } from './snapshot-price';
import { priceSnapshot, snapshotCounts } from './snapshot-price';

/** What a key ledger is made of. */
export interface KeyState {
  /** What the last snapshot stands for. */
  readonly settled: Amounts;
  /** Requests that were recorded since. */
  readonly since: Amounts;
  /** What was counted elsewhere, before this run, and is never taken back. */
  readonly seeded: Amounts;
  /** What the last snapshot reported; null before the first. */
  readonly snapshot: Counts | null;
  /** How many snapshots there were. */
  readonly snapshots: number;
  /** Whether the last snapshot includes everything of the requests before it. */
  readonly isFinal: boolean;
  readonly open: OpenMessages;
}

/** How a snapshot changes what was counted. */
export interface Comparison {
  /** What will have been counted once the snapshot is taken over. */
  readonly target: Amounts;
  readonly changes: Amounts;
  readonly isNewStart: boolean;
}

/** What was counted under one key: the last snapshot, and the requests recorded since. */
export class KeyLedger {
  #settled: Amounts;
  #since: ModelSums;
  #seeded: Amounts;
  #snapshot: Counts | null;
  #snapshots: number;
  #isFinal: boolean;
  readonly open: OpenMessages;

  constructor(state: Partial<KeyState> = {}) {
    this.#settled = state.settled ?? NO_AMOUNTS;
    this.#since = new ModelSums(state.since);
    this.#seeded = state.seeded ?? NO_AMOUNTS;
    this.#snapshot = state.snapshot ?? null;
    this.#snapshots = state.snapshots ?? 0;
    this.#isFinal = state.isFinal ?? false;
    this.open = state.open ?? new OpenMessages();
  }

  get state(): KeyState {
    return {
      settled: this.#settled,
      since: this.#since.amounts,
      seeded: this.#seeded,
      snapshot: this.#snapshot,
      snapshots: this.#snapshots,
      isFinal: this.#isFinal,
      open: this.open,
    };
  }

  /** How many snapshots there were: a request that was recorded before the last one is in it. */
  get snapshots(): number {
    return this.#snapshots;
  }

  /** Whether the last snapshot includes everything of the requests before it. */
  get isFinal(): boolean {
    return this.#isFinal;
  }

  add(model: string, change: Amount): void {
    this.#since.add(model, change);
  }

  /**
   * How a snapshot would change what was counted. It replaces everything under the key, even by less. One
   * that is lower than the snapshot before it is a new start, and replaces only what was recorded since
   * that one. Changes nothing yet.
   */
  compare(readings: Readings, ask: AskPrice): Comparison {
    const snapshot = snapshotCounts(readings.list);
    const isNewStart = this.#snapshot !== null && hasLower(snapshot, this.#snapshot);
    const since = this.#since.amounts;
    const standing = isNewStart ? since : addAmounts(this.#settled, since);
    const growing = readings.list[0]?.model ?? onlyModelOf(standing);
    const counts = targetCounts(readings, snapshot, standing, growing);
    const priced = priceSnapshot(counts, readings, standing, growing, ask);
    const target = isNewStart ? priced : atLeast(priced, this.#seeded);
    const changes = new Map<string, Amount>();
    for (const model of new Set([...target.keys(), ...standing.keys()])) {
      const before = standing.get(model) ?? NO_AMOUNT;
      const change = subtractAmounts(target.get(model) ?? NO_AMOUNT, before);
      if (isChange(change, before)) changes.set(model, change);
    }
    return { target, changes, isNewStart };
  }

  /** Takes over a snapshot in place of what was counted. */
  replace({ target, isNewStart }: Omit<Comparison, 'changes'>, readings: Readings): void {
    this.#settled = target;
    this.#since = new ModelSums();
    if (isNewStart) this.#seeded = NO_AMOUNTS;
    this.#snapshot = snapshotCounts(readings.list);
    this.#snapshots += 1;
    this.#isFinal = readings.isFinal;
  }

  /** Keeps a snapshot of what was counted elsewhere. */
  seed(target: Amounts, readings: Readings): void {
    this.replace({ target, isNewStart: false }, { ...readings, isFinal: false });
    this.#seeded = target;
  }
}

/** The counts by model once the snapshot is taken over. */
function targetCounts(
  { byModel, list }: Readings,
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
  return withRequests(replaced(list, standing), requests);
}

/** How the snapshot differs from what was counted; what it does not report does not differ. */
function subtractReported(snapshot: Counts, before: Counts): Counts {
  const difference: Record<string, number> = {};
  for (const name of namesIn(snapshot)) difference[name] = (snapshot[name] ?? 0) - (before[name] ?? 0);
  return difference;
}

function onlyModelOf(standing: Amounts): string {
  const [first, ...others] = standing.keys();
  return first === undefined || others.length > 0 ? UNKNOWN_MODEL : first;
}

/**
 * What was counted, with the growth added to one model; null where that model has too little to subtract
 * from.
 */
function grown(standing: Amounts, growth: Counts, model: string): Map<string, Counts> | null {
  const target = new Map([...standing].map(([name, { counts }]) => [name, counts]));
  const counts = addCounts(target.get(model) ?? {}, growth);
  if (COUNT_NAMES.some((name) => (counts[name] ?? 0) < 0)) return null;
  return target.set(model, withTotal(counts));
}

/** What the snapshot says of each model; what it leaves out stays as it was counted. */
function replaced(list: readonly Reading[], standing: Amounts): Map<string, Counts> {
  const target = new Map<string, Counts>();
  for (const { model, counts } of list) {
    const name = model ?? UNKNOWN_MODEL;
    const before = target.get(name);
    const stood = standing.get(name)?.counts ?? {};
    target.set(name, before === undefined ? withTotal({ ...stood, ...counts }) : addCounts(before, counts));
  }
  return target;
}

/** The counts with so many requests in all: those that no model has go to the first. */
function withRequests(target: Map<string, Counts>, requests: number | undefined): Map<string, Counts> {
  const [first] = target.keys();
  if (first === undefined || requests === undefined) return target;
  const counted = [...target.values()].reduce((sum, counts) => sum + (counts.requests ?? 0), 0);
  const counts = target.get(first) ?? {};
  return target.set(first, { ...counts, requests: Math.max(0, (counts.requests ?? 0) + requests - counted) });
}
