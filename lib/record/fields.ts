/** What stands under a key of the record. */
export type FieldType =
  /** A text that is not empty and fits the index of a database. */
  | 'identifier'
  /** A text that fits the index of a database. */
  | 'name'
  /** One of the six statuses. */
  | 'status'
  /** A safe integer, not negative. */
  | 'count'
  /** US dollars, not negative. */
  | 'dollars'
  /** ISO 8601 in UTC. */
  | 'time'
  /** A JSON object, or null. */
  | 'payload'
  /** A JSON object. */
  | 'object'
  /** The counters: a JSON object. */
  | 'usage'
  /** The limits, by their names on the wire. */
  | 'limits'
  /** What a parked run waits for. */
  | 'awaiting'
  /** What another part of the package keeps. */
  | 'kept';

/** A key of the record. */
export interface Field {
  /** Its name on the wire. */
  readonly key: string;
  /** Its name as an attribute of a run. */
  readonly attribute: string;
  readonly type: FieldType;
  /**
   * `required`: a record without it is refused. `always`: every record that is written has it. `set`: only
   * one where it has a value.
   */
  readonly presence: 'required' | 'always' | 'set';
  /**
   * Whether stores have a column for it. The others share one column, with the keys that this version does
   * not know.
   */
  readonly hasColumn: boolean;
}

/**
 * Every key of the record, in the order in which it is written. The one place that lists them: what
 * class-transformer writes and reads, what class-validator checks, and what a store has columns for are
 * all taken from here.
 */
export const FIELDS = [
  { key: 'id', attribute: 'id', type: 'identifier', presence: 'required', hasColumn: true },
  { key: 'session_id', attribute: 'sessionId', type: 'identifier', presence: 'required', hasColumn: true },
  { key: 'status', attribute: 'status', type: 'status', presence: 'required', hasColumn: true },
  { key: 'input', attribute: 'input', type: 'payload', presence: 'always', hasColumn: true },
  { key: 'output', attribute: 'output', type: 'payload', presence: 'always', hasColumn: true },
  { key: 'error', attribute: 'error', type: 'payload', presence: 'always', hasColumn: true },
  { key: 'metadata', attribute: 'metadata', type: 'object', presence: 'always', hasColumn: true },
  { key: 'turn_count', attribute: 'turnCount', type: 'count', presence: 'always', hasColumn: true },
  { key: 'token_usage', attribute: 'tokenUsage', type: 'usage', presence: 'always', hasColumn: true },
  { key: 'started_at', attribute: 'startedAt', type: 'time', presence: 'required', hasColumn: true },
  { key: 'ended_at', attribute: 'endedAt', type: 'time', presence: 'always', hasColumn: true },
  { key: 'provider', attribute: 'provider', type: 'name', presence: 'always', hasColumn: true },
  { key: 'cost_usd', attribute: 'costUsd', type: 'dollars', presence: 'always', hasColumn: true },
  {
    key: 'provider_metadata',
    attribute: 'providerMetadata',
    type: 'object',
    presence: 'always',
    hasColumn: true,
  },
  { key: 'parent_run_id', attribute: 'parentRunId', type: 'identifier', presence: 'set', hasColumn: true },
  { key: 'root_run_id', attribute: 'rootRunId', type: 'identifier', presence: 'set', hasColumn: true },
  { key: 'running_at', attribute: 'runningAt', type: 'time', presence: 'set', hasColumn: true },
  { key: 'limits', attribute: 'limits', type: 'limits', presence: 'set', hasColumn: false },
  { key: 'trace_context', attribute: 'traceContext', type: 'payload', presence: 'set', hasColumn: false },
  { key: 'usage_by_model', attribute: 'usageByModel', type: 'kept', presence: 'set', hasColumn: true },
  { key: 'awaiting', attribute: 'awaiting', type: 'awaiting', presence: 'set', hasColumn: true },
  { key: 'usage_meter', attribute: 'usageMeter', type: 'kept', presence: 'set', hasColumn: false },
] as const satisfies readonly Field[];

/** A key of the record, on the wire. */
export type RecordKey = (typeof FIELDS)[number]['key'];

/** A key that every record has. */
export type AlwaysKey = Exclude<RecordKey, Extract<(typeof FIELDS)[number], { presence: 'set' }>['key']>;

/** A key that class-transformer neither writes nor reads. */
export type ObjectKey = Exclude<RecordKey, ScalarKey | KeptKey>;

/** A key that another part of the package keeps in the record. */
export type KeptKey = Extract<(typeof FIELDS)[number], { type: 'kept' }>['key'];

/** A key that class-transformer writes and reads. */
export type ScalarKey = Extract<(typeof FIELDS)[number], { type: ScalarType }>['key'];

type ScalarType = (typeof SCALAR_TYPES)[number];

const SCALAR_TYPES = [
  'identifier',
  'name',
  'status',
  'count',
  'dollars',
  'time',
] as const satisfies FieldType[];

/** The keys that class-transformer writes and reads. The others are free-form: it would walk into them. */
export const SCALARS: readonly Field[] = FIELDS.filter(({ type }) => isScalar(type));

/** The keys that a run itself keeps. Any other is kept as it came, and written back. */
export const OWN_KEYS: ReadonlySet<string> = new Set(
  FIELDS.filter(({ type }) => type !== 'kept').map(({ key }) => key),
);

/** The keys that a store has columns for. */
export const COLUMN_KEYS: readonly RecordKey[] = FIELDS.filter(({ hasColumn }) => hasColumn).map(
  ({ key }) => key,
);

function isScalar(type: FieldType): boolean {
  return (SCALAR_TYPES as readonly string[]).includes(type);
}
