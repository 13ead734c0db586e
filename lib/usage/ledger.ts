import type { Amount, Amounts, AmountSum } from './amount';
import {
  isChange,
  ModelSums,
  NO_AMOUNT,
  NO_AMOUNTS,
  subtractAmounts,
  sumAmounts,
  UNKNOWN_MODEL,
} from './amount';
import type { Counts } from './counts';
import { isAnyCounted, largestCounts, subtractCounts } from './counts';
import { KeyLedger } from './key-ledger';
import type { Reading, Readings, StreamedEvent } from './reading';
import type { AskPrice } from './snapshot-price';
import { snapshotCounts } from './snapshot-price';

/** How many request ids are remembered in the process. */
const REMEMBERED_REQUESTS = 10_000;
/** How many keys are remembered. */
const REMEMBERED_KEYS = 1_000;
/** How many models are told apart; the rest is counted under {@link UNKNOWN_MODEL}. */
const KNOWN_MODELS = 1_000;

/** Says of a request that a snapshot includes it: no key ever had so many. */
const INCLUDED = -1;

/** A request that may be reported again. */
export interface RememberedRequest {
  readonly key: string;
  readonly model: string;
  readonly amount: Amount;
  /** The tier that it was priced at: later reports may not say it again. */
  readonly tier: string | null;
  /** How many snapshots its key had by then: a later one includes the request. */
  readonly snapshots: number;
}

/** What a ledger is made of. */
export interface LedgerState {
  readonly models: Amounts;
  readonly keys: ReadonlyMap<string, KeyLedger>;
  readonly requests: ReadonlyMap<string, RememberedRequest>;
}

/** A request as it is to be remembered, and what it changes; null for nothing. */
interface Entry {
  readonly request: RememberedRequest;
  readonly change: Amount | null;
}

/**
 * What has been counted for one run, so that nothing is counted twice: the amounts of each key, of each
 * request id, and of each model.
 *
 * Each method returns what it changed, by model. It asks for all prices before it changes anything.
 */
export class Ledger {
  readonly #models: ModelSums;
  readonly #keys: Map<string, KeyLedger>;
  readonly #requests: Map<string, RememberedRequest>;
  #newestKey: string | null = null;
  readonly #liveTotals = new WeakMap<object, KeyLedger>();

  constructor({ models = NO_AMOUNTS, keys = new Map(), requests = new Map() }: Partial<LedgerState> = {}) {
    this.#models = new ModelSums(models);
    this.#keys = new Map(keys);
    this.#requests = new Map(requests);
  }

  /** What each model used. */
  get models(): ReadonlyMap<string, AmountSum> {
    return this.#models.sums;
  }

