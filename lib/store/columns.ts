import { portOf } from '../attachment';
import type { JsonObject } from '../record/json';
import type { RunJSON } from '../record/record';
import type { AnyRun } from '../run';
import { Run } from '../run';
import type { RunStatus } from '../record/status';
import { decodeText, encodeText } from './column-text';

/** A run as a row: flat, each value a text, a number or null. The names are those of the database. */
export interface StoredRun {
  /** Encoded by `encodeText`, as `session_id` and `provider` are. */
  readonly id: string;
  readonly session_id: string;
  readonly status: string;
  /** 1 while the run holds its session: a session may be asked to have at most one of them. */
  readonly active: 0 | 1;
  readonly provider: string | null;
  /** Milliseconds since the epoch, for order and filters. */
  readonly started_ms: number;
  /** ISO 8601, with every digit. */
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly turn_count: number;
  readonly cost_usd: number | null;
  /** JSON texts, as the rest. */
  readonly token_usage: string;
  readonly input: string | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly metadata: string;
  readonly provider_metadata: string;
  /** The keys of the record that have no column; null for none. */
  readonly extra: string | null;

  /** Grows by one with every change. */
  readonly revision: number;
  /** The `seq` of the last journal entry; 0 for none. */
  readonly seq: number;
  /** Who wrote this revision. */
  readonly writer: string;
  readonly lease_owner: string | null;
  /** Milliseconds since the epoch, by the database's clock; null without a lease. */
  readonly lease_expires_ms: number | null;
  /** When it was last written, renewals included, by the database's clock. */
  readonly touched_ms: number;
}

export type ColumnName = keyof StoredRun;

/** The columns that hold the record. */
export const RECORD_COLUMNS = [
  'id',
  'session_id',
  'status',
  'active',
  'provider',
  'started_ms',
  'started_at',
  'ended_at',
  'turn_count',
  'cost_usd',
  'token_usage',
  'input',
  'output',
  'error',
  'metadata',
  'provider_metadata',
  'extra',
] as const satisfies readonly ColumnName[];

/** Every column. */
export const ALL_COLUMNS = [
  ...RECORD_COLUMNS,
  'revision',
  'seq',
  'writer',
  'lease_owner',
  'lease_expires_ms',
  'touched_ms',
] as const satisfies readonly ColumnName[];

export type RecordColumn = (typeof RECORD_COLUMNS)[number];

/** The values of a run's record, by column. */
export type RecordColumns = Pick<StoredRun, RecordColumn>;

/** What each column is, taken from the run itself: only what is asked for becomes text. */
const READERS: { readonly [Name in RecordColumn]: (run: AnyRun) => StoredRun[Name] } = {
  id: (run) => encodeText(run.id),
  session_id: (run) => encodeText(run.sessionId),
  status: (run) => run.status,
  active: (run) => (run.status === ACTIVE_STATUS ? 1 : 0),
  provider: (run) => (run.provider === null ? null : encodeText(run.provider)),
  started_ms: (run) => run.startedAt.getTime(),
  started_at: (run) => portOf(run).startedAtText,
  ended_at: (run) => portOf(run).endedAtText,
  turn_count: (run) => run.turnCount,
  cost_usd: (run) => run.costUsd,
  token_usage: (run) => JSON.stringify(run.tokenUsage),
  input: (run) => textOrNull(run.input),
  output: (run) => textOrNull(run.output),
  error: (run) => textOrNull(run.error),
  metadata: (run) => JSON.stringify(run.metadata),
  provider_metadata: (run) => JSON.stringify(run.providerMetadata),
  extra: extraOf,
};

/** The status in which a run holds its session. */
export const ACTIVE_STATUS: RunStatus = 'running';

/** The keys of a record that have columns of their own. */
const COLUMN_KEYS: ReadonlySet<string> = new Set([
  'id',
  'session_id',
  'status',
  'input',
  'output',
  'error',
  'metadata',
  'turn_count',
  'token_usage',
  'started_at',
  'ended_at',
  'provider',
  'cost_usd',
  'provider_metadata',
]);

/** The columns named, read from the run. */
export function columnsOf(run: AnyRun, names: Iterable<RecordColumn>): Partial<RecordColumns> {
  const columns: Partial<Record<RecordColumn, unknown>> = {};
  for (const name of names) columns[name] = READERS[name](run);
  return columns as Partial<RecordColumns>;
}

/** The run that a row holds. */
export function runOf(row: RecordColumns): Run {
  const record = {
    ...(row.extra === null ? {} : parse(row.extra)),
    id: decodeText(row.id),
    session_id: decodeText(row.session_id),
    status: row.status,
    input: parseOrNull(row.input),
    output: parseOrNull(row.output),
    error: parseOrNull(row.error),
    metadata: parse(row.metadata),
    turn_count: row.turn_count,
    token_usage: parse(row.token_usage),
    started_at: row.started_at,
    ended_at: row.ended_at,
    provider: row.provider === null ? null : decodeText(row.provider),
    cost_usd: row.cost_usd,
    provider_metadata: parse(row.provider_metadata),
  };
  return Run.fromJSON(record);
}

function extraOf(run: AnyRun): string | null {
  if (!portOf(run).hasMoreKeys) return null;
  const record: RunJSON = run.toJSON();
  const names = Object.keys(record).filter((name) => !COLUMN_KEYS.has(name));
  if (names.length === 0) return null;
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, record[name as keyof RunJSON]])));
}

function textOrNull(payload: object | null): string | null {
  return payload === null ? null : JSON.stringify(payload);
}

function parse(text: string): JsonObject {
  return JSON.parse(text) as JsonObject;
}

function parseOrNull(text: string | null): JsonObject | null {
  return text === null ? null : parse(text);
}
