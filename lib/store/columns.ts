import { portOf } from '../attachment';
import { RunError } from '../record/error';
import type { Field, FieldType, RecordKey } from '../record/fields';
import { COLUMN_KEYS, FIELDS } from '../record/fields';
import type { JsonObject } from '../record/json';
import { isJsonObject } from '../record/json';
import type { RunJSON } from '../record/run-json';
import type { RunStatus } from '../record/status';
import type { AnyRun } from '../run';
import { Run } from '../run';
import { decodeText, encodeText } from './column-text';

/** A run as a row: flat, each value a text, a number or null. The names are those of the database. */
export interface StoredRun {
  /** Encoded by `encodeText`, as the other ids and `provider` are. */
  readonly id: string;
  readonly session_id: string;
  readonly parent_run_id: string | null;
  /** The run's own id where it is nobody's child. */
  readonly root_run_id: string;
  readonly status: string;
  /** 1 while somebody may be executing the run. */
  readonly running: 0 | 1;
  /** 1 while the run holds its session. An exclusive write allows one such row in a session. */
  readonly active: 0 | 1;
  /** What it waits for: a person's answer, or to be resumed with it. */
  readonly awaits: 'answer' | 'resume' | null;
  /** Milliseconds since the epoch; null for no end of the wait. */
  readonly awaiting_expires_ms: number | null;
  readonly provider: string | null;
  /** Milliseconds since the epoch, for order and filters. */
  readonly started_ms: number;
  /** ISO 8601, with every digit, as the other times. */
  readonly started_at: string;
  readonly running_at: string | null;
  readonly ended_at: string | null;
  readonly turn_count: number;
  /** How many steps have begun: the index of the last one. No part of the record. */
  readonly step_count: number;
  readonly cost_usd: number | null;
  /** JSON texts, as the rest. */
  readonly token_usage: string;
  readonly usage_by_model: string | null;
  readonly metadata: string;
  readonly provider_metadata: string;
  readonly awaiting: string | null;
  readonly input: string | null;
  readonly output: string | null;
  readonly error: string | null;
  /** The keys of the record that have no column; null for none. */
  readonly extra: string | null;

  /** Grows by one with every change. */
  readonly revision: number;
  /** The `seq` of the last journal entry; 0 for none. */
  readonly seq: number;
  /** Who wrote this revision. */
  readonly writer: string;
  /** The name of the process that executes the run. */
  readonly lease_owner: string | null;
  /** Tells those who hold leases apart. */
  readonly lease_token: string | null;
  /** For how long the lease was taken, in milliseconds. */
  readonly lease_ms: number | null;
  /** Milliseconds since the epoch, by the database's clock; null without a lease. */
  readonly lease_expires_ms: number | null;
  /** When it was last written, renewals included, by the database's clock. */
  readonly touched_ms: number;
}

export type ColumnName = keyof StoredRun;

/** The columns that hold the record, and where its journal stands. */
export const RECORD_COLUMNS = [
  'id',
  'session_id',
  'parent_run_id',
  'root_run_id',
  'status',
  'running',
  'active',
  'awaits',
  'awaiting_expires_ms',
  'provider',
  'started_ms',
  'started_at',
  'running_at',
  'ended_at',
  'turn_count',
  'step_count',
  'cost_usd',
  'token_usage',
  'usage_by_model',
  'metadata',
  'provider_metadata',
  'awaiting',
  'input',
  'output',
  'error',
  'extra',
] as const satisfies readonly ColumnName[];

/** Every column. */
export const ALL_COLUMNS = [
  ...RECORD_COLUMNS,
  'revision',
  'seq',
  'writer',
  'lease_owner',
  'lease_token',
  'lease_ms',
  'lease_expires_ms',
  'touched_ms',
] as const satisfies readonly ColumnName[];

export type RecordColumn = (typeof RECORD_COLUMNS)[number];

/** The values of a run's record, by column. */
export type RecordColumns = Pick<StoredRun, RecordColumn>;

/** The columns that change with the status. */
export const STATUS_COLUMNS = ['status', 'running', 'active', 'running_at'] as const satisfies RecordColumn[];

/** The columns that say for what the run waits. */
export const AWAITING_COLUMNS = [
  'awaiting',
  'awaits',
  'awaiting_expires_ms',
  'active',
] as const satisfies RecordColumn[];

/** How a key of the record is written to its column, and read back. */
interface Codec {
  readonly write: (value: unknown) => string | number | null;
  /** @param column - Its name, for the error of a value that cannot be read. */
  readonly read: (value: unknown, column: string) => unknown;
}

const PLAIN: Codec = { write: (value) => value as string | number | null, read: (value) => value };

const TEXT: Codec = {
  write: (value) => (value === null ? null : encodeText(value as string)),
  read: (value) => (value === null ? null : decodeText(value as string)),
};

const JSON_TEXT: Codec = {
  write: (value) => (value === null ? null : JSON.stringify(value)),
  read: (value, column) => (value === null ? null : parse(column, value as string)),
};

const CODECS: Readonly<Record<FieldType, Codec>> = {
  identifier: TEXT,
  name: TEXT,
  status: PLAIN,
  count: PLAIN,
  dollars: PLAIN,
  time: PLAIN,
  payload: JSON_TEXT,
  object: JSON_TEXT,
  usage: JSON_TEXT,
  limits: JSON_TEXT,
  awaiting: JSON_TEXT,
  kept: JSON_TEXT,
};

