import { portOf } from '../attachment';
import { UNPRICED_REQUESTS } from '../execution/budget';
import { roundToNano } from '../record/cost';
import { setMember } from '../record/json';
import type { AnyRun } from '../run';
import type { Amount, Amounts } from './amount';
import { sumAmounts, UNKNOWN_MODEL } from './amount';
import type { Counts } from './counts';
import { countersOf } from './counts';
import type { UsageFormatName } from './formats';
import { isFormatName } from './formats';
import { normalizeModelName } from './model-name';
import type { RecordOptions, UsageMeterOptions, UsageWarning } from './options';
import { checkMeterOptions, checkRecordOptions } from './options';
import { PriceBook } from './price';
import { readPayload } from './read-payload';
import type { Readings, UsageFormat } from './reading';
import { meterOptionsOf } from './run-options';
import type { Shared } from './shared';
import { sharedOf } from './shared';
import type { AskPrice } from './snapshot-price';
import { warningOf } from './warnings';

/** What one call of `record` added. */
export interface UsageAmount {
  /** What was added to the counters; negative where a snapshot corrected an estimate. */
  readonly counters: Counts;
  /** What was added to the cost, in US dollars; null where there was no price. */
  readonly costUsd: number | null;
}

/** What one model used. */
export interface UsageTotals {
  /** The counters. */
  readonly tokenUsage: Counts;
  /** How many requests have no price. */
  readonly unpricedRequests: number;
  /** US dollars; null while nothing has a price. */
  readonly costUsd: number | null;
}

const METERS = new WeakMap<AnyRun, UsageMeter>();

