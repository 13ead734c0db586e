import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import type { JsonObject, JsonValue } from '../record/json';
import { isJsonObject } from '../record/json';
import type { Counts } from './counters';
import { COUNT_NAMES, countsFrom } from './counters';
import { KeyLedger } from './key-ledger';
import type { RememberedRequest } from './ledger';
import { Ledger } from './ledger';
import { Fields } from './report';
import type { Amount, Amounts } from './tally';

/** Where a meter's state stands in the record of its run. */
export const STATE_KEY = 'usage_meter';

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

/** Entries are written as pairs: a model, a key or a request id may be any text. */
export function writeState({ defaults, ledger }: MeterState): JsonObject {
  const { models, keys, requests } = ledger.state;
  return {
    version: 1,
    provider: defaults.provider,
    model: defaults.model,
    format: defaults.format,
    models: writeAmounts(models),
    keys: newest(keys, WRITTEN_KEYS).map(([key, { amounts, snapshot, openMessage, snapshots }]) => [
      key,
      {
        models: writeAmounts(amounts),
        ...(snapshot === null ? {} : { snapshot, snapshots }),
        ...(openMessage === null ? {} : { open_message: openMessage }),
      },
    ]),
    requests: newest(requests, WRITTEN_REQUESTS).map(([id, request]) => writeRequest(id, request)),
  };
}

/**
 * Reads what {@link writeState} wrote.
 *
 * @throws {RunError} `validation_error`
 */
export function readState(json: JsonValue): MeterState {
  const issues: ValidationIssue[] = [];
  const state = isJsonObject(json) ? json : {};
  if (state['version'] !== 1) {
    issues.push({ path: STATE_KEY, message: 'must be the state of a meter of this version' });
  }
  const reader = new StateReader(issues);
  const ledger = new Ledger({
    models: reader.amounts(state['models']),
    keys: reader.pairs(state['keys'], (value) => reader.keyLedger(value)),
    requests: reader.requests(state['requests']),
  });
  if (issues.length > 0) throw validationError('record', issues);
  const { provider, model, format } = state;
  return { ledger, defaults: { provider: text(provider), model: text(model), format: text(format) } };
}

class StateReader {
  readonly #issues: ValidationIssue[];

  constructor(issues: ValidationIssue[]) {
    this.#issues = issues;
  }

  pairs<Value>(json: JsonValue | undefined, read: (value: JsonObject) => Value): Map<string, Value> {
    const found = new Map<string, Value>();
    for (const pair of Array.isArray(json) ? (json as JsonValue[]) : []) {
      const [name, value] = (Array.isArray(pair) ? pair : []) as JsonValue[];
      if (typeof name === 'string' && isJsonObject(value)) found.set(name, read(value));
      else this.#issues.push({ path: STATE_KEY, message: 'must list pairs of a name and an object' });
    }
    return found;
  }

  amounts(json: JsonValue | undefined): Amounts {
    return this.pairs(json, (value) => this.#amount(value));
  }

  keyLedger(json: JsonObject): KeyLedger {
    const { models, snapshot, open_message: openMessage } = json;
    const counts = isJsonObject(snapshot) ? this.#counts(snapshot) : null;
    const snapshots = new Fields(json, STATE_KEY, this.#issues).count('snapshots') ?? 0;
    return new KeyLedger(this.amounts(models), counts, text(openMessage), snapshots);
  }

  requests(json: JsonValue | undefined): Map<string, RememberedRequest> {
    const found = new Map<string, RememberedRequest>();
    for (const row of Array.isArray(json) ? (json as JsonValue[]) : []) {
      const [id, key, model, snapshots, cost, unpriced, ...counts] = (
        Array.isArray(row) ? row : []
      ) as JsonValue[];
      const named: Record<string, JsonValue> = {};
      counts.forEach((count, index) => (named[COUNT_NAMES[index] ?? ''] = count));
      const amount = this.#amount({ ...named, cost_usd: cost ?? null, unpriced_requests: unpriced ?? null });
      const request = {
        key: text(key) ?? '',
        model: text(model) ?? '',
        amount,
        snapshots: Number(snapshots),
      };
      found.set(text(id) ?? '', request);
    }
    return found;
  }

  #amount(json: JsonObject): Amount {
    const fields = new Fields(json, STATE_KEY, this.#issues);
    return {
      counts: this.#counts(json),
      costUsd: fields.dollars('cost_usd'),
      unpriced: fields.count('unpriced_requests') ?? 0,
    };
  }

  #counts(json: JsonObject): Counts {
    const fields = new Fields(json, STATE_KEY, this.#issues);
    return countsFrom((name) => fields.count(name));
  }
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

/** There may be many: a row of values, the counts in the order of their names. */
function writeRequest(id: string, { key, model, amount, snapshots }: RememberedRequest): JsonValue[] {
  const { counts, costUsd, unpriced } = amount;
  const row = [
    id,
    key,
    model,
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
