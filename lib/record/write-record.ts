import { instanceToPlain } from 'class-transformer';
import { awaitingToJSON } from './awaiting';
import { RecordScalars } from './envelope';
import type { Field, KeptKey, RecordKey } from './fields';
import { FIELDS, SCALARS } from './fields';
import type { JsonObject } from './json';
import { setMember } from './json';
import { limitsToJSON } from './limits';
import type { RunJSON } from './run-json';
import type { RunState } from './run-state';

type Members = Record<string, unknown>;

/** The keys that every record has, in their order, and those that are there only when they are set. */
const ALWAYS = FIELDS.filter(({ presence }) => presence !== 'set');
const SET = FIELDS.filter(({ presence, type }) => presence === 'set' && type !== 'kept');

/** The keys that class-transformer writes. */
const WALKED = SCALARS.filter(({ presence }) => presence !== 'set');

const FIELDS_BY_KEY: ReadonlyMap<string, Field> = new Map(FIELDS.map((field) => [field.key, field]));

const CONSTRUCTOR = 'constructor';

/** Writes the record of a run: class-transformer the scalars, into the record that has the payloads. */
export function writeRecord(state: RunState): RunJSON {
  const scalars = new RecordScalars() as Members;
  for (const field of WALKED) scalars[field.key] = valueOf(state, field);
  const record = draftOf(state);
  Object.assign(record, instanceToPlain(scalars));
  attachOthers(record, state);
  return record as unknown as RunJSON;
}

/**
 * Puts onto a record that class-transformer is writing what it must not walk, every key in its place. An
 * unknown `constructor` is left out: it needs the one that is there.
 */
export function attachToRecord(record: object, state: RunState): void {
  Object.assign(record, draftOf(state));
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

/** The payloads and times, each key where a reader looks for it; the scalars are still to come. */
function draftOf(state: RunState): Members {
  const record: Members = {};
  for (const field of ALWAYS) record[field.key] = isWalked(field) ? undefined : valueOf(state, field);
  for (const field of SET) {
    const value = valueOf(state, field);
    if (value !== null) record[field.key] = value;
  }
  return record;
}

function isWalked({ type }: Field): boolean {
  return type !== 'time' && WALKED_TYPES.has(type);
}

const WALKED_TYPES: ReadonlySet<string> = new Set(WALKED.map(({ type }) => type));

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