  /** Everything, for the record. */
  get state(): Omit<LedgerState, 'models'> {
    return { keys: this.#keys, requests: this.#requests };
  }

  /** Counts requests; with an id, only what has grown since that id was last seen. */
  addRequests(key: string, { list, streamed }: Readings, requestId: string | null, ask: AskPrice): Amounts {
    const [first] = list;
    if (first === undefined) return NO_AMOUNTS;
    const givenId = requestId ?? (streamed === null ? null : this.#streamedId(key, first, streamed));
    const ids = idsOf(list, givenId);
    // The parts of a streamed event name no model: they are of the message's.
    const model = this.#requestOf(ids[0])?.model ?? null;
    const entries = list.map((reading, index) => {
      const id = ids[index] ?? null;
      const named = reading.model === null ? { ...reading, model } : reading;
      return { id, ...this.#entryOf(named, key, id, requestId === null, ask) };
    });
    if (streamed !== null && givenId !== null) this.#follow(key, first, givenId, streamed);
    const changes = new Map<string, Amount>();
    for (const { id, request, change } of entries) {
      if (id !== null && request !== this.#requests.get(id)) this.#remember(id, request);
      if (change === null) continue;
      this.#keyLedger(request.key).add(request.model, change);
      const before = changes.get(request.model);
      changes.set(request.model, before === undefined ? change : sumAmounts([before, change]));
    }
    return this.#count(changes);
  }

  /** Counts the difference between a snapshot and what was counted under its key; it may be negative. */
  addSnapshot(key: string, readings: Readings, requestId: string | null, ask: AskPrice): Amounts {
    const named = this.#named(readings);
    if (named.list.length === 0 || this.#isRepeated(requestId, named)) return NO_AMOUNTS;
    const keyLedger = this.#keyLedger(key);
    const comparison = keyLedger.compare(named, ask);
    keyLedger.replace(comparison, named);
    if (requestId !== null) this.#remember(requestId, snapshotRequest(key, named));
    return this.#count(comparison.changes);
  }

  /** Counts by how much an object has grown since it was last counted; all of it the first time. */
  addLiveTotal(key: string, total: object, readings: Readings, ask: AskPrice): Amounts {
    const named = this.#named(readings);
    const seen = this.#liveTotals.get(total) ?? new KeyLedger();
    const comparison = seen.compare(named, ask);
    seen.replace(comparison, named);
    this.#liveTotals.set(total, seen);
    for (const [model, change] of comparison.changes) this.#keyLedger(key).add(model, change);
    return this.#count(comparison.changes);
  }

  /** Notes what a payload says as already counted: as a snapshot of the key, and each request by its id. */
  seed(key: string, readings: Readings, requestId: string | null): void {
    const named = this.#named(readings);
    const amounts = new ModelSums();
    for (const { model, counts, costUsd } of named.list) {
      amounts.add(model ?? UNKNOWN_MODEL, { counts, costUsd, unpriced: 0 });
    }
    const keyLedger = this.#keyLedger(key);
    keyLedger.seed(amounts.amounts, named);
    const ids = idsOf(named.list, requestId);
    for (const [index, { model, counts, costUsd, tier }] of named.list.entries()) {
      const id = ids[index] ?? null;
      if (id === null) continue;
      const amount = { counts: { requests: 1, ...counts }, costUsd, unpriced: 0 };
      this.#remember(id, { key, model: model ?? UNKNOWN_MODEL, amount, tier, snapshots: INCLUDED });
    }
  }

  /** The id of what an event of a stream reports: that of the message that it is of. */
  #streamedId(key: string, { id, counts }: Reading, streamed: StreamedEvent): string {
    if (id !== null) return id;
    const open = streamed.kind === 'start' ? undefined : this.#keys.get(key)?.open;
    return open?.messageOf(streamed, counts.input_tokens)?.id ?? this.#idWithout(key, streamed);
  }

  /** An id for a message that has none, or of whose stream the beginning was not seen. */
  #idWithout(key: string, { kind, agent }: StreamedEvent): string {
    const base = `stream ${JSON.stringify([key, agent])}`;
    if (kind === 'delta') return base;
    let count = 1;
    while (this.#requests.has(`${base} ${count}`)) count += 1;
    return `${base} ${count}`;
  }

  #follow(key: string, reading: Reading, id: string, streamed: StreamedEvent): void {
    const { open } = this.#keyLedger(key);
    const input = reading.counts.input_tokens ?? null;
    const message = { id, model: this.#nameOf(reading.model), input, hasGrown: false, isOver: false };
    if (streamed.kind === 'start') open.begin(streamed.agent, message);
    else open.grow(streamed.agent, message, streamed.isLast);
  }

  #entryOf(reading: Reading, key: string, id: string | null, isOwnId: boolean, ask: AskPrice): Entry {
    const known = this.#requestOf(id);
    if (known !== undefined && known.snapshots !== this.#snapshotsOf(known.key)) {
      const isSettled = isOwnId && this.#keys.get(known.key)?.isFinal === true;
      return isSettled ? { request: known, change: null } : this.#grownSince(known, reading.counts, ask);
    }
    const before = known?.amount ?? NO_AMOUNT;
    const model = known?.model ?? this.#nameOf(reading.model);
    const tier = reading.tier ?? known?.tier ?? null;
    const reported = { requests: 1, ...reading.counts };
    const counts = reading.isWhole === true ? reported : largestCounts(before.counts, reported);
    const { costUsd } = reading;
    if (costUsd === null && known?.tier === tier) {
      const growth = { ...NO_AMOUNT, counts: subtractCounts(counts, before.counts) };
      if (!isChange(growth, before)) return { request: known, change: null };
    }
    const usd = costUsd ?? ask(counts, model, tier);
    const amount = {
      counts,
      costUsd: usd ?? before.costUsd,
      unpriced: usd === null ? Math.max(1, counts.requests ?? 1) : 0,
    };
    const ofKey = known?.key ?? key;
    const request = { key: ofKey, model, amount, tier, snapshots: this.#snapshotsOf(ofKey) };
    const change = subtractAmounts(amount, before);
    return { request, change: isChange(change, before) ? change : null };
  }

  /**
   * A request that a later snapshot already includes: only its growth since then is counted, at the price
   * of the growth.
   */
  #grownSince(known: RememberedRequest, counted: Counts, ask: AskPrice): Entry {
    const counts = largestCounts(known.amount.counts, counted);
    const growth = subtractCounts(counts, known.amount.counts);
    if (!isAnyCounted(growth)) return { request: known, change: null };
    const costUsd = ask(growth, known.model, known.tier);
    const request = { ...known, amount: { ...known.amount, counts } };
    return { request, change: { counts: growth, costUsd, unpriced: costUsd === null ? 1 : 0 } };
  }

  #requestOf(id: string | null | undefined): RememberedRequest | undefined {
    return typeof id === 'string' ? this.#requests.get(id) : undefined;
  }

  #snapshotsOf(key: string): number {
    return this.#keys.get(key)?.snapshots ?? 0;
  }

  /** Whether the snapshot was handed in before: then it is no new start, however low it is by now. */
  #isRepeated(requestId: string | null, readings: Readings): boolean {
    const known = this.#requestOf(requestId);
    if (known === undefined) return false;
    const change = subtractCounts(snapshotCounts(readings.list), known.amount.counts);
    return !isChange({ ...NO_AMOUNT, counts: change }, known.amount);
  }

