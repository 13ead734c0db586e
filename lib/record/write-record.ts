import { instanceToPlain } from 'class-transformer';
import { awaitingToJSON } from './awaiting';
import { RecordScalars } from './envelope';
import type { AlwaysKey, Field, KeptKey, RecordKey } from './fields';
import { FIELDS } from './fields';
import type { JsonObject } from './json';
import { setMember } from './json';
import { limitsToJSON } from './limits';
import type { RunJSON } from './run-json';
import type { RunState } from './run-state';

type Members = Record<string, unknown>;

/** The keys that are there only when they are set. */
const SET = FIELDS.filter(({ presence, type }) => presence === 'set' && type !== 'kept');

const FIELDS_BY_KEY: ReadonlyMap<string, Field> = new Map(FIELDS.map((field) => [field.key, field]));

const CONSTRUCTOR = 'constructor';

/** Writes the record of a run: class-transformer the scalars, into the record that has the payloads. */
export function writeRecord(state: RunState): RunJSON {
  const record = recordWith(instanceToPlain(scalarsOf(state)), state, null);
  attachOthers(record, state);
  return record as unknown as RunJSON;
}

/** The scalars of every record that are not null; the others are attached. */
function scalarsOf(state: RunState): RecordScalars {
  const { endedAt, provider, costUsd } = state;
  const scalars = new RecordScalars();
  scalars.id = state.id;
  scalars.session_id = state.sessionId;
  scalars.status = state.status;
  scalars.turn_count = state.turnCount;
  scalars.started_at = state.timeText('startedAt');
  // Stryker disable ConditionalExpression: only faster; a null is written as what is not there
  if (endedAt !== null) scalars.ended_at = state.timeText('endedAt');
  if (provider !== null) scalars.provider = provider;
  if (costUsd !== null) scalars.cost_usd = costUsd;
  // Stryker restore ConditionalExpression
  return scalars;
}

/**
 * Adds to the record that class-transformer is writing all that it must not walk, each key in its place. An
 * unknown key `constructor` is left out: class-transformer needs the real one.
 */
export function attachToRecord(record: object, state: RunState): void {
  const times = { started_at: state.timeText('startedAt'), ended_at: state.timeText('endedAt') };
  Object.assign(record, recordWith(times, state, undefined));
  attachOthers(record as Members, state, CONSTRUCTOR);
}

/** What the record has under a key; null for nothing. */
export function wireValue(state: RunState, key: RecordKey): unknown {
  const field: Field = FIELDS_BY_KEY.get(key) as Field;
  return field.type === 'kept' ? (state.written(key as KeptKey) ?? null) : valueOf(state, field);
}

/** Whether the record has more than the keys of every record. */
export function hasMoreKeys(state: RunState): boolean {
  if (state.unknown !== null || state.keptKeys !== null) return true;
  return SET.some(({ attribute }) => (state as unknown as Members)[attribute] !== null);
}

/**
 * The payloads among the scalars, each key where a reader looks for it.
 *
 * @param absent - The value of a scalar that is not there: null, or undefined where class-transformer is
 * still to write it.
 */
function recordWith(scalars: Members, state: RunState, absent: null | undefined): Members {
  // Written out, since it is made for every record; it does not compile unless it has every key of the table.
  const record: Record<AlwaysKey, unknown> = {
    id: scalars['id'],
    session_id: scalars['session_id'],
    status: scalars['status'],
    input: state.input,
    output: state.output,
    error: state.error,
    metadata: state.metadata,
    turn_count: scalars['turn_count'],
    token_usage: state.tokenUsage,
    started_at: scalars['started_at'],
    ended_at: scalars['ended_at'] ?? null,
    provider: scalars['provider'] ?? absent,
    cost_usd: scalars['cost_usd'] ?? absent,
    provider_metadata: state.providerMetadata,
  };
  for (const field of SET) {
    const value = valueOf(state, field);
    if (value !== null) (record as Members)[field.key] = value;
  }
  return record;
}

function valueOf(state: RunState, { attribute, type }: Field): unknown {
  if (type === 'time') return state.timeText(attribute);
  const value = (state as unknown as Members)[attribute];
  if (type === 'limits') return state.limits === null ? null : limitsToJSON(state.limits);
  if (type === 'awaiting') return state.awaiting === null ? null : awaitingToJSON(state.awaiting);
  return value;
}

/** What this version does not know, and what other parts keep. */
function attachOthers(record: Members, { unknown, keptKeys }: RunState, left?: string): void {
  if (unknown !== null) attachUnknown(record, unknown, left);
  if (keptKeys === null) return;
  for (const [key, write] of keptKeys) {
    const kept = write();
    if (kept !== null) record[key] = kept;
  }
}

function attachUnknown(record: object, unknown: JsonObject, left?: string): void {
  for (const key of Object.keys(unknown)) if (key !== left) setMember(record, key, unknown[key]);
}
