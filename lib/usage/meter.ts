import { portOf } from '../attachment';
import { UNPRICED_REQUESTS } from '../execution/budget';
import { roundToNano } from '../record/cost';
import { setMember } from '../record/json';
import type { AnyRun } from '../run';
import type { UsageCounters } from './counters';
import { COUNTER_NAMES } from './counters';
import type { UsageFormatName } from './known-formats';
import { isFormatName } from './known-formats';
import type { FormattedReading } from './read-payload';
import { readPayload } from './read-payload';
import { Ledger } from './ledger';
import { normalizeModelName } from './model-name';
import type { RecordOptions, UsageMeterOptions, UsageWarning } from './options';
import { checkMeterOptions, checkRecordOptions } from './options';
import type { Price, UnpricedReason } from './price';
import { PriceBook } from './price';
import type { UsageFormat, UsageReading, UsageScope } from './report';
import type { AskPrice } from './snapshot-price';
import type { MeterDefaults } from './state';
import { readState, STATE_KEY, writeState } from './state';
import type { Amount, Amounts } from './tally';
import { sumAmounts, UNKNOWN_MODEL } from './tally';

/** What one call of `record` added. */
export interface RecordedUsage {
  /** What was added to the counters; negative where a snapshot corrected an estimate. */
  readonly counters: UsageCounters;
  /** What was added to the cost, in US dollars; null where there was no price. */
  readonly costUsd: number | null;
}

/** What one model used. */
export interface ModelUsage {
  /** The counters. */
  readonly tokenUsage: UsageCounters;
  /** How many requests have no price. */
  readonly unpricedRequests: number;
  /** US dollars; null while nothing has a price. */
  readonly costUsd: number | null;
}

/** What all meters of a run share. */
interface Shared {
  readonly ledger: Ledger;
  defaults: MeterDefaults;
  readonly warned: Set<string>;
  hasRecorded: boolean;
}

const SHARED = new WeakMap<AnyRun, Shared>();

const ADVICE: Readonly<Record<UnpricedReason, string>> = {
  model_missing: 'no model was named; give `model` to the meter or to `record`',
  model_unknown: 'the price data does not know the model; give `prices` to the meter',
  prices_not_installed: 'install @pydantic/genai-prices, or give `prices` to the meter',
  counts_refused: 'the reported counts cannot be priced',
};

/**
 * Turns what providers report into a run's counters and cost.
 *
 * Any payload, counted once: snapshots become deltas, repeated requests add nothing, and a request
 * without a price is counted in `unpriced_requests`, never as free. One `record` is at most one
 * `usageUpdated`. Meters of one run share what they have counted; it travels in the run's record under
 * `usage_meter`.
 *
 * @example
 * ```ts
 * const meter = new UsageMeter(run, { provider: 'openai', model: 'gpt-5' });
 * meter.record(response);
 * meter.record(event, { scope: 'cumulative', key: threadId });
 * ```
 */
export class UsageMeter {
  /** The run that is counted for. */
  readonly run: AnyRun;
  readonly #provider: string | null;
  readonly #model: string | null;
  readonly #format: UsageFormatName | UsageFormat | null;
  readonly #prices: PriceBook;
  readonly #onWarning: ((warning: UsageWarning) => void) | null;
  readonly #shared: Shared;

  /**
   * Makes a meter for the run. On a run that was read from a record it goes on from what the record
   * holds, with these options.
   *
   * @throws {RunError} `validation_error` for bad options, and for a record whose `usage_meter` is broken.
   */
  constructor(run: AnyRun, options: UsageMeterOptions = {}) {
    checkMeterOptions(options);
    this.run = run;
    this.#provider = options.provider ?? null;
    this.#model = options.model ?? null;
    this.#format = options.format ?? null;
    this.#prices = new PriceBook(options.prices);
    this.#onWarning = options.onWarning ?? null;
    this.#shared = sharedOf(run);
    const format = typeof this.#format === 'string' ? this.#format : null;
    this.#shared.defaults = { provider: this.#provider, model: this.#model, format };
  }

  /**
   * Makes a meter that goes on from what the run's record holds: provider, model and format (unless
   * given here), snapshots by key, the newest 200 request ids, and the breakdown by model. Functions
   * (`format`, `prices`, `onWarning`) are to be given again.
   *
   * @throws {RunError} `validation_error` when the record's `usage_meter` is broken.
   */
  static restore(run: AnyRun, options: UsageMeterOptions = {}): UsageMeter {
    const { provider, model, format } = sharedOf(run).defaults;
    const known = { provider, model, format: isFormatName(format) ? format : null };
    const given = Object.entries(options).filter(([, option]) => option !== undefined);
    return new UsageMeter(run, { ...known, ...Object.fromEntries(given) });
  }

  /**
   * Counts what a payload reports: a usage object, or the whole response, event or result around it.
   *
   * @returns what was added.
   * @throws {RunError} `validation_error` for a payload of no known format, one that formats read
   * differently, or counts that are none; nothing has changed then.
   * @fires usageUpdated, once, unless nothing was added
   */
  record(payload: unknown, options: RecordOptions = {}): RecordedUsage {
    checkRecordOptions(options);
    const formatted = this.#read(payload, options);
    const warnings: UsageWarning[] = [];
    const ask = this.#asker(formatted, options, warnings);
    const recorded = this.#emit(this.#count(withPlainNames(formatted.reading), options, ask));
    for (const warning of warnings) this.#warn(warning);
    return recorded;
  }

