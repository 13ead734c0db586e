import type {
  JournalQuery,
  MetadataMember,
  PruneQuery,
  RowFilter,
  RowQuery,
  ScanColumn,
  StaleQuery,
} from '../backend';
import type { ColumnName } from '../columns';
import { COUNTED_RUNS } from '../metadata';
import { sourceOf } from '../scanned-row';
import type { TableNames } from './names';

/** A statement and what is bound to it. */
export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/**
 * The expressions of columns that the driver would read as another type, or that are stored in another
 * form.
 */
const READ_AS: Partial<Record<ColumnName, string>> = {
  started_ms: 'r.started_ms::double precision',
  started_at: 'r.started_at_exact',
  running_at: 'coalesce(r.running_at_exact, (extract(epoch FROM r.running_at) * 1000)::text)',
  ended_at: 'coalesce(r.ended_at_exact, (extract(epoch FROM r.ended_at) * 1000)::text)',
  awaiting_expires_ms: '(extract(epoch FROM r.awaiting_expires_at) * 1000)::double precision',
  lease_expires_ms: '(extract(epoch FROM r.lease_expires_at) * 1000)::double precision',
  touched_ms: '(extract(epoch FROM r.touched_at) * 1000)::double precision',
  turn_count: 'r.turn_count::double precision',
  step_count: 'r.step_count::double precision',
  revision: 'r.revision::double precision',
  seq: 'r.seq::double precision',
  token_usage: 'r.token_usage::text',
  usage_by_model: 'r.usage_by_model::text',
  metadata: 'r.metadata::text',
  provider_metadata: 'r.provider_metadata::text',
  awaiting: 'r.awaiting::text',
  input: 'r.input::text',
  output: 'r.output::text',
  error: 'r.error::text',
  extra: 'r.extra::text',
};

/** Conditions that hold together, and the values bound to them. */
class Conditions {
  readonly values: unknown[];
  readonly #conditions: string[] = [];

  /** @param values - What is bound already. */
  constructor(values: unknown[] = []) {
    this.values = values;
  }

  /** @param make - The condition with the placeholders of the values; left out where one is undefined. */
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
  return { text: `SELECT ${selected(columns)} FROM ${runs} AS r WHERE r.id = $1`, values: [id] };
}

/** As {@link readQuery}; nobody else writes the row before the transaction is over. */
export function lockQuery(tables: TableNames, id: string, columns: readonly ColumnName[]): Statement {
  const { text, values } = readQuery(tables, id, columns);
  return { text: `${text} FOR UPDATE`, values };
}

/** A way along an index. */
interface Way {
  readonly from: string;
  /** What the index is ordered by. */
  readonly startedMs: string;
  readonly id: string;
  /**
   * Leading columns of the ORDER BY, so that an index on a column that is null for all these rows gives the
   * order.
   */
  readonly before: string;
}

export function listQuery(tables: TableNames, query: RowQuery, columns: readonly ColumnName[]): Statement {
  const values: unknown[] = [];
  const statuses = mergedStatuses(query);
  if (statuses === undefined) return { text: pageOf(tables, query, selected(columns), values), values };
  // Each part is a page in the order of its index, so the first rows overall are among them.
  const parts = statuses.map((status) => {
    return `(${pageOf(tables, { ...query, statuses: [status] }, selected(columns), values)})`;
  });
  const text = `SELECT * FROM (${parts.join(' UNION ALL ')}) AS p
ORDER BY p.started_ms DESC, p.id DESC LIMIT $${values.push(query.limit)}`;
  return { text, values };
}

/** How many runs have each member; of so many, at most. */
export function memberSizesQuery({ metadata }: TableNames, members: readonly MetadataMember[]): Statement {
  const values: unknown[] = [];
  const counts = members.map(({ name, value }) => {
    const [first, second] = [values.push(name), values.push(value)];
    return `(SELECT count(*)::integer FROM (SELECT FROM ${metadata} WHERE name = $${first} AND value = $${second}
  LIMIT ${COUNTED_RUNS}) AS m)`;
  });
  return { text: `SELECT ARRAY[${counts.join(', ')}] AS sizes`, values };
}

/** The statuses, where there are several and the filter has nothing that an index would serve better. */
function mergedStatuses(filter: RowFilter): RowFilter['statuses'] {
  const { statuses, sessionId, parentRunId, rootRunId, metadata, awaits } = filter;
  const others = [sessionId, parentRunId, rootRunId, metadata, awaits];
  const isPlain = statuses?.length !== 1 && others.every((value) => value === undefined);
  return isPlain ? statuses : undefined;
}

