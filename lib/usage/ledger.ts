import type { Counts } from './counters';
import { isAnyCounted, largestCounts, subtractCounts } from './counters';
import { KeyLedger } from './key-ledger';
import type { UsagePart, UsageReading } from './report';
import type { AskPrice } from './snapshot-price';
import type { Amount, Amounts } from './tally';
import { isChange, NO_AMOUNT, subtractAmounts, Tally, UNKNOWN_MODEL } from './tally';

/** How many request ids are remembered in the process. */
const REMEMBERED_REQUESTS = 10_000;
/** How many keys are remembered. */
const REMEMBERED_KEYS = 1_000;
/** How many models are told apart; the rest is counted under {@link UNKNOWN_MODEL}. */
const KNOWN_MODELS = 1_000;

/** A request that may be reported again. */
export interface RememberedRequest {
  readonly key: string;
  readonly model: string;
  readonly amount: Amount;
  /** How many snapshots its key had by then: a later one stands for the request too. */
  readonly snapshots: number;
}

/** What a ledger is made of. */
export interface LedgerState {
  readonly models: Amounts;
  readonly keys: ReadonlyMap<string, KeyLedger>;
  readonly requests: ReadonlyMap<string, RememberedRequest>;
}

const NOTHING: Amounts = new Map();

/**
 * What has been counted for one run, so that nothing is counted twice: what stands under each key,
 * what each request id brought, and what each model used.
 *
 * Each method gives what it changed, by model; every price is asked for before anything changes.
 */
export class Ledger {
  readonly #models: Map<string, Tally>;
  readonly #keys: Map<string, KeyLedger>;
  readonly #requests: Map<string, RememberedRequest>;
  readonly #liveTotals = new WeakMap<object, KeyLedger>();

  constructor({ models = new Map(), keys = new Map(), requests = new Map() }: Partial<LedgerState> = {}) {
    this.#models = new Map([...models].map(([model, amount]) => [model, Tally.of(amount)]));
    this.#keys = new Map(keys);
    this.#requests = new Map(requests);
  }

  /** What each model used. */
  get models(): ReadonlyMap<string, Tally> {
    return this.#models;
  }

