import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import type { JsonObject, JsonValue } from '../record/json';
import { isJsonObject, setMember } from '../record/json';
import type { Amount, Amounts, AmountSum } from './amount';
import { NO_AMOUNTS } from './amount';
import { dollars } from './around';
import { takeCount } from './count-path';
import type { Counts } from './counts';
import { COUNT_NAMES, countersOf, countsFrom } from './counts';
import { KeyLedger } from './key-ledger';
import type { RememberedRequest } from './ledger';
import { Ledger } from './ledger';
import type { OpenMessage } from './open-messages';
import { OpenMessages } from './open-messages';

/** The key of a run's record under which meters keep what a later one goes on from. */
export const STATE_KEY = 'usage_meter';
/** The key under which they keep what each model used. */
export const BY_MODEL_KEY = 'usage_by_model';

/** How many of the newest request ids and keys go into the record: it is written at every change. */
const WRITTEN_REQUESTS = 200;
const WRITTEN_KEYS = 200;

/** What a meter was made with, as far as JSON can carry it. */
export interface MeterDefaults {
  readonly provider: string | null;
  readonly model: string | null;
  readonly format: string | null;
}

/** What a record keeps of its meters. */
export interface MeterState {
  readonly defaults: MeterDefaults;
  readonly ledger: Ledger;
}

/** What each model used, for readers of the record: rounded as `cost_usd`. */
export function writeModels(models: ReadonlyMap<string, AmountSum>): JsonObject {
  const written: JsonObject = {};
  for (const [model, sum] of models) {
    const { counts, unpriced } = sum.amount;
    const { costUsd } = sum;
    setMember(written, model, {
      ...countersOf(counts),
      ...(unpriced === 0 ? {} : { unpriced_requests: unpriced }),
      cost_usd: costUsd === null ? null : Math.max(0, costUsd),
    });
  }
  return written;
}

/** What a meter needs to go on. Entries are written as pairs: a key or a request id may be any text. */
export function writeState({ defaults, ledger }: MeterState): JsonObject {
  const { keys, requests } = ledger.state;
  const { provider, model, format } = defaults;
  return {
    version: 1,
    ...(provider === null ? {} : { provider }),
    ...(model === null ? {} : { model }),
    ...(format === null ? {} : { format }),
    keys: newest(keys, WRITTEN_KEYS).map(([key, keyLedger]) => [key, writeKey(keyLedger)]),
    requests: newest(requests, WRITTEN_REQUESTS).map(([id, request]) => writeRequest(id, request)),
  };
}

function writeKey(keyLedger: KeyLedger): JsonObject {
  const { settled, since, seeded, snapshot, snapshots, isFinal, open } = keyLedger.state;
  const streams = [...open.streams].map(([agent, messages]) => [agent, messages.map(writeMessage)]);
  return {
    ...(settled.size === 0 ? {} : { settled: writeAmounts(settled) }),
    ...(since.size === 0 ? {} : { since: writeAmounts(since) }),
    ...(seeded.size === 0 ? {} : { seeded: writeAmounts(seeded) }),
    ...(snapshot === null ? {} : { snapshot: { ...snapshot }, snapshots }),
    ...(isFinal ? { final: true } : {}),
    ...(streams.length === 0 ? {} : { open: streams }),
  };
}

function writeMessage({ id, model, input, hasGrown, isOver }: OpenMessage): JsonValue {
  return [id, model, input, hasGrown, isOver];
}

/**
 * Reads what {@link writeState} and {@link writeModels} wrote.
 *
 * @throws {RunError} `validation_error`
 */
export function readState(state: JsonValue, models: JsonValue): MeterState {
  const issues: ValidationIssue[] = [];
  const json = isJsonObject(state) ? state : {};
  if (state !== null && json['version'] !== 1) {
    issues.push({ path: STATE_KEY, message: 'must be the state of a meter of this version' });
  }
  const reader = new StateReader(STATE_KEY, issues);
  const ledger = new Ledger({
    models: new StateReader(BY_MODEL_KEY, issues).models(models),
    keys: reader.pairs(json['keys'], (value) => reader.keyLedger(value)),
    requests: reader.requests(json['requests']),
  });
  if (issues.length > 0) throw validationError('record', issues);
  const { provider, model, format } = json;
  return { ledger, defaults: { provider: text(provider), model: text(model), format: text(format) } };
}

class StateReader {
  readonly #path: string;
  readonly #issues: ValidationIssue[];