function pageOf(tables: TableNames, query: RowQuery, columns: string, values: unknown[]): string {
  const conditions = new Conditions(values);
  const way = wayOf(tables, query, conditions);
  addFilter(tables, query, way, conditions);
  const { from, startedMs, id, before } = way;
  const { fromMs, toMs, after } = query;
  conditions.add((value) => `${startedMs} >= ${value}::bigint`, fromMs);
  // Only the nearer of two bounds: PostgreSQL would pass over the rows between them one by one.
  if (after !== undefined && (toMs === undefined || after.startedMs < toMs)) {
    conditions.add((ms, key) => `(${startedMs}, ${id}) < (${ms}::bigint, ${key})`, after.startedMs, after.id);
  } else conditions.add((value) => `${startedMs} < ${value}::bigint`, toMs);
  return `SELECT ${columns} FROM ${from} ${conditions.where}
ORDER BY ${before}${startedMs} DESC, ${id} DESC LIMIT ${conditions.bind(query.limit)}`;
}

/**
 * The index to follow: that of metadata members, where nothing better is asked for. PostgreSQL finds the
 * other indexes itself.
 */
function wayOf({ runs, metadata }: TableNames, query: RowQuery, conditions: Conditions): Way {
  const { sessionId, parentRunId, rootRunId, rootsOnly, statuses, provider, awaits } = query;
  const [member] = query.metadata ?? [];
  const others = [sessionId, parentRunId, rootRunId].every((value) => value === undefined);
  if (member !== undefined && others) {
    conditions
      .add((value) => `m.name = ${value}`, member.name)
      .add((value) => `m.value = ${value}`, member.value);
    const from = `${metadata} AS m JOIN ${runs} AS r ON r.id = m.run_id`;
    return { from, startedMs: 'm.started_ms', id: 'm.run_id', before: '' };
  }
  const isByRoots = rootsOnly === true && others && (statuses ?? provider ?? awaits) === undefined;
  const before = isByRoots ? 'r.parent_run_id DESC, ' : '';
  return { from: `${runs} AS r`, startedMs: 'r.started_ms', id: 'r.id', before };
}

function addFilter({ metadata }: TableNames, filter: RowFilter, { from }: Way, conditions: Conditions): void {
  const { sessionId, statuses, provider, parentRunId, rootRunId, rootsOnly, awaits, active } = filter;
  conditions
    .add((value) => `r.session_id = ${value}`, sessionId)
    .add((value) => `r.parent_run_id = ${value}`, parentRunId)
    .add((value) => `r.root_run_id = ${value}`, rootRunId)
    .add((value) => `r.provider = ${value}`, provider)
    .add((value) => `r.awaits = ${value}`, awaits);
  if (statuses?.length === 1) conditions.add((value) => `r.status = ${value}`, statuses[0]);
  else conditions.add((value) => `r.status = ANY (${value})`, statuses);
  if (rootsOnly === true) conditions.add(() => 'r.parent_run_id IS NULL');
  // Written out, so that the index of active runs is found.
  if (active !== undefined) conditions.add(() => (active ? 'r.active = 1' : 'r.active = 0'));
  const isAlongMembers = from.startsWith(metadata);
  for (const { name, value } of (filter.metadata ?? []).slice(isAlongMembers ? 1 : 0)) {
    conditions.add(
      (first, second) =>
        `EXISTS (SELECT FROM ${metadata} AS e WHERE e.name = ${first} AND e.value = ${second} ` +
        'AND e.started_ms = r.started_ms AND e.run_id = r.id)',
      name,
      value,
    );
  }
}

/** A page of rows as one JSON text, which is read in a fraction of the time of its columns. */
export function scanQuery(tables: TableNames, query: RowQuery, columns: readonly ScanColumn[]): Statement {
  const sources = columns.map((column) => sourceOf(column).name);
  const wanted = [...new Set([...sources, 'usage_by_model', 'started_ms', 'id'])];
  const values: unknown[] = [];
  const page = pageOf(tables, query, wanted.map((name) => `r.${name}`).join(', '), values);
  const text = `WITH page AS MATERIALIZED (${page})
SELECT json_agg(json_build_array(${columns.map(scannedOf).join(', ')}))::text AS rows,
  (SELECT json_build_array(l.started_ms, l.id)::text FROM page AS l ORDER BY l.started_ms, l.id LIMIT 1) AS last
FROM page AS p`;
  return { text, values };
}

function scannedOf(column: ScanColumn): string {
  const { name, isUnsplit } = sourceOf(column);
  const isWhole = "p.usage_by_model IS NULL OR p.usage_by_model::text = '{}'";
  return isUnsplit ? `CASE WHEN ${isWhole} THEN p.${name} END` : `p.${name}`;
}

/**
 * Running runs whose lease has run out although it could have been renewed, and waiting ones whose time is
 * over.
 */
