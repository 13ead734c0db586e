import { instanceToPlain, plainToInstance } from 'class-transformer';
import type { AwaitingJSON, Wait } from './awaiting';
import { readAwaiting } from './awaiting';
import type { RunLimits, RunLimitsJSON } from './limits';
import { readLimits } from './limits';
import { EnvelopeScalars, wireNameOf } from './envelope';
import type { ValidationIssue } from './error';
import { RunError, validationError } from './error';
import type { JsonObject } from './json';
import { copyJson, isJsonObject, ownMember, setMember } from './json';
import { shownWord } from './refusal';
import { checkedProperties, issueWith } from './rules';
import type { RunStatus } from './status';
import { isRunStatus, isTerminalStatus, RUN_STATUSES } from './status';
import type { Timestamp } from './timestamp';
import { parseTimestamp } from './timestamp';
import type { Counters, TokenUsage } from './token-usage';

/** Where the run stands in a distributed trace: W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** `version-traceid-parentid-flags`, in hex. */
  readonly traceparent: string;
  /** What vendors add to it. */
  readonly tracestate?: string;
}

/**
 * The record of a run: what `toJSON()` gives and `Run.fromJSON` takes.
 *
 * Fourteen keys are always there; the others only when they are set. Keys of a later version are
 * kept and written back.
 */
export interface RunJSON {
  /** Unique. */
  readonly id: string;
  /** The session that the run belongs to. */
  readonly session_id: string;
  /** Where the run stands. */
  readonly status: RunStatus;
  /** What went in. */
  readonly input: JsonObject | null;
  /** What came out. */
  readonly output: JsonObject | null;
  /** What went wrong. */
  readonly error: JsonObject | null;
  /** Whatever the caller keeps with the run. */
  readonly metadata: JsonObject;
  /** How many turns the run itself has taken. */
  readonly turn_count: number;
  /** The run's own counters. */
  readonly token_usage: TokenUsage;
  /** ISO 8601 in UTC. */
  readonly started_at: string;
  /** ISO 8601 in UTC; null while the run lasts. */
  readonly ended_at: string | null;
  /** Who executed the run; null while unknown. */
  readonly provider: string | null;
  /** US dollars; null while unknown. */
  readonly cost_usd: number | null;
  /** What the provider says about the run. */
  readonly provider_metadata: JsonObject;
  /** The run that this one is a child of. */
  readonly parent_run_id?: string;
  /** The run at the top of the tree; of a child only. */
  readonly root_run_id?: string;
  /** When the run first went to `running`: ISO 8601 in UTC. */
  readonly running_at?: string;
  /** What the run may use. */
  readonly limits?: RunLimitsJSON;
  /** Where the run stands in a distributed trace. */
  readonly trace_context?: TraceContext;
  /** What each model used. */
  readonly usage_by_model?: Readonly<Record<string, JsonObject>>;
  /** What a parked run waits for. */
  readonly awaiting?: AwaitingJSON;
  /** What a `UsageMeter` has counted, for a later one to go on from. */
  readonly usage_meter?: JsonObject;
}

/** A record that has its payloads; the scalars are still to come. */
export type RecordDraft = { -readonly [Key in keyof RunJSON]: RunJSON[Key] | undefined };

/** A record, checked, under the names of {@link RunEnvelope}. */
export interface IncomingRecord {
  readonly id: string;
  readonly sessionId: string;
  readonly status: RunStatus;
  readonly turnCount: number;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp | null;
  readonly provider: string | null;
  readonly costUsd: number | null;
  readonly parentRunId: string | null;
  readonly rootRunId: string | null;
  readonly runningAt: Timestamp | null;
  readonly wait: Wait | null;
  readonly input: JsonObject | null;
  readonly output: JsonObject | null;
  readonly error: JsonObject | null;
  readonly metadata: JsonObject;
  readonly providerMetadata: JsonObject;
  readonly counters: Counters;
  readonly traceContext: TraceContext | null;
  readonly limits: RunLimits | null;
  /** The keys that this version does not know. */
  readonly unknown: JsonObject | null;
}

const SCALARS = [
  'id',
  'session_id',
  'status',
  'turn_count',
  'started_at',
  'ended_at',
  'provider',
  'cost_usd',
  'parent_run_id',
  'root_run_id',
  'running_at',
];

/** Frozen, since every record without such a payload shares it. */
const NOTHING: JsonObject = Object.freeze({});

const PAYLOADS = [
  'input',
  'output',
  'error',
  'metadata',
  'provider_metadata',
  'token_usage',
  'trace_context',
  'limits',
  'awaiting',
];

const KNOWN_KEYS: ReadonlySet<string> = new Set([...SCALARS, ...PAYLOADS]);

const CONSTRUCTOR = 'constructor';

type Payloads = Pick<IncomingRecord, 'input' | 'output' | 'error' | 'metadata' | 'providerMetadata'> & {
  readonly tokenUsage: JsonObject;
  readonly traceContext: JsonObject | null;
};

/** A record as it came, under the names of {@link RunEnvelope}, its scalars as class-transformer read them. */
type IncomingEnvelope = EnvelopeScalars & Payloads;

