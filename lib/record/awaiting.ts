import type { ValidationIssue } from './error';
import type { JsonObject, JsonValue } from './json';
import { isJsonObject, ownMember, setMember } from './json';
import type { RunJSON } from './run-json';
import type { Timestamp } from './timestamp';
import { formatTimestamp, parseTimestamp } from './timestamp';

/** What a parked run waits for, on the wire. */
type AwaitingJSON = NonNullable<RunJSON['awaiting']>;

/** What a parked run waits for. */
export interface Awaiting {
  /** Why it waits, as a word: `approval`. */
  readonly reason: string | null;
  /** What the person who answers is to see. */
  readonly data: JsonObject | null;
  /** What the run needs to go on. */
  readonly state: JsonObject | null;
  /** Since when. */
  readonly since: Date;
  /** When it has waited long enough; null for never. */
  readonly expiresAt: Date | null;
  /** The answer, once it is there. */
  readonly answer?: JsonValue;
}

/** What a run that goes on after it was parked is handed. */
export interface Resumed {
  /** As it was parked with. */
  readonly reason: string | null;
  /** As it was parked with. */
  readonly data: JsonObject | null;
  /** As it was parked with. */
  readonly state: JsonObject | null;
  /** What was answered. */
  readonly answer: JsonValue;
}

/** What a run keeps while it waits. */
export interface Wait {
  readonly reason: string | null;
  readonly data: JsonObject | null;
  readonly state: JsonObject | null;
  readonly since: Timestamp;
  readonly expiresAt: Timestamp | null;
  /** The answer in an object of its own, since it may itself be null; null while there is none. */
  readonly answer: { readonly value: JsonValue } | null;
  /** Members of a later version, to be written back. */
  readonly unknown: JsonObject | null;
}

const KNOWN = ['reason', 'data', 'state', 'since', 'expires_at', 'answer'];

/** What a user sees of a wait: the times are copies. */
export function awaitingOf({ reason, data, state, since, expiresAt, answer }: Wait): Awaiting {
  return Object.freeze({
    reason,
    data,
    state,
    since: new Date(since.ms),
    expiresAt: expiresAt === null ? null : new Date(expiresAt.ms),
    ...(answer === null ? {} : { answer: answer.value }),
  });
}

/** A wait as a record has it. */
export function awaitingToJSON({
  reason,
  data,
  state,
  since,
  expiresAt,
  answer,
  unknown,
}: Wait): AwaitingJSON {
  const json = {
    reason,
    data,
    state,
    since: textOf(since),
    expires_at: expiresAt === null ? null : textOf(expiresAt),
    ...(answer === null ? {} : { answer: answer.value }),
  };
  if (unknown !== null) for (const key of Object.keys(unknown)) setMember(json, key, unknown[key]);
  return json;
}

/** Reads what a record says that its run waits for. */
export function readAwaiting(json: unknown, issues: ValidationIssue[]): Wait | null {
  if (json === null) return null;
  if (!isJsonObject(json)) {
    issues.push({ path: 'awaiting', message: 'must be a JSON object' });
    return null;
  }
  const issue = (name: string, message: string): void =>
    void issues.push({ path: `awaiting.${name}`, message });
  const time = (name: string): Timestamp | null => {
    const text = ownMember(json, name) ?? null;
    const timestamp = typeof text === 'string' ? parseTimestamp(text) : null;
    if (timestamp === null && (text !== null || name === 'since')) {
      issue(name, 'must be an ISO 8601 date with time and offset');
    }
    return timestamp;
  };
  const object = (name: string): JsonObject | null => {
    const member = ownMember(json, name) ?? null;
    if (member === null || isJsonObject(member)) return member;
    issue(name, 'must be a JSON object');
    return null;
  };
  const reason = ownMember(json, 'reason') ?? null;
  if (reason !== null && typeof reason !== 'string') issue('reason', 'must be a string');
  const value = ownMember(json, 'answer') as JsonValue | undefined;
  return {
    reason: reason as string | null,
    data: object('data'),
    state: object('state'),
    since: time('since') as Timestamp,
    expiresAt: time('expires_at'),
    answer: value === undefined ? null : { value },
    unknown: unknownOf(json),
  };
}

function unknownOf(json: JsonObject): JsonObject {
  const unknown = {};
  for (const key of Object.keys(json)) if (!KNOWN.includes(key)) setMember(unknown, key, json[key]);
  return unknown;
}

function textOf({ ms, text }: Timestamp): string {
  return text ?? formatTimestamp(ms);
}