export function staleQuery(
  { runs }: TableNames,
  query: StaleQuery,
  columns: readonly ColumnName[],
): Statement {
  const { sessionId, unleasedQuietMs, reachableForMs, after, limit } = query;
  const conditions = new Conditions();
  const quiet = conditions.bind(unleasedQuietMs);
  const reachable = conditions.bind(reachableForMs ?? null);
  conditions
    .add(() => 'r.running = 1')
    .add((value) => `r.session_id = ${value}`, sessionId)
    .add((ms, id) => `(r.started_ms, r.id) < (${ms}::bigint, ${id})`, after?.startedMs, after?.id)
    .add(
      () => `CASE WHEN r.awaits = 'resume' THEN false
  WHEN r.awaits = 'answer' THEN coalesce(r.awaiting_expires_at <= now.at, false)
  WHEN r.lease_token IS NOT NULL THEN r.lease_expires_at <= now.at AND
    (now.up_from <= r.lease_expires_at - r.lease_ms * interval '1 millisecond' OR
     now.up_from + r.lease_ms / 2 * interval '1 millisecond' <= now.at)
  ELSE coalesce(r.touched_at <= now.at - ${quiet}::double precision * interval '1 millisecond', false) END`,
    );
  const text = `SELECT ${selected(columns)} FROM ${runs} AS r, (SELECT c.at, greatest(pg_postmaster_start_time(),
    c.at - ${reachable}::double precision * interval '1 millisecond') AS up_from
  FROM (SELECT clock_timestamp() AS at OFFSET 0) AS c) AS now ${conditions.where}
ORDER BY r.started_ms DESC, r.id DESC LIMIT ${conditions.bind(limit)}`;
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
    .add((value) => `position > ${value}::bigint`, runId === undefined ? afterPosition : undefined);
  const text = `SELECT position::double precision, run_id, session_id, seq::double precision, type, data::text, at
FROM ${journal} AS j ${conditions.where}
ORDER BY ${runId === undefined ? 'j.position' : 'j.seq'} LIMIT ${conditions.bind(limit)}`;
  return { text, values: conditions.values };
}

/** Removes a run, and tells others. */
export function deleteQuery({ runs }: TableNames, id: string, channel: string, source: string): Statement {
  return {
    text: `WITH gone AS (DELETE FROM ${runs} WHERE id = $1 RETURNING id, session_id)
SELECT pg_notify($2, json_build_array($3::text, json_build_array(id), json_build_array(session_id))::text) FROM gone`,
    values: [id, channel, source],
  };
}

/** The last position that can be read; no row where the journal is empty. */
export function headQuery({ journal }: TableNames): Statement {
  return {
    text: `SELECT position::double precision FROM ${journal} AS j ORDER BY j.position DESC LIMIT 1`,
    values: [],
  };
}

/**
 * Removes what may go of the ended runs that come next, and says how far it came. Rows that somebody
 * writes at the moment are left for later.
 */
export function pruneQuery(tables: TableNames, query: PruneQuery): Statement {
  const { runs, journal } = tables;
  const { endedBeforeMs, journalOnly, after, limit } = query;
  const conditions = new Conditions()
    .add(() => 'r.ended_at IS NOT NULL')
    .add((value) => `r.ended_at < to_timestamp(${value}::double precision)`, endedBeforeMs / 1000)
    .add((at, id) => `(r.ended_at, r.id) > (${at}::timestamptz, ${id})`, after?.endedAt, after?.id);
  if (journalOnly) conditions.add(() => 'r.has_journal = 1');
  const text = `WITH page AS MATERIALIZED (
  SELECT r.id, r.ended_at FROM ${runs} AS r ${conditions.where}
  ORDER BY r.ended_at, r.id LIMIT ${conditions.bind(limit)}
), ${journalOnly ? forgotten(runs, journal) : removed(runs)}
SELECT array(SELECT id FROM gone) AS run_ids, array(SELECT DISTINCT session_id FROM gone) AS session_ids,
  (SELECT count(*)::integer FROM page) AS seen,
  (SELECT json_build_array(p.ended_at::text, p.id)::text FROM page AS p ORDER BY p.ended_at DESC, p.id DESC LIMIT 1)
  AS last`;
  return { text, values: conditions.values };
}

function removed(runs: string): string {
  return `free AS MATERIALIZED (
  SELECT l.id FROM ${runs} AS l WHERE l.id = ANY (ARRAY(SELECT id FROM page))
  AND NOT EXISTS (SELECT FROM ${runs} AS c WHERE c.parent_run_id = l.id) FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM ${runs} AS d WHERE d.id = ANY (ARRAY(SELECT id FROM free)) RETURNING d.id, d.session_id
)`;
}

function forgotten(runs: string, journal: string): string {
  return `gone AS (
  UPDATE ${runs} AS u SET has_journal = 0 WHERE u.id = ANY (ARRAY(SELECT id FROM page)) RETURNING u.id, u.session_id
), entries AS (
  DELETE FROM ${journal} AS d WHERE d.run_id = ANY (ARRAY(SELECT id FROM page))
)`;
}

function selected(columns: readonly ColumnName[]): string {
  return columns
    .map((name) => (READ_AS[name] === undefined ? `r.${name}` : `${READ_AS[name]} AS ${name}`))
    .join(', ');
}