/**
 * Writes the record of a run: class-transformer the scalars, into the record that has the payloads.
 *
 * @param unknown - The keys that this version does not know.
 */
export function writeRecord(
  run: Readonly<EnvelopeScalars>,
  payloads: RecordDraft,
  unknown: JsonObject | null,
): RunJSON {
  const record = Object.assign(payloads, instanceToPlain(scalarsOf(run))) as RunJSON;
  if (unknown !== null) for (const key of Object.keys(unknown)) setMember(record, key, unknown[key]);
  return record;
}

function scalarsOf(run: Readonly<EnvelopeScalars>): EnvelopeScalars {
  const scalars = new EnvelopeScalars();
  scalars.id = run.id;
  scalars.sessionId = run.sessionId;
  scalars.status = run.status;
  scalars.turnCount = run.turnCount;
  scalars.startedAtText = run.startedAtText;
  scalars.endedAtText = run.endedAtText;
  scalars.provider = run.provider;
  scalars.costUsd = run.costUsd;
  return scalars;
}

/** Sets the unknown keys on a record that class-transformer is writing: it needs the `constructor`. */
export function attachUnknown(record: object, unknown: JsonObject | null): void {
  if (unknown === null) return;
  for (const key of Object.keys(unknown)) {
    if (key !== CONSTRUCTOR) setMember(record, key, unknown[key]);
  }
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
  const envelope = readEnvelope(json);
  const issues = envelopeIssues(envelope);
  const limits = readLimits(ownMember(json, 'limits'), 'wire', issues);
  const wait = readAwaiting(ownMember(json, 'awaiting'), issues);
  if (wait !== null && envelope.status !== 'running') {
    issues.push({ path: 'awaiting', message: 'must be null of a run that is not "running"' });
  }
  const counters = copyJson(envelope.tokenUsage, 'token_usage', issues) as Counters;
  if (issues.length > 0) throw recordError(issues, envelope.status);
  return incomingRecord(envelope, counters, limits, wait, unknownMembers(json));
}

function readEnvelope(json: JsonObject): IncomingEnvelope {
  const scalars: Record<string, unknown> = {};
  for (const key of SCALARS) {
    const value = ownMember(json, key);
    if (value === undefined || value === null) continue;
    // An object would be walked and a function called; no scalar of a record is a symbol either.
    scalars[key] = typeof value === 'object' || typeof value === 'function' ? Symbol('no scalar') : value;
  }
  const envelope = plainToInstance(EnvelopeScalars, scalars, { exposeDefaultValues: true });
  return Object.assign(envelope, payloadsOf(json));
}

function payloadsOf(json: JsonObject): Payloads {
  return {
    input: ownMember(json, 'input') ?? null,
    output: ownMember(json, 'output') ?? null,
    error: ownMember(json, 'error') ?? null,
    metadata: ownMember(json, 'metadata') ?? NOTHING,
    providerMetadata: ownMember(json, 'provider_metadata') ?? NOTHING,
    tokenUsage: ownMember(json, 'token_usage') ?? NOTHING,
    traceContext: ownMember(json, 'trace_context') ?? null,
  } as Payloads;
}

function envelopeIssues(envelope: IncomingEnvelope): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  const holder = envelope as unknown as Record<string, unknown>;
  for (const property of checkedProperties()) {
    const message = issueWith(property, holder);
    if (message !== null) issues.push({ path: wireNameOf(property), message });
  }
  if (isRunStatus(envelope.status)) {
    const message = contradiction(envelope);
    if (message !== null) issues.push({ path: 'ended_at', message });
  }
  return issues;
}

function contradiction({ status, endedAtText }: IncomingEnvelope): string | null {
  if (isTerminalStatus(status)) {
    return endedAtText === null ? `is required of a run that is "${status}"` : null;
  }
  return endedAtText === null ? null : `must be null of a run that is "${status}"`;
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

function incomingRecord(
  envelope: IncomingEnvelope,
  counters: Counters,
  limits: RunLimits | null,
  wait: Wait | null,
  unknown: JsonObject | null,
): IncomingRecord {
  const { startedAtText, endedAtText, runningAtText } = envelope;
  return {
    id: envelope.id,
    sessionId: envelope.sessionId,
    status: envelope.status,
    turnCount: envelope.turnCount,
    startedAt: parseTimestamp(startedAtText) as Timestamp,
    endedAt: endedAtText === null ? null : parseTimestamp(endedAtText),
    provider: envelope.provider,
    costUsd: envelope.costUsd,
    parentRunId: envelope.parentRunId,
    rootRunId: envelope.givenRootRunId,
    runningAt: runningAtText === null ? null : parseTimestamp(runningAtText),
    wait,
    input: envelope.input,
    output: envelope.output,
    error: envelope.error,
    metadata: envelope.metadata,
    providerMetadata: envelope.providerMetadata,
    counters,
    traceContext: envelope.traceContext as TraceContext | null,
    limits,
    unknown,
  };
}

function unknownMembers(json: JsonObject): JsonObject | null {
  let unknown: JsonObject | null = null;
  for (const key of Object.keys(json)) {
    if (!KNOWN_KEYS.has(key)) setMember((unknown ??= {}), key, json[key]);
  }
  return unknown;
}