  constructor(path: string, issues: ValidationIssue[]) {
    this.#path = path;
    this.#issues = issues;
  }

  models(json: JsonValue): Amounts {
    if (json === null) return NO_AMOUNTS;
    return this.pairs(isJsonObject(json) ? Object.entries(json) : [null], (value) => this.#amount(value));
  }

  pairs<Value>(json: JsonValue | undefined, read: (value: JsonObject) => Value): Map<string, Value> {
    const found = new Map<string, Value>();
    for (const pair of listOf(json)) {
      const [name, value] = listOf(pair);
      if (typeof name === 'string' && isJsonObject(value)) found.set(name, read(value));
      else this.#issues.push({ path: this.#path, message: 'must list pairs of a name and an object' });
    }
    return found;
  }

  keyLedger(json: JsonObject): KeyLedger {
    const { settled, since, seeded, snapshot, snapshots, final, open } = json;
    return new KeyLedger({
      settled: this.#amounts(settled),
      since: this.#amounts(since),
      seeded: this.#amounts(seeded),
      snapshot: isJsonObject(snapshot) ? this.#counts(snapshot) : null,
      snapshots: this.#count(snapshots) ?? 0,
      isFinal: final === true,
      open: this.#open(open),
    });
  }

  requests(json: JsonValue | undefined): Map<string, RememberedRequest> {
    const found = new Map<string, RememberedRequest>();
    for (const row of listOf(json)) {
      const [id, key, model, tier, snapshots, cost, unpriced, ...counts] = listOf(row);
      const named: Record<string, JsonValue> = {};
      counts.forEach((count, index) => (named[COUNT_NAMES[index] ?? ''] = count));
      const amount = this.#amount({ ...named, cost_usd: cost ?? null, unpriced_requests: unpriced ?? null });
      const request = {
        key: text(key) ?? '',
        model: text(model) ?? '',
        amount,
        tier: text(tier),
        snapshots: Number(snapshots),
      };
      found.set(text(id) ?? '', request);
    }
    return found;
  }

  #amounts(json: JsonValue | undefined): Amounts {
    return this.pairs(json, (value) => this.#amount(value));
  }

  #open(json: JsonValue | undefined): OpenMessages {
    const streams = listOf(json).map((stream): [string, OpenMessage[]] => {
      const [agent, messages] = listOf(stream);
      return [text(agent) ?? '', listOf(messages).map((message) => this.#message(message))];
    });
    return new OpenMessages(new Map(streams));
  }

  #message(json: JsonValue): OpenMessage {
    const [id, model, input, hasGrown, isOver] = listOf(json);
    return {
      id: text(id) ?? '',
      model: text(model) ?? '',
      input: this.#count(input) ?? null,
      hasGrown: hasGrown === true,
      isOver: isOver === true,
    };
  }

  #amount(json: JsonObject): Amount {
    return {
      counts: this.#counts(json),
      costUsd: dollars(json['cost_usd'], this.#path, this.#issues),
      unpriced: this.#count(json['unpriced_requests']) ?? 0,
    };
  }

  #counts(json: JsonObject): Counts {
    return countsFrom((name) => this.#count(json[name]));
  }

  #count(value: JsonValue | undefined): number | undefined {
    return takeCount(value, this.#path, this.#issues);
  }
}

function listOf(json: JsonValue | undefined): JsonValue[] {
  return Array.isArray(json) ? (json as JsonValue[]) : [];
}

function writeAmounts(amounts: Amounts): JsonValue[] {
  return [...amounts].map(([model, amount]) => [model, writeAmount(amount)]);
}

function writeAmount({ counts, costUsd, unpriced }: Amount): JsonObject {
  return {
    ...counts,
    ...(costUsd === null ? {} : { cost_usd: Math.max(0, costUsd) }),
    ...(unpriced === 0 ? {} : { unpriced_requests: unpriced }),
  };
}

/** A request as a row of values, the counts in the order of their names: there may be many. */
function writeRequest(id: string, { key, model, amount, tier, snapshots }: RememberedRequest): JsonValue[] {
  const { counts, costUsd, unpriced } = amount;
  const row = [
    id,
    key,
    model,
    tier,
    snapshots,
    costUsd,
    unpriced,
    ...COUNT_NAMES.map((name) => counts[name] ?? null),
  ];
  while (row.at(-1) === null) row.pop();
  return row;
}

function newest<Value>(map: ReadonlyMap<string, Value>, most: number): [string, Value][] {
  return [...map].slice(-most);
}

function text(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