  /**
   * Says where a thread stands that goes on from elsewhere: later snapshots under the key count only
   * what they have beyond this one. Adds nothing to the run. Its cost too, where the payload has one.
   *
   * @throws {RunError} `validation_error`, as `record`
   */
  seed(payload: unknown, options: Pick<RecordOptions, 'key' | 'model' | 'format'> = {}): this {
    checkRecordOptions(options);
    const { reading } = this.#read(payload, options);
    this.#shared.hasRecorded = true;
    this.#shared.ledger.seed(options.key ?? this.#defaultKey, withPlainNames(reading));
    return this;
  }

  /**
   * What each model used, by its name without where it is served
   * (`us.anthropic.claude-opus-4-5-20251101-v1:0` is `claude-opus-4-5-20251101`); `unknown` for what
   * named no model.
   */
  byModel(): Readonly<Record<string, ModelUsage>> {
    const breakdown = {};
    for (const [model, tally] of this.#shared.ledger.models) {
      const { counts, unpriced } = tally.amount;
      const usage: ModelUsage = {
        tokenUsage: countersOf(counts),
        unpricedRequests: unpriced,
        costUsd: tally.costUsd,
      };
      setMember(breakdown, model, usage);
    }
    return breakdown;
  }

  get #defaultKey(): string {
    return this.#provider ?? '';
  }

  #read(payload: unknown, options: RecordOptions): FormattedReading {
    return readPayload(payload, {
      format: options.format ?? this.#format,
      provider: this.#provider,
      model: options.model ?? null,
      defaultModel: this.#model,
    });
  }

  #count(reading: UsageReading, options: RecordOptions, ask: AskPrice): Amounts {
    const { ledger } = this.#shared;
    const { requestId = null, key = this.#defaultKey } = options;
    const scope = options.scope ?? this.#natureOf(reading, key, requestId);
    if (scope === 'cumulative') return ledger.addSnapshot(key, reading, requestId, ask);
    if (reading.liveTotal !== null && options.scope === undefined && requestId === null) {
      return ledger.addLiveTotal(key, reading.liveTotal, reading, ask);
    }
    return ledger.addRequests(key, reading, requestId, ask);
  }

  /** A stream's later events grow the message that is open; with none, they are snapshots of the key. */
  #natureOf({ scope, streamed }: UsageReading, key: string, requestId: string | null): UsageScope {
    const isOrphan = streamed === 'open' && requestId === null && !this.#shared.ledger.hasOpenMessage(key);
    return isOrphan ? 'cumulative' : scope;
  }

  #asker(formatted: FormattedReading, options: RecordOptions, warnings: UsageWarning[]): AskPrice {
    const at = new Date(options.at ?? Date.now());
    const fullNames = new Map(
      formatted.reading.parts.map(({ model }) => [model === null ? null : normalizeModelName(model), model]),
    );
    return (counts, model) => {
      const question = {
        model: fullNames.get(model) ?? (model === UNKNOWN_MODEL ? null : model),
        provider: this.#provider,
        likelyProvider: formatted.provider,
        at,
      };
      const price = this.#prices.priceOf(counts, question);
      if ('usd' in price) return price.usd;
      warnings.push(this.#warningOf(question.model, price));
      return null;
    };
  }

  #warningOf(model: string | null, price: Exclude<Price, { usd: number }>): UsageWarning {
    const { reason } = price;
    const provider = this.#provider;
    const what =
      model === null ? 'Requests' : `Requests of ${model}${provider === null ? '' : ` (${provider})`}`;
    const message = `${what} have no price: ${ADVICE[reason]}`;
    return {
      code: 'unpriced',
      reason,
      message,
      model,
      provider,
      ...('cause' in price ? { cause: price.cause } : {}),
    };
  }

  #emit(changes: Amounts): RecordedUsage {
    const change = sumAmounts(changes.values());
    if (changes.size === 0) return { counters: {}, costUsd: null };
    this.#shared.hasRecorded = true;
    const counters = countersOf(change.counts);
    portOf(this.run).recordUsage(deltaOf(counters, change), change.costUsd);
    return { counters, costUsd: change.costUsd === null ? null : roundToNano(change.costUsd) };
  }

  /** Once for a model; a callback that throws is nobody's fault here. */
  #warn(warning: UsageWarning): void {
    const { warned } = this.#shared;
    const subject = warning.reason === 'prices_not_installed' ? '' : `${warning.provider}\n${warning.model}`;
    if (warned.has(subject) || this.#onWarning === null) return;
    warned.add(subject);
    try {
      this.#onWarning(warning);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

/** One model has one name, wherever it is served. */
function withPlainNames(reading: UsageReading): UsageReading {
  const parts = reading.parts.map((part) => ({
    ...part,
    model: part.model === null ? null : normalizeModelName(part.model),
  }));
  return { ...reading, parts };
}

function sharedOf(run: AnyRun): Shared {
  const found = SHARED.get(run);
  if (found !== undefined) return found;
  const port = portOf(run);
  const kept = port.kept(STATE_KEY);
  const state =
    kept === undefined || kept === null
      ? { ledger: new Ledger(), defaults: { provider: null, model: null, format: null } }
      : readState(kept);
  const shared: Shared = { ...state, warned: new Set(), hasRecorded: kept !== undefined };
  SHARED.set(run, shared);
  port.keep(STATE_KEY, () => (shared.hasRecorded ? writeState(shared) : null));
  return shared;
}

function countersOf(counts: UsageCounters): UsageCounters {
  const counters: Record<string, number> = {};
  for (const name of COUNTER_NAMES) {
    const count = counts[name];
    if (count !== undefined) counters[name] = count;
  }
  return counters;
}

function deltaOf(counters: UsageCounters, { unpriced }: Amount): Record<string, number> {
  return { ...counters, ...(unpriced === 0 ? {} : { [UNPRICED_REQUESTS]: unpriced }) };
}