  /** Everything, for the record. */
  get state(): LedgerState {
    return {
      models: new Map([...this.#models].map(([model, tally]) => [model, tally.amount])),
      keys: this.#keys,
      requests: this.#requests,
    };
  }

  /** Counts requests; with an id, only what has grown since that id was last seen. */
  addRequests(key: string, reading: UsageReading, requestId: string | null, ask: AskPrice): Amounts {
    const id = requestId ?? this.#idOf(key, reading);
    const entries = reading.parts.map((part, index) => {
      const ownId = id === null || index === 0 ? id : `${id}#${index}`;
      return { id: ownId, ...this.#requestOf(part, key, ownId, ask) };
    });
    if (reading.streamed !== null && reading.streamed !== 'open') {
      this.#keyLedger(key).openMessage = reading.streamed.opens;
    }
    const changes = new Map<string, Amount>();
    for (const { id: entryId, request, change } of entries) {
      if (change === null) continue;
      if (entryId !== null) this.#remember(entryId, request);
      this.#keyLedger(request.key).add(request.model, change);
      const before = changes.get(request.model);
      const together = before === undefined ? change : Tally.of(before).add(change).amount;
      changes.set(request.model, together);
    }
    return this.#count(changes);
  }

  /** Counts what a snapshot has beyond what stands under the key; gives back what it has less. */
  addSnapshot(key: string, reading: UsageReading, requestId: string | null, ask: AskPrice): Amounts {
    const named = this.#named(reading);
    if (named.parts.length === 0 || this.#isRepeated(requestId, named)) return NOTHING;
    const keyLedger = this.#keyLedger(key);
    const { target, changes } = keyLedger.compare(named, ask);
    keyLedger.replace(target, named);
    if (requestId !== null) this.#remember(requestId, snapshotRequest(key, named));
    return this.#count(changes);
  }

  /** Counts what an object that grows has beyond what it had; all of it the first time. */
  addLiveTotal(key: string, total: object, reading: UsageReading, ask: AskPrice): Amounts {
    const named = this.#named(reading);
    const seen = this.#liveTotals.get(total) ?? new KeyLedger();
    const { target, changes } = seen.compare(named, ask);
    seen.replace(target, named);
    this.#liveTotals.set(total, seen);
    for (const [model, change] of changes) this.#keyLedger(key).add(model, change);
    return this.#count(changes);
  }

  /** Takes what a snapshot says as counted already. */
  seed(key: string, reading: UsageReading): void {
    const named = this.#named(reading);
    const amounts = named.parts.map(({ model, counts, costUsd }): [string, Amount] => [
      model ?? UNKNOWN_MODEL,
      { counts, costUsd, unpriced: 0 },
    ]);
    this.#keyLedger(key).replace(new Map(amounts), named);
  }

  /** Whether the events of a stream under the key have a message that they belong to. */
  hasOpenMessage(key: string): boolean {
    return (this.#keys.get(key)?.openMessage ?? null) !== null;
  }

  #idOf(key: string, { streamed }: UsageReading): string | null {
    if (streamed === null) return null;
    return streamed === 'open' ? (this.#keys.get(key)?.openMessage ?? null) : streamed.opens;
  }

  #requestOf(
    { model, counts: reported, costUsd }: UsagePart,
    key: string,
    id: string | null,
    ask: AskPrice,
  ): { request: RememberedRequest; change: Amount | null } {
    const known = id === null ? undefined : this.#requests.get(id);
    if (known !== undefined && known.snapshots !== this.#snapshotsOf(known.key)) {
      return this.#grownSince(known, reported, ask);
    }
    const before = known?.amount ?? NO_AMOUNT;
    const name = known?.model ?? this.#nameOf(model);
    const counts = largestCounts(before.counts, { requests: 1, ...reported });
    const isOld =
      known !== undefined &&
      !isChange({ ...NO_AMOUNT, counts: subtractCounts(counts, before.counts) }, before);
    if (isOld && (costUsd === null || costUsd === before.costUsd)) return { request: known, change: null };
    const usd = costUsd ?? ask(counts, name);
    const amount = {
      counts,
      costUsd: usd ?? before.costUsd,
      unpriced: usd === null ? (counts.requests ?? 1) : 0,
    };
    const ofKey = known?.key ?? key;
    const request = { key: ofKey, model: name, amount, snapshots: this.#snapshotsOf(ofKey) };
    return { request, change: subtractAmounts(amount, before) };
  }

  /** A request that a snapshot stands for by now: only its growth is news, at the price of the growth. */
  #grownSince(
    known: RememberedRequest,
    reported: Counts,
    ask: AskPrice,
  ): { request: RememberedRequest; change: Amount | null } {
    const counts = largestCounts(known.amount.counts, reported);
    const growth = subtractCounts(counts, known.amount.counts);
    if (!isAnyCounted(growth)) return { request: known, change: null };
    const costUsd = ask(growth, known.model);
    const request = { ...known, amount: { ...known.amount, counts } };
    return { request, change: { counts: growth, costUsd, unpriced: costUsd === null ? 1 : 0 } };
  }

  #snapshotsOf(key: string): number {
    return this.#keys.get(key)?.snapshots ?? 0;
  }

  /** A snapshot that was handed in before is no new start, however low it is by now. */
  #isRepeated(requestId: string | null, { parts }: UsageReading): boolean {
    const known = requestId === null ? undefined : this.#requests.get(requestId);
    if (known === undefined) return false;
    const counts = snapshotRequest('', { parts }).amount.counts;
    return !isChange({ ...NO_AMOUNT, counts: subtractCounts(counts, known.amount.counts) }, known.amount);
  }

  #named(reading: UsageReading): UsageReading {
    const parts = reading.parts.map((part) => ({
      ...part,
      model: part.model === null ? null : this.#nameOf(part.model),
    }));
    return { ...reading, parts };
  }

  #nameOf(model: string | null): string {
    if (model === null) return UNKNOWN_MODEL;
    return this.#models.has(model) || this.#models.size < KNOWN_MODELS ? model : UNKNOWN_MODEL;
  }

  #keyLedger(key: string): KeyLedger {
    const found = this.#keys.get(key) ?? new KeyLedger();
    touch(this.#keys, key, found, REMEMBERED_KEYS);
    return found;
  }

  #remember(id: string, request: RememberedRequest): void {
    touch(this.#requests, id, request, REMEMBERED_REQUESTS);
  }

  #count(changes: Amounts): Amounts {
    for (const [model, change] of changes) {
      const tally = this.#models.get(model);
      if (tally === undefined) this.#models.set(model, Tally.of(change));
      else tally.add(change);
    }
    return changes;
  }
}

function snapshotRequest(key: string, { parts }: Pick<UsageReading, 'parts'>): RememberedRequest {
  const tally = new Tally();
  for (const { counts, costUsd } of parts) tally.add({ counts, costUsd, unpriced: 0 });
  // Of no count of snapshots that a key has: what stands under this id has been counted.
  return { key, model: UNKNOWN_MODEL, amount: tally.amount, snapshots: -1 };
}

/** Sets the entry as the newest, and forgets the oldest where there are too many. */
function touch<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