  #named(readings: Readings): Readings {
    const list = readings.list.map((reading) => ({
      ...reading,
      model: reading.model === null ? null : this.#nameOf(reading.model),
    }));
    return { ...readings, list };
  }

  #nameOf(model: string | null): string {
    if (model === null) return UNKNOWN_MODEL;
    return this.#models.has(model) || this.#models.size < KNOWN_MODELS ? model : UNKNOWN_MODEL;
  }

  #keyLedger(key: string): KeyLedger {
    const found = this.#keys.get(key) ?? new KeyLedger();
    if (key !== this.#newestKey) touch(this.#keys, key, found, REMEMBERED_KEYS);
    this.#newestKey = key;
    return found;
  }

  #remember(id: string, request: RememberedRequest): void {
    touch(this.#requests, id, request, REMEMBERED_REQUESTS);
  }

  #count(changes: Amounts): Amounts {
    for (const [model, change] of changes) this.#models.add(model, change);
    return changes;
  }
}

/** The ids of requests: the caller's, else their own. Where several share an id, a number is added. */
function idsOf(list: readonly Reading[], given: string | null): (string | null)[] {
  const used = new Map<string, number>();
  return list.map((reading) => {
    const id = given ?? reading.id;
    if (id === null) return null;
    const count = used.get(id) ?? 0;
    used.set(id, count + 1);
    return count === 0 ? id : `${id}#${count}`;
  });
}

function snapshotRequest(key: string, { list }: Pick<Readings, 'list'>): RememberedRequest {
  const amount = { ...NO_AMOUNT, counts: snapshotCounts(list) };
  return { key, model: UNKNOWN_MODEL, amount, tier: null, snapshots: INCLUDED };
}

/** Sets the entry as the newest, and forgets the oldest where there are too many. */
function touch<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
