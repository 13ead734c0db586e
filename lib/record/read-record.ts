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
import { isJsonObject, setMember } from './json';
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
import { readCounters } from './token-usage';
import type { TraceContext } from './trace-context';

/** Where class-transformer takes a key from, and where it never looks. Any other key no run itself keeps. */
const PLACES: ReadonlyMap<string, 'scalar' | 'object'> = new Map([
  ...[...OWN_KEYS].map((key) => [key, 'object'] as const),
  ...SCALARS.map(({ key }) => [key, 'scalar'] as const),
]);

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
  const { scalars, objects, unknown } = sortMembers(json);
  const envelope: Envelope = Object.assign(plainToInstance(RecordScalars, scalars), objects);
  findIssues(envelope, (path, message) => issues.push({ path, message }));
  findContradictions(envelope, issues);
  const limits = readLimits(envelope.limits, 'wire', issues);
  const wait = readAwaiting(envelope.awaiting, issues);
  const counters = readCounters(envelope.token_usage, issues);
  if (issues.length > 0) throw recordError(issues, envelope.status);
  const { id, session_id: sessionId } = envelope as {
    id: string;
    session_id: string;
  };
  return { id, sessionId, envelope, counters, limits, wait, unknown };
}

/**
 * Takes over what a record has, into the state of a run that was made with its id and session.
 *
 * @param maker - The name of the class that made the run.
 * @throws {RunError} `invalid_operation` where that class has given it another id or session.
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
  state.turnCount = (envelope.turn_count ?? 0) as number;
  state.startedAt = times.startedAt.ms;
  state.endedAt = times.endedAt?.ms ?? null;
  state.runningAt = times.runningAt?.ms ?? null;
  state.provider = (envelope.provider ?? null) as string | null;
  state.cost = envelope.cost_usd === undefined ? null : new CostSum(envelope.cost_usd as number);
  state.parentRunId = (envelope.parent_run_id ?? null) as string | null;
  state.rootRunId = (envelope.root_run_id ?? null) as string | null;
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
  state.keepIncoming(digitsOf(times), record.unknown);
}

function timeOf(text: unknown): Timestamp | null {
  return typeof text === 'string' ? parseTimestamp(text) : null;
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

/** The members of a record, each where it belongs. */
interface SortedMembers {
  readonly scalars: Record<string, unknown>;
  readonly objects: Record<ObjectKey, unknown>;
  readonly unknown: JsonObject | null;
}

function sortMembers(json: JsonObject): SortedMembers {
  const scalars: Record<string, unknown> = {};
  const objects = noObjects();
  let unknown: JsonObject | null = null;
  for (const key of Object.keys(json)) {
    const value = json[key];
    const place = PLACES.get(key);
    if (place === undefined) setMember((unknown ??= {}), key, value);
    else if (value === null || value === undefined) continue;
    else if (place === 'scalar') scalars[key] = scalarOf(value);
    else objects[key as ObjectKey] = value;
  }
  return { scalars, objects, unknown };
}

/**
 * class-transformer would walk an object and call a function. A symbol stands for both, which no check lets
 * pass.
 */
function scalarOf(value: unknown): unknown {
  return typeof value === 'object' || typeof value === 'function' ? Symbol('no scalar') : value;
}

/** What stands for those that are not there. */
function noObjects(): Record<ObjectKey, unknown> {
  return {
    input: null,
    output: null,
    error: null,
    metadata: NOTHING,
    token_usage: NOTHING,
    provider_metadata: NOTHING,
    limits: null,
    trace_context: null,
    awaiting: null,
  };
}

function findContradictions(envelope: Envelope, issues: ValidationIssue[]): void {
  const { status, ended_at: endedAt, awaiting } = envelope;
  if (!isRunStatus(status)) return;
  if (isTerminalStatus(status) !== (endedAt !== undefined)) {
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
  const error = validationError('record', issues);
  if (typeof status !== 'string' || issues.some(({ path }) => path !== 'status')) return error;
  return new RunError('invalid_status', error.message, {
    details: { issues, from: null, to: shownWord(status), allowed: RUN_STATUSES },
  });
}
