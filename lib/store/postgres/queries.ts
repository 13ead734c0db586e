import type { JournalQuery, RowQuery, StaleQuery } from '../backend';
import type { ColumnName } from '../columns';
import type { TableNames } from './names';

/** Milliseconds since the epoch by the database's clock, now rather than when the transaction began. */
export const NOW_MS = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** A statement and what is bound to it. */
export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/** How a column is read where the driver would make something else of it. */
const READ_AS: Partial<Record<ColumnName, string>> = {
  started_ms: 'double precision',
  turn_count: 'double precision',
  revision: 'double precision',
  seq: 'double precision',
  lease_expires_ms: 'double precision',
  touched_ms: 'double precision',
  token_usage: 'text',
  input: 'text',
  output: 'text',
  error: 'text',
  metadata: 'text',
  provider_metadata: 'text',
  extra: 'text',
};

/** Conditions that hold together, and the values bound to them. */
class Conditions {
  readonly values: unknown[] = [];
  readonly #conditions: string[] = [];

  /** @param make - The condition with the placeholders of the values. */
  add(make: (...placeholders: string[]) => string, ...values: readonly unknown[]): this {
    if (values.includes(undefined)) return this;
    this.#conditions.push(make(...values.map((value) => this.bind(value))));
    return this;
  }

  bind(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  get where(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }
}

export function readQuery({ runs }: TableNames, id: string, columns: readonly ColumnName[]): Statement {
  return { text: `SELECT ${selected(columns)} FROM ${runs} WHERE id = $1`, values: [id] };
}

export function listQuery({ runs }: TableNames, query: RowQuery, columns: readonly ColumnName[]): Statement {
  const { sessionId, status, provider, active, fromMs, toMs, after, limit } = query;
  const conditions = new Conditions()
    .add((value) => `session_id = ${value}`, sessionId)
    .add((value) => `status = ${value}`, status)
    .add((value) => `provider = ${value}`, provider)
    .add((value) => `started_ms >= ${value}::bigint`, fromMs)
    .add((value) => `started_ms < ${value}::bigint`, toMs)
    .add((ms, id) => `(started_ms, id) < (${ms}::bigint, ${id})`, after?.startedMs, after?.id);
  // Written out, so that the index of active runs is found.
  if (active !== undefined) conditions.add(() => (active ? 'active = 1' : 'active = 0'));
  const text = `SELECT ${selected(columns)} FROM ${runs} AS r ${conditions.where}
ORDER BY r.started_ms DESC, r.id DESC LIMIT ${conditions.bind(limit)}`;
  return { text, values: conditions.values };
}

export function staleQuery(
  { runs }: TableNames,
  { sessionId, quietMs, unleased, limit }: StaleQuery,
  columns: readonly ColumnName[],
): Statement {
  const conditions = new Conditions()
    .add(() => 'active = 1')
    .add((value) => `session_id = ${value}`, sessionId)
    .add((value) => `touched_ms <= ${NOW_MS} - ${value}::bigint`, quietMs)
    .add(() => `(lease_expires_ms <= ${NOW_MS}${unleased ? ' OR lease_owner IS NULL' : ''})`);
  const text = `SELECT ${selected(columns)} FROM ${runs} AS r ${conditions.where}
ORDER BY r.started_ms, r.id LIMIT ${conditions.bind(limit)}`;
  return { text, values: conditions.values };
}

export function journalQuery(
  { journal }: TableNames,
  { runId, sessionId, afterSeq, afterPosition, limit }: JournalQuery,
): Statement {
  const conditions = new Conditions()
    .add((value) => `run_id = ${value}`, runId)
    .add((value) => `session_id = ${value}`, sessionId)
    .add((value) => `seq > ${value}::bigint`, afterSeq)
    .add((value) => `position > ${value}::bigint`, afterPosition);
  const text = `SELECT position::double precision, run_id, session_id, seq::double precision, type, data::text, at
FROM ${journal} AS j ${conditions.where}
ORDER BY ${runId === undefined ? 'j.position' : 'j.seq'} LIMIT ${conditions.bind(limit)}`;
  return { text, values: conditions.values };
}

export function deleteQuery({ runs }: TableNames, id: string): Statement {
  return { text: `DELETE FROM ${runs} WHERE id = $1 RETURNING id`, values: [id] };
}

/** The last position that can be read; no row where the journal is empty. */
export function lastPositionQuery({ journal }: TableNames): Statement {
  return {
    text: `SELECT position::double precision FROM ${journal} AS j ORDER BY j.position DESC LIMIT 1`,
    values: [],
  };
}

function selected(columns: readonly ColumnName[]): string {
  return columns.map((name) => (READ_AS[name] === undefined ? name : `${name}::${READ_AS[name]}`)).join(', ');
}
