import type { RunWrite } from '../backend';
import { COLUMN_PARAMETERS, ENTRY_PARAMETERS, WRITE_PARAMETERS } from './apply-function';
import type { TableNames } from './names';
import { writeNotification } from './notification';
import type { Statement } from './queries';

type WriteParameter = (typeof WRITE_PARAMETERS)[number]['name'];
type EntryParameter = (typeof ENTRY_PARAMETERS)[number]['name'];

type ColumnParameter = (typeof COLUMN_PARAMETERS)[number]['name'];

const COUNT = WRITE_PARAMETERS.length + COLUMN_PARAMETERS.length + ENTRY_PARAMETERS.length + 2;
const PLACEHOLDERS = Array.from({ length: COUNT }, (_, index) => `$${index + 1}`).join();

/** The bit of each column in `changed`. */
const BITS = Object.fromEntries(COLUMN_PARAMETERS.map(({ name }, index) => [name, 1 << index])) as Readonly<
  Record<ColumnParameter, number>
>;

const READERS: Readonly<Record<WriteParameter, (write: RunWrite) => unknown>> = {
  id: (write) => write.id,
  session_id: (write) => write.sessionId,
  revision: (write) => write.revision,
  next_revision: (write) => write.nextRevision,
  last_seq: ({ entries }) => entries[entries.length - 1]?.seq ?? null,
  writer: (write) => write.writer,
  changed: ({ columns }) => bitsOf(columns),
  keeps_lease: ({ lease }) => lease === 'keep',
  owner: ({ lease }) => (typeof lease === 'object' ? lease.owner : null),
  lease_ms: ({ lease }) => (typeof lease === 'object' ? lease.ms : null),
  exclusive: (write) => write.exclusive,
};

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
  const runIds = writes.filter((write) => write.entries.length > 0).map(({ id }) => id);
  return {
    text: `SELECT ${apply}(${PLACEHOLDERS}) AS outcomes`,
    values: [
      ...WRITE_PARAMETERS.map(({ name, type }) => arrayOf(writes.map(READERS[name]), type)),
      ...columnArrays(writes),
      ...entryArrays(writes),
      channel,
      runIds.length === 0 ? null : writeNotification(source, runIds),
    ],
  };
}

function bitsOf(columns: RunWrite['columns']): number {
  let bits = 0;
  for (const name of Object.keys(columns) as (keyof typeof columns)[]) {
    if (name !== 'id' && name !== 'session_id') bits |= BITS[name];
  }
  return bits;
}

/** Null for a column that no write changes: nothing is to be taken apart then. */
function columnArrays(writes: readonly RunWrite[]): unknown[] {
  let changed = 0;
  for (const { columns } of writes) changed |= bitsOf(columns);
  return COLUMN_PARAMETERS.map(({ name, type }) => {
    if ((changed & BITS[name]) === 0) return null;
    return arrayOf(
      writes.map(({ columns }) => columns[name] ?? null),
      type,
    );
  });
}

function entryArrays(writes: readonly RunWrite[]): unknown[] {
  const arrays: Record<EntryParameter, unknown[]> = {
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
  return ENTRY_PARAMETERS.map(({ name, type }) => arrayOf(arrays[name], type));
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