type Reader<Name extends RecordColumn> = (run: AnyRun) => StoredRun[Name];

/** The columns that are not a key of the record as it is. */
const DERIVED = {
  root_run_id: (run) => encodeText(run.rootRunId),
  running: (run) => (run.status === ACTIVE_STATUS ? 1 : 0),
  active: (run) => (holdsSession(run) ? 1 : 0),
  awaits: (run) => awaitsOf(run.awaiting),
  awaiting_expires_ms: (run) => run.awaiting?.expiresAt?.getTime() ?? null,
  started_ms: (run) => run.startedAt.getTime(),
  step_count: (run) => portOf(run).stepCount,
  extra: extraOf,
} as const satisfies { readonly [Name in RecordColumn]?: Reader<Name> };

/** The keys of the record that have columns of their own. */
const COLUMN_FIELDS: readonly Field[] = FIELDS.filter(({ hasColumn }) => hasColumn);

/** How each column is read from a run. Only the columns that are asked for are turned into text. */
const READERS = {
  ...Object.fromEntries(COLUMN_FIELDS.map(({ key, type }) => [key, readerOf(key as RecordKey, type)])),
  ...DERIVED,
} as { readonly [Name in RecordColumn]: Reader<Name> };

function readerOf(key: RecordKey, type: FieldType): (run: AnyRun) => unknown {
  const { write } = CODECS[type];
  return (run) => write(portOf(run).wire(key));
}

/** The status in which a run holds its session. */
export const ACTIVE_STATUS: RunStatus = 'running';

/** The columns named, read from the run. */
export function columnsOf(run: AnyRun, names: Iterable<RecordColumn>): Partial<RecordColumns> {
  const columns: Partial<Record<RecordColumn, unknown>> = {};
  for (const name of names) columns[name] = READERS[name](run);
  return columns as Partial<RecordColumns>;
}

/**
 * The run that a row holds.
 *
 * @throws {RunError} `storage_error` that names the run, where the row cannot be read.
 */
export function runOf(row: StoredRun): Run {
  try {
    for (const name of ['revision', 'seq', 'step_count'] as const) {
      if (!Number.isSafeInteger(row[name]) || row[name] < 0) throw new RangeError(name);
    }
    const run = Run.fromJSON(recordOf(row));
    portOf(run).continueSteps(row.step_count);
    return run;
  } catch (error) {
    throw unreadableError(row.id, error);
  }
}

function recordOf(row: RecordColumns): object {
  const record: Record<string, unknown> = {};
  for (const { key, type, presence } of COLUMN_FIELDS) {
    const value = CODECS[type].read(row[key as RecordColumn], key);
    if (value !== null || presence !== 'set') record[key] = value;
  }
  // The column of a root has its own id; its record does not.
  if (row.parent_run_id === null && row.root_run_id === row.id) delete record['root_run_id'];
  return row.extra === null ? record : { ...record, ...parse('extra', row.extra) };
}

/** Names the run, and nothing of what is in the row: a parser's messages would quote it. */
function unreadableError(rowId: string, cause: unknown): RunError {
  const id = readableId(rowId);
  const reason = cause instanceof RunError ? cause.message : 'a column holds what this package never writes';
  const message = `The row of run ${id} cannot be read: ${reason}`;
  const issues = cause instanceof RunError ? cause.details['issues'] : undefined;
  return new RunError('storage_error', message, {
    details: { runId: id, ...(issues === undefined ? {} : { issues }) },
  });
}

function readableId(rowId: unknown): string {
  try {
    return decodeText(rowId as string);
  } catch {
    return String(rowId);
  }
}

/** Whether the run keeps others out of its session: a child rides with its root, one that waits lets others in. */
function holdsSession(run: AnyRun): boolean {
  return run.status === ACTIVE_STATUS && run.parentRunId === null && run.awaiting === null;
}

function awaitsOf(awaiting: AnyRun['awaiting']): StoredRun['awaits'] {
  if (awaiting === null) return null;
  return Object.hasOwn(awaiting, 'answer') ? 'resume' : 'answer';
}

function extraOf(run: AnyRun): string | null {
  if (!portOf(run).hasMoreKeys) return null;
  const record = run.toJSON() as RunJSON & Readonly<Record<string, unknown>>;
  const names = Object.keys(record).filter((name) => !(COLUMN_KEYS as readonly string[]).includes(name));
  const members = [...names.map((name) => [name, record[name]]), ...rootMembers(run, record)];
  return members.length === 0 ? null : JSON.stringify(Object.fromEntries(members));
}

/**
 * The cases of `root_run_id` that the columns cannot tell: a child's record without one, or a root's record
 * with its own.
 */
function rootMembers(run: AnyRun, record: RunJSON): readonly (readonly [string, unknown])[] {
  const given = record.root_run_id ?? null;
  const isSaid = run.parentRunId === null ? given !== run.id : given !== null;
  return isSaid ? [] : [['root_run_id', given]];
}

function parse(column: string, text: string): JsonObject {
  const value = parsed(text);
  if (isJsonObject(value)) return value;
  throw new RunError('storage_error', `its column ${column} holds no JSON object`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
