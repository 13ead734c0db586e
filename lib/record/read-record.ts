import { plainToInstance } from 'class-transformer';
import type { Wait } from './awaiting';
import { readAwaiting } from './awaiting';
import { CostSum } from './cost';
import type { Envelope } from './envelope';
import { RecordScalars } from './envelope';
import type { ValidationIssue } from './error';
import { RunError, validationError } from './error';
import type { Field } from './fields';
import { FIELDS, OBJECTS, OWN_KEYS, SCALARS } from './fields';
import type { JsonObject } from './json';
import { copyJson, isJsonObject, ownMember, setMember } from './json';
import type { RunLimits } from './limits';
import { readLimits } from './limits';
import { shownWord } from './refusal';
import { findIssues } from './rules';
import type { RunState } from './run-state';
import { NOTHING } from './run-state';
import type { RunStatus } from './status';
import { isRunStatus, isTerminalStatus, RUN_STATUSES } from './status';
import type { Timestamp } from './timestamp';
import { parseTimestamp } from './timestamp';
import type { Counters } from './token-usage';
import { findNegative } from './token-usage';

/** A record, checked. */
export interface IncomingRecord {
  readonly id: string;
  readonly sessionId: string;
  /** The members under their keys, the scalars as class-transformer read them. */
  readonly envelope: Envelope;
  readonly counters: Counters;
  readonly limits: RunLimits | null;
  readonly wait: Wait | null;
  /** The keys that no run itself keeps. */
  readonly unknown: JsonObject | null;
}

/**
 * Reads a record. Its payloads are taken over by reference, without a look inside.
 *
 * @throws {RunError} `validation_error` with an issue for every bad field, its path as on the wire;
 * `invalid_status` where an unknown word for the status is all that is wrong.
 */
export function readRecord(json: unknown): IncomingRecord {
  if (!isJsonObject(json)) {
    throw validationError('record', [{ path: '', message: 'must be a JSON object' }]);
  }
  const issues: ValidationIssue[] = [];
  const envelope = readEnvelope(json);
  findIssues(envelope, (path, message) => issues.push({ path, message }));
  findContradictions(envelope, issues);
  const limits = readLimits(envelope['limits'], 'wire', issues);
  const wait = readAwaiting(envelope['awaiting'], issues);
  const counters = copyJson(envelope['token_usage'], 'token_usage', issues) as Counters;
  if (isJsonObject(counters)) findNegative(counters, ['token_usage'], issues);
  if (issues.length > 0) throw recordError(issues, envelope.status);
  const { id, session_id: sessionId } = envelope as Record<string, unknown> as {
    id: string;
    session_id: string;
  };
  return { id, sessionId, envelope, counters, limits, wait, unknown: unknownMembers(json) };
}

/** Takes over what a record has. */
export function adoptRecord(state: RunState, record: IncomingRecord): void {
  const members = state as unknown as Record<string, unknown>;
  let digits: Record<string, string> | null = null;
  for (const { key, attribute, type } of ADOPTED) {
    const value = record.envelope[key];
    if (type !== 'time' || value === null) {
      members[attribute] = value;
    } else {
      const { ms, text } = parseTimestamp(value as string) as Timestamp;
      members[attribute] = ms;
      if (text !== null) (digits ??= {})[attribute] = text;
    }
  }
  const { cost_usd: costUsd } = record.envelope;
  state.cost = costUsd === null ? null : new CostSum(costUsd as number);
  state.counters = record.counters;
  state.usage = null;
  state.limits = record.limits;
  state.awaiting = record.wait;
  if (digits !== null || record.unknown !== null) state.incoming = { digits, unknown: record.unknown };
}

/** The members that are taken over as they stand. */
const ADOPTED: readonly Field[] = FIELDS.filter(
  ({ attribute, type }) =>
    !['limits', 'awaiting', 'usage', 'dollars', 'kept'].includes(type) &&
    !['id', 'sessionId'].includes(attribute),
);

function readEnvelope(json: JsonObject): Envelope {
  const scalars: Record<string, unknown> = {};
  for (const { key } of SCALARS) {
    const value = ownMember(json, key);
    if (value === undefined || value === null) continue;
    // An object would be walked and a function called; no scalar of a record is a symbol either.
    scalars[key] = typeof value === 'object' || typeof value === 'function' ? Symbol('no scalar') : value;
  }
  const envelope = plainToInstance(RecordScalars, scalars, { exposeDefaultValues: true }) as Envelope;
  for (const { key, type } of OBJECTS) {
    envelope[key] = ownMember(json, key) ?? (type === 'object' || type === 'usage' ? NOTHING : null);
  }
  return envelope;
}

function findContradictions(envelope: Envelope, issues: ValidationIssue[]): void {
  const { status, ended_at: endedAt, awaiting } = envelope;
  if (!isRunStatus(status)) return;
  if (isTerminalStatus(status) !== (endedAt !== null)) {
    issues.push({ path: 'ended_at', message: endIssue(status) });
  }
  if (awaiting !== null && status !== 'running') {
    issues.push({ path: 'awaiting', message: `must be null of a run that is "${status}"` });
  }
}

function endIssue(status: RunStatus): string {
  const what = isTerminalStatus(status) ? 'is required' : 'must be null';
  return `${what} of a run that is "${status}"`;
}

function recordError(issues: readonly ValidationIssue[], status: unknown): RunError {
  const [first, ...others] = issues;
  if (others.length === 0 && first?.path === 'status' && typeof status === 'string') {
    return new RunError('invalid_status', `Invalid record: status ${first.message}`, {
      details: { issues, from: null, to: shownWord(status), allowed: RUN_STATUSES },
    });
  }
  return validationError('record', issues);
}

function unknownMembers(json: JsonObject): JsonObject | null {
  let unknown: JsonObject | null = null;
  for (const key of Object.keys(json)) {
    if (!OWN_KEYS.has(key)) setMember((unknown ??= {}), key, json[key]);
  }
  return unknown;
}
