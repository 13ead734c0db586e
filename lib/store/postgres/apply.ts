import { parseTimestamp } from '../../record/timestamp';
import type { RunWrite } from '../backend';
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

/** A parameter that is there for columns, and what it says of them. */
interface ColumnParameter extends ArrayParameter {
  readonly column: RecordColumn;
  readonly read: (columns: Columns) => unknown;
}

/** What every write has. */
const WRITE_PARAMETERS: readonly (ArrayParameter & { readonly read: (write: RunWrite) => unknown })[] = [
  { name: 'id', type: 'text', read: ({ id }) => id },
  { name: 'session_id', type: 'text', read: ({ sessionId }) => sessionId },
  { name: 'revision', type: 'bigint', read: ({ revision }) => revision },
  { name: 'next_revision', type: 'bigint', read: ({ nextRevision }) => nextRevision },
  { name: 'last_seq', type: 'bigint', read: ({ entries }) => entries[entries.length - 1]?.seq ?? null },
  { name: 'writer', type: 'text', read: ({ writer }) => writer },
  { name: 'changed', type: 'integer', read: ({ columns }) => bitsOf(columns) },
  { name: 'keeps_lease', type: 'boolean', read: ({ lease }) => lease === 'keep' },
  {
    name: 'lease_owner',
    type: 'text',
    read: ({ lease }) => (typeof lease === 'object' ? lease.owner : null),
  },
  {
    name: 'lease_token',
    type: 'text',
    read: ({ lease }) => (typeof lease === 'object' ? lease.token : null),
  },
  {
    name: 'lease_ms',
    type: 'double precision',
    read: ({ lease }) => (typeof lease === 'object' ? lease.ms : null),
  },
  { name: 'exclusive', type: 'boolean', read: ({ exclusive }) => exclusive },
];

/** What only a new row has: the others keep theirs. */
const FIXED_PARAMETERS: readonly ColumnParameter[] = [
  plain('parent_run_id', 'text'),
  plain('root_run_id', 'text'),
  plain('started_ms', 'bigint'),
  ...moment('started_at'),
];

/** What a write may change. The columns, in this order, are the bits of `changed`, the first the lowest. */
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

/** What every journal entry has. */
const ENTRY_TYPES = {
  run_id: 'text',
  seq: 'bigint',
  session_id: 'text',
  type: 'text',
  data: 'json',
  at: 'double precision',
} as const;

/** The parameters behind those arrays. */
const OTHERS = ['replaced_members', 'member_run_id', 'member_name', 'member_value', 'channel', 'payloads'];

const COUNT =
  WRITE_PARAMETERS.length + COLUMN_PARAMETERS.length + Object.keys(ENTRY_TYPES).length + OTHERS.length;
const PLACEHOLDERS = Array.from({ length: COUNT }, (_, index) => `$${index + 1}`).join();

/** The bit of each column in `changed`; none for the columns of new rows. */
const BITS = bitsByColumn();

/** From this bit on, a column is one of a new row. */
const FIXED_BIT = 1 << 30;

/**
 * The call that applies a batch. Each parameter is an array of one thing of all writes: PostgreSQL
 * takes that apart faster than JSON.
 *
 * @param source - Who writes, for those who hear of it.
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

function plain(column: RecordColumn, type: ArrayParameter['type']): ColumnParameter {
  return { name: column, type, column, read: (columns) => columns[column] ?? null };
}

/** A time, as PostgreSQL has it, and as a text where that has more digits than milliseconds. */
function moment(column: 'started_at' | 'running_at' | 'ended_at'): readonly ColumnParameter[] {
  return [
    { name: column, type: 'double precision', column, read: ({ [column]: text }) => secondsOf(text ?? null) },
    { name: `${column}_exact`, type: 'text', column, read: ({ [column]: text }) => exactOf(text ?? null) },
  ];
}

/** As many digits as a number has room for: microseconds, in our time. */
function secondsOf(text: string | null): number | null {
  if (text === null) return null;
  const moment = parseTimestamp(text);
  if (moment === null) return null;
  const { ms } = moment;
  const more = moment.text === null ? 0 : Number(`0.000${text.slice(text.indexOf('.') + 4, -1)}`);
  return ms / 1000 + more;
}

function exactOf(text: string | null): string | null {
  return text === null || parseTimestamp(text)?.text === null ? null : text;
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

/** Null for a column that no write changes: nothing is to be taken apart then. */
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

/** The runs whose members of metadata are replaced, and the members; null for none. */
function memberArrays(writes: readonly RunWrite[]): unknown[] {
  const written = writes.filter(({ columns }) => columns.metadata !== undefined);
  const replaced = written.filter(({ revision }) => revision > 0).map(({ id }) => id);
  const members = written.flatMap(({ id, columns }) =>
    membersOf(columns.metadata as string).map(({ name, value }) => ({ id, name, value })),
  );
  return [
    replaced.length === 0 ? null : replaced,
    ...(['id', 'name', 'value'] as const).map((key) =>
      members.length === 0 ? null : members.map((member) => member[key]),
    ),
  ];
}

/**
 * An array as PostgreSQL writes it, which is how JSON writes it but for the brackets, and for letters
 * that JSON escapes by name (`\n`). JSON texts have none of those; other texts rarely, and the driver
 * writes them then.
 */
function arrayOf(values: unknown[], type: string): unknown {
  const json = JSON.stringify(values);
  if (type === 'text' && json.includes('\\')) return values;
  return `{${json.slice(1, -1)}}`;
}
