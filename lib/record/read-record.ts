import { plainToInstance } from 'class-transformer';
import type { Wait } from './awaiting';
import { readAwaiting } from './awaiting';
import { CostSum } from './cost';
import type { Envelope } from './envelope';
import { RecordScalars } from './envelope';
import type { ValidationIssue } from './error';
import { RunError, validationError } from './error';
import type { ObjectKey } from './fields';
import { OWN_KEYS, SCALARS } from './fields';
import type { JsonObject } from './json';
import { copyJson, isJsonObject, ownMember, setMember } from './json';
import type { RunLimits } from './limits';
import { readLimits } from './limits';
import { shownWord } from './refusal';
import { findIssues } from './rules';
import type { Digits, RunState } from './run-state';
import { NOTHING } from './run-state';
import type { RunStatus } from './status';
import { isRunStatus, isTerminalStatus, RUN_STATUSES } from './status';
import type { Timestamp } from './timestamp';
import { parseTimestamp } from './timestamp';
import type { Counters } from './token-usage';
import { findNegative } from './token-usage';
import type { TraceContext } from './trace-context';

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
  const limits = readLimits(envelope.limits, 'wire', issues);
  const wait = readAwaiting(envelope.awaiting, issues);
  const counters = copyJson(envelope.token_usage, 'token_usage', issues) as Counters;
  if (isJsonObject(counters)) findNegative(counters, ['token_usage'], issues);
  if (issues.length > 0) throw recordError(issues, envelope.status);
  const { id, session_id: sessionId } = envelope as {
    id: string;
    session_id: string;
  };
  return { id, sessionId, envelope, counters, limits, wait, unknown: unknownMembers(json) };
}

/**
 * Takes over what a record has, into the state of a run that was made with its id and session.
 *
 * @param maker - The name of the class that made the run.
 * @throws {RunError} `invalid_operation` where the class has given it others.
 */
export function adoptRecord(state: RunState, record: IncomingRecord, maker: string): void {
  const { id, sessionId, envelope } = record;
  if (state.id !== id || state.sessionId !== sessionId) {
    const message = `The constructor of ${maker} changes the id or the session of a record`;
    throw new RunError('invalid_operation', message);
  }
  const times = {
    startedAt: timeOf(envelope.started_at) as Timestamp,
    endedAt: timeOf(envelope.ended_at),
    runningAt: timeOf(envelope.running_at),
  };
  state.status = envelope.status as RunStatus;
  state.turnCount = envelope.turn_count as number;
  state.startedAt = times.startedAt.ms;
  state.endedAt = times.endedAt?.ms ?? null;
  state.runningAt = times.runningAt?.ms ?? null;
  state.provider = envelope.provider as string | null;
  state.cost = envelope.cost_usd === null ? null : new CostSum(envelope.cost_usd as number);
  state.parentRunId = envelope.parent_run_id as string | null;
  state.rootRunId = envelope.root_run_id as string | null;
  state.input = envelope.input as JsonObject | null;
  state.output = envelope.output as JsonObject | null;
  state.error = envelope.error as JsonObject | null;
  state.metadata = envelope.metadata as JsonObject;
  state.providerMetadata = envelope.provider_metadata as JsonObject;
  state.traceContext = envelope.trace_context as TraceContext | null;
  state.counters = record.counters;
  state.usage = null;
  state.limits = record.limits;
  state.awaiting = record.wait;
  const digits = digitsOf(times);
  if (digits !== null || record.unknown !== null) {
    state.rare = { digits, unknown: record.unknown, keptKeys: null };
  }
}

function timeOf(text: unknown): Timestamp | null {
  return text === null ? null : parseTimestamp(text as string);
}

/** What times have beyond the millisecond. */
function digitsOf(times: Readonly<Record<string, Timestamp | null>>): Digits | null {
  let digits: Record<string, string> | null = null;
  for (const attribute in times) {
    const text = times[attribute]?.text ?? null;
    if (text !== null) (digits ??= {})[attribute] = text;
  }
  return digits;
}

function readEnvelope(json: JsonObject): Envelope {
  const scalars: Record<string, unknown> = {};
  for (const { key } of SCALARS) {
    const value = ownMember(json, key);
    if (value === undefined || value === null) continue;
    // An object would be walked and a function called; no scalar of a record is a symbol either.
    scalars[key] = typeof value === 'object' || typeof value === 'function' ? Symbol('no scalar') : value;
  }
  const envelope = plainToInstance(RecordScalars, scalars, { exposeDefaultValues: true });
  return Object.assign(envelope, objectsOf(json)) as unknown as Envelope;
}

function objectsOf(json: JsonObject): Record<ObjectKey, unknown> {
  return {
    input: ownMember(json, 'input') ?? null,
    output: ownMember(json, 'output') ?? null,
    error: ownMember(json, 'error') ?? null,
    metadata: ownMember(json, 'metadata') ?? NOTHING,
    token_usage: ownMember(json, 'token_usage') ?? NOTHING,
    provider_metadata: ownMember(json, 'provider_metadata') ?? NOTHING,
    limits: ownMember(json, 'limits') ?? null,
    trace_context: ownMember(json, 'trace_context') ?? null,
    awaiting: ownMember(json, 'awaiting') ?? null,
  };
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
