import type { Timestamp } from '../../record/timestamp';
import { parseTimestamp } from '../../record/timestamp';
import type { Lease, RunWrite } from '../backend';
import type { RecordColumn, RecordColumns } from '../columns';
import { membersOf } from '../metadata';
import type { TableNames } from './names';
import { writeNotifications } from './notification';
import type { Statement } from './queries';

/** A parameter of the function that applies a batch: an array with an element for each write. */
interface ArrayParameter {
  readonly name: string;
  /** Of an element. */
  readonly type: 'text' | 'bigint' | 'smallint' | 'integer' | 'double precision' | 'boolean' | 'json';
}

type Columns = Partial<RecordColumns>;

/** A parameter with values of columns. */
interface ColumnParameter extends ArrayParameter {
  readonly column: RecordColumn;
  readonly read: (columns: Columns) => unknown;
}

/** The parameters that have a value in every write. */
const WRITE_PARAMETERS: readonly (ArrayParameter & { readonly read: (write: RunWrite) => unknown })[] = [
  { name: 'id', type: 'text', read: ({ id }) => id },
  { name: 'session_id', type: 'text', read: ({ sessionId }) => sessionId },
  { name: 'revision', type: 'bigint', read: ({ revision }) => revision },
  { name: 'next_revision', type: 'bigint', read: ({ nextRevision }) => nextRevision },
  { name: 'last_seq', type: 'bigint', read: ({ entries }) => entries[entries.length - 1]?.seq ?? null },
  { name: 'writer', type: 'text', read: ({ writer }) => writer },
  { name: 'changed', type: 'integer', read: ({ columns }) => bitsOf(columns) },
  { name: 'keeps_lease', type: 'boolean', read: ({ lease }) => lease === 'keep' },
  { name: 'lease_owner', type: 'text', read: (write) => leaseOf(write).owner },
  { name: 'lease_token', type: 'text', read: (write) => leaseOf(write).token },
  { name: 'lease_ms', type: 'double precision', read: (write) => leaseOf(write).ms },
  { name: 'exclusive', type: 'boolean', read: ({ exclusive }) => exclusive },
];

/** The columns that only a new row sets; existing rows keep theirs. */
const FIXED_PARAMETERS: readonly ColumnParameter[] = [
  plain('parent_run_id', 'text'),
  plain('root_run_id', 'text'),
  plain('started_ms', 'bigint'),
  ...moment('started_at'),
];

/** The columns that a write may change. In this order they are the bits of `changed`, the lowest first. */
const CHANGING_PARAMETERS: readonly ColumnParameter[] = [
  plain('status', 'text'),
  plain('running', 'smallint'),
  plain('active', 'smallint'),
  plain('awaits', 'text'),
  {
    name: 'awaiting_expires_at',
    type: 'double precision',
    column: 'awaiting_expires_ms',
    read: ({ awaiting_expires_ms: ms }) => (typeof ms === 'number' ? ms / 1000 : null),
  },
  plain('provider', 'text'),
  ...moment('running_at'),
  ...moment('ended_at'),
  plain('turn_count', 'bigint'),
  plain('step_count', 'bigint'),
  plain('cost_usd', 'double precision'),
  plain('token_usage', 'json'),
  plain('usage_by_model', 'json'),
  plain('metadata', 'json'),
  plain('provider_metadata', 'json'),
  plain('awaiting', 'json'),
  plain('input', 'json'),
  plain('output', 'json'),
  plain('error', 'json'),
  plain('extra', 'json'),
];

const COLUMN_PARAMETERS = [...FIXED_PARAMETERS, ...CHANGING_PARAMETERS];

/** The values of a journal entry. */
const ENTRY_TYPES = {
  run_id: 'text',
  seq: 'bigint',
  session_id: 'text',
  type: 'text',
  data: 'json',
  at: 'double precision',
} as const;

/** The parameters after those arrays. */
const OTHERS = ['replaced_members', 'member_run_id', 'member_name', 'member_value', 'channel', 'payloads'];

const COUNT =
  WRITE_PARAMETERS.length + COLUMN_PARAMETERS.length + Object.keys(ENTRY_TYPES).length + OTHERS.length;
const PLACEHOLDERS = Array.from({ length: COUNT }, (_, index) => `$${index + 1}`).join();

/** The bit of each column in `changed`; none for the columns of new rows. */
const BITS = bitsByColumn();

const MILLISECONDS_LENGTH = '2026-02-07T12:34:56.789'.length;

/** From this bit on, a column is one of a new row. */
const FIXED_BIT = 1 << 30;

/**
 * The call that applies a batch. Each parameter is an array with one value of each write: PostgreSQL
 * unpacks arrays faster than JSON.
 *
 * @param source - The store that writes, for the notifications.
 */