/**
 * Turns what providers report into a run's counters and cost.
 *
 * It takes any payload and counts it once. Of a snapshot only the difference counts, a repeated request
 * adds nothing, and a request without a price is counted in `unpriced_requests`, never as free. One
 * `record` is at most one `usageUpdated`. Meters of one run share what they have counted; it travels in the
 * run's record, by model under `usage_by_model`, and what a meter goes on from under `usage_meter`.
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
   * @throws {RunError} `validation_error` for bad options, and for a record whose `usage_meter` or
   * `usage_by_model` is broken.
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
   * The meter of a run: made at the first call, with the options that the run's manager has, else as
   * {@link UsageMeter.restore} makes it.
   *
   * @throws {RunError} `validation_error` when what the run's record holds is broken.
   */
  static of(run: AnyRun): UsageMeter {
    const found = METERS.get(run);
    if (found !== undefined) return found;
    const meter = UsageMeter.restore(run, meterOptionsOf(run));
    METERS.set(run, meter);
    return meter;
  }

  /**
   * Makes a meter that goes on from what the run's record holds: provider, model and format (unless
   * given here), snapshots by key, the newest 200 request ids, and the breakdown by model. Functions
   * (`format`, `prices`, `onWarning`) are to be given again.
   *
   * @throws {RunError} `validation_error` when what the record holds is broken.
   */
  static restore(run: AnyRun, options: UsageMeterOptions = {}): UsageMeter {
    checkMeterOptions(options);
    const { provider, model, format } = sharedOf(run).defaults;
    const known = { provider, model, format: isFormatName(format) ? format : null };
    const given = Object.entries(options).filter(([, option]) => option !== undefined);
    return new UsageMeter(run, { ...known, ...Object.fromEntries(given) });
  }

  /**
   * Counts what a payload reports: a usage object, or the whole response, event or result around it. A
   * payload that has nothing to report yet adds nothing.
   *
   * @returns what was added.
   * @throws {RunError} `validation_error` for a payload of no known format, one that formats read
   * differently, counts that no format takes, values that are no counts, and promises; nothing has changed
   * then.
   * @fires usageUpdated, once, unless nothing was added
   */
  record(payload: unknown, options: RecordOptions = {}): UsageAmount {
    checkRecordOptions(options);
    const readings = this.#read(payload, options);
    const warnings: UsageWarning[] = [];
    const ask = this.#asker(readings, options, warnings);
    const amount = this.#emit(this.#count(withPlainNames(readings), options, ask));
    for (const warning of warnings) this.#shared.warnings.say(warning, this.#onWarning);
    return amount;
  }

  /**
   * Tells the meter what a thread had used before this run. Later snapshots under the key count only what
   * they have beyond this one, and its requests are recognised by their ids. Adds nothing to the run.
   *
   * @throws {RunError} `validation_error`, as `record`
   */
  seed(payload: unknown, options: Pick<RecordOptions, 'key' | 'model' | 'format' | 'requestId'> = {}): this {
    checkRecordOptions(options);
    const readings = this.#read(payload, options);
    const key = options.key ?? readings.key ?? this.#defaultKey;
    if (readings.list.length === 0) return this;
    this.#shared.hasRecorded = true;
    this.#shared.ledger.seed(key, withPlainNames(readings), options.requestId ?? null);
    return this;
  }

  /**
   * What each model used, by its name without where it is served
   * (`us.anthropic.claude-opus-4-5-20251101-v1:0` is `claude-opus-4-5-20251101`); `unknown` for what
   * named no model.
   */
  byModel(): Readonly<Record<string, UsageTotals>> {
    const breakdown = {};
    for (const [model, sum] of this.#shared.ledger.models) {
      const { counts, unpriced } = sum.amount;
      const totals: UsageTotals = {
        tokenUsage: countersOf(counts),
        unpricedRequests: unpriced,
        costUsd: sum.costUsd,
      };
      setMember(breakdown, model, totals);
    }
    return breakdown;
  }

  get #defaultKey(): string {
    return this.#provider ?? '';
  }

  #read(payload: unknown, options: RecordOptions): Readings {
    return readPayload(payload, {
      format: options.format ?? this.#format,
      provider: this.#provider,
      model: options.model ?? null,
      defaultModel: this.#model,
    });
  }

  #count(readings: Readings, options: RecordOptions, ask: AskPrice): Amounts {
    const { ledger } = this.#shared;
    const { requestId = null, scope = readings.scope } = options;
    const key = options.key ?? readings.key ?? this.#defaultKey;
    if (scope === 'cumulative') return ledger.addSnapshot(key, readings, requestId, ask);
    if (readings.liveTotal !== null && options.scope === undefined && requestId === null) {
      return ledger.addLiveTotal(key, readings.liveTotal, readings, ask);
    }
    return ledger.addRequests(key, readings, requestId, ask);
  }

  #asker(readings: Readings, options: RecordOptions, warnings: UsageWarning[]): AskPrice {
    const at = new Date(options.at ?? Date.now());
    return (counts, model, tier) => {
      const question = {
        model: fullNameOf(model, readings),
        provider: this.#provider,
        likelyProvider: readings.provider,
        tier,
        at,
      };
      const price = this.#prices.priceOf(counts, question);
      if ('usd' in price) return price.usd;
      warnings.push(warningOf(question.model, this.#provider, price));
      return null;
    };
  }

  #emit(changes: Amounts): UsageAmount {
    if (changes.size === 0) return { counters: {}, costUsd: null };
    const change = sumAmounts(changes.values());
    this.#shared.hasRecorded = true;
    const counters = countersOf(change.counts);
    portOf(this.run).recordUsage(deltaOf(counters, change), change.costUsd);
    return { counters, costUsd: change.costUsd === null ? null : roundToNano(change.costUsd) };
  }
}

/** The readings with each model under its plain name, the same wherever it is served. */
function withPlainNames(readings: Readings): Readings {
  const isPlain = readings.list.every(({ model }) => model === null || model === normalizeModelName(model));
  if (isPlain) return readings;
  const list = readings.list.map((reading) =>
    reading.model === null ? reading : { ...reading, model: normalizeModelName(reading.model) },
  );
  return { ...readings, list };
}

/** The name as the payload has it: a price may go by where a model is served. */
function fullNameOf(model: string, { list }: Readings): string | null {
  for (const reading of list) {
    if (reading.model !== null && normalizeModelName(reading.model) === model) return reading.model;
  }
  return model === UNKNOWN_MODEL ? null : model;
}

function deltaOf(counters: Counts, { unpriced }: Amount): Record<string, number> {
  return { ...counters, ...(unpriced === 0 ? {} : { [UNPRICED_REQUESTS]: unpriced }) };
}