export function applyCall(
  { apply }: TableNames,
  writes: readonly RunWrite[],
  channel: string,
  source: string,
): Statement {
  const logged = writes.filter((write) => write.entries.length > 0);
  return {
    text: `SELECT ${apply}(${PLACEHOLDERS}) AS outcomes`,
    values: [
      ...WRITE_PARAMETERS.map(({ read, type }) => arrayOf(writes.map(read), type)),
      ...columnArrays(writes),
      ...entryArrays(writes),
      ...memberArrays(writes),
      channel,
      logged.length === 0 ? null : writeNotifications(source, logged),
    ],
  };
}

/** A word in the place of a lease has none of its members. */
function leaseOf({ lease }: RunWrite): Partial<Lease> {
  return lease as Partial<Lease>;
}

function plain(column: RecordColumn, type: ArrayParameter['type']): ColumnParameter {
  return { name: column, type, column, read: (columns) => columns[column] ?? null };
}

/**
 * The two columns of a time: as PostgreSQL keeps times, and as a text where it has more digits than
 * milliseconds.
 */
function moment(column: 'started_at' | 'running_at' | 'ended_at'): readonly ColumnParameter[] {
  return [
    { name: column, type: 'double precision', column, read: ({ [column]: text }) => secondsOf(text) },
    { name: `${column}_exact`, type: 'text', column, read: ({ [column]: text }) => momentOf(text)?.text },
  ];
}

/** Seconds, with as many digits as a double has room for: microseconds, in this century. */
function secondsOf(text: string | null | undefined): number | null {
  const moment = momentOf(text);
  if (moment === null) return null;
  return moment.ms / 1000 + Number(`0.000${moment.text?.slice(MILLISECONDS_LENGTH, -1) ?? ''}`);
}

function momentOf(text: string | null | undefined): Timestamp | null {
  return typeof text === 'string' ? parseTimestamp(text) : null;
}

function bitsByColumn(): Readonly<Partial<Record<RecordColumn, number>>> {
  const columns = [...new Set(CHANGING_PARAMETERS.map(({ column }) => column))];
  return Object.fromEntries(columns.map((column, index) => [column, 1 << index]));
}

function bitsOf(columns: RunWrite['columns']): number {
  let bits = 0;
  for (const name of Object.keys(columns) as RecordColumn[]) bits |= BITS[name] ?? 0;
  return bits;
}

/** An array for each column; null for one that no write changes, which PostgreSQL then need not unpack. */
function columnArrays(writes: readonly RunWrite[]): unknown[] {
  let changed = 0;
  for (const { columns, revision } of writes) changed |= bitsOf(columns) | (revision === 0 ? FIXED_BIT : 0);
  return COLUMN_PARAMETERS.map(({ column, read, type }) => {
    if ((changed & (BITS[column] ?? FIXED_BIT)) === 0) return null;
    return arrayOf(
      writes.map(({ columns }) => read(columns)),
      type,
    );
  });
}

function entryArrays(writes: readonly RunWrite[]): unknown[] {
  const arrays: Record<keyof typeof ENTRY_TYPES, unknown[]> = {
    run_id: [],
    seq: [],
    session_id: [],
    type: [],
    data: [],
    at: [],
  };
  for (const { id, sessionId, entries } of writes) {
    for (const { seq, type, data, at } of entries) {
      arrays.run_id.push(id);
      arrays.seq.push(seq);
      arrays.session_id.push(sessionId);
      arrays.type.push(type);
      arrays.data.push(data);
      arrays.at.push(at);
    }
  }
  return Object.entries(ENTRY_TYPES).map(([name, type]) =>
    arrayOf(arrays[name as keyof typeof ENTRY_TYPES], type),
  );
}

/** The runs whose metadata members are replaced, and the new members; null for none. */
function memberArrays(writes: readonly RunWrite[]): unknown[] {
  const written = writes.filter(({ columns }) => columns.metadata !== undefined);
  const members = written.flatMap(({ id, columns }) =>
    membersOf(columns.metadata as string).map(({ name, value }) => ({ id, name, value })),
  );
  const arrays = [
    written.map(({ id }) => id),
    ...(['id', 'name', 'value'] as const).map((key) => members.map((member) => member[key])),
  ];
  return arrays.map((array) => (array.length === 0 ? null : array));
}

/**
 * An array in PostgreSQL's notation. That is JSON's but for the brackets and the characters that JSON
 * escapes by name (`\n`). JSON texts hold none of these, other texts rarely do; an array with one is left
 * to the driver.
 */
function arrayOf(values: unknown[], type: string): unknown {
  const json = JSON.stringify(values);
  if (type === 'text' && json.includes('\\')) return values;
  return `{${json.slice(1, -1)}}`;
}
