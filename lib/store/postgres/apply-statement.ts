import type { RunWrite } from '../backend';
import type { RecordColumn } from '../columns';
import { RECORD_COLUMNS } from '../columns';
import { LOCK_CLASS } from './migrate';
import type { Naming, TableNames } from './names';
import { writeNotification } from './notification';

/** Milliseconds since the epoch by the database's clock, now rather than when the transaction began. */
export const NOW_MS = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** The type of each column that comes as JSON; the rest are texts. */
const PARAMETER_TYPES: Partial<Record<RecordColumn, string>> = {
  active: 'smallint',
  started_ms: 'bigint',
  turn_count: 'bigint',
  cost_usd: 'double precision',
};

/** The columns whose text is stored as `json`. */
const JSON_COLUMNS: ReadonlySet<RecordColumn> = new Set([
  'token_usage',
  'input',
  'output',
  'error',
  'metadata',
  'provider_metadata',
  'extra',
]);

/** What a write may change: a run keeps its id and session. */
const CHANGEABLE = RECORD_COLUMNS.filter((name) => name !== 'id' && name !== 'session_id');

/**
 * The statement that applies a batch: one round trip, one transaction.
 *
 * 1. `held`: sessions that a run wants for itself are held until the transaction ends.
 * 2. `standing`: the rows are locked, by ascending id, so that two batches cannot wait for each other.
 * 3. `judged`: the conditions of each write, against the rows as they stand now.
 * 4. `updated`, `inserted`: what passed. A run that another transaction inserted meanwhile is `stale`.
 * 5. `gate`, `logged`: the journal.
 *
 * Positions are taken under a lock that is kept until the commit is visible, so whoever reads a
 * position has seen, or will never see, every smaller one: nothing can commit behind a reader. Writers
 * wait for each other's commits here, which costs nothing more: PostgreSQL lets transactions that
 * notify commit one after the other anyway. A sequence does not go back when a transaction does, so
 * positions may have gaps, and no row is updated over and over as a counter would be.
 *
 * Parameters: the writes and the entries as JSON, channel and payload of the notification. Payloads
 * are texts within the JSON: PostgreSQL refuses `\u0000` in JSON that it takes apart.
 */
export function applyStatement({ tables }: Naming): string {
  return `
WITH ${judging(tables)}, ${writing(tables)}, ${logging(tables)}
SELECT CASE WHEN j.outcome = 'applied' AND a.n IS NULL THEN 'stale' ELSE j.outcome END AS outcome
FROM judged AS j LEFT JOIN applied AS a USING (n) ORDER BY j.n`;
}

/** Steps 1 to 3. */
function judging({ runs, holdSession }: TableNames): string {
  return `incoming AS MATERIALIZED (
  SELECT * FROM json_to_recordset($1::json) AS w(
    n integer, id text, session_id text, revision bigint, next_revision bigint, writer text,
    changed integer, last_seq bigint, lease text, owner text, lease_ms double precision, exclusive boolean,
    ${CHANGEABLE.map((name) => `${name} ${PARAMETER_TYPES[name] ?? 'text'}`).join(', ')})
), held AS MATERIALIZED (
  SELECT n, ${holdSession}(session_id, id) AS is_free
  FROM (SELECT n, session_id, id FROM incoming WHERE exclusive ORDER BY session_id OFFSET 0) AS wanted
), standing AS MATERIALIZED (
  SELECT id, revision, lease_owner, lease_expires_ms FROM ${runs}
  WHERE id = ANY (ARRAY(SELECT id FROM incoming)) AND (SELECT count(*) FROM held) >= 0
  ORDER BY id FOR UPDATE
), judged AS MATERIALIZED (
  SELECT w.n, CASE
    WHEN coalesce(s.revision, 0) <> w.revision THEN 'stale'
    WHEN w.lease = 'take' AND s.lease_owner <> w.owner AND s.lease_expires_ms > ${NOW_MS} THEN 'leased'
    WHEN NOT h.is_free THEN 'busy'
    ELSE 'applied' END AS outcome
  FROM incoming AS w LEFT JOIN standing AS s USING (id) LEFT JOIN held AS h USING (n)
)`;
}

/** Step 4. */
function writing({ runs }: TableNames): string {
  return `accepted AS MATERIALIZED (
  SELECT w.*, CASE w.lease WHEN 'take' THEN ${NOW_MS} + w.lease_ms::bigint END AS expires_ms
  FROM incoming AS w JOIN judged USING (n) WHERE outcome = 'applied'
), updated AS (
  UPDATE ${runs} AS r SET
    ${CHANGEABLE.map((name, index) => `${name} = CASE WHEN w.changed & ${1 << index} <> 0 THEN ${valueOf(name)} ELSE r.${name} END`).join(',\n    ')},
    revision = w.next_revision, seq = coalesce(w.last_seq, r.seq), writer = w.writer, touched_ms = ${NOW_MS},
    lease_owner = CASE w.lease WHEN 'keep' THEN r.lease_owner ELSE w.owner END,
    lease_expires_ms = CASE w.lease WHEN 'keep' THEN r.lease_expires_ms ELSE w.expires_ms END
  FROM accepted AS w WHERE r.id = w.id AND w.revision > 0
  RETURNING w.n
), inserted AS (
  INSERT INTO ${runs} (id, session_id, ${CHANGEABLE.join(', ')},
    revision, seq, writer, touched_ms, lease_owner, lease_expires_ms)
  SELECT id, session_id, ${CHANGEABLE.map(valueOf).join(', ')},
    next_revision, coalesce(last_seq, 0), writer, ${NOW_MS}, owner, expires_ms
  FROM accepted AS w WHERE revision = 0 ORDER BY id
  ON CONFLICT (id) DO NOTHING RETURNING id
), applied AS MATERIALIZED (
  -- IS TRUE keeps it a hashed lookup: as a join it is planned for a handful of rows, and takes their square.
  SELECT n FROM updated UNION ALL SELECT n FROM accepted WHERE (id IN (SELECT id FROM inserted)) IS TRUE
)`;
}

/** Step 5. */
function logging({ journal, positions }: TableNames): string {
  return `gate AS MATERIALIZED (
  SELECT pg_advisory_xact_lock(${LOCK_CLASS}, '${journal}'::regclass::oid::integer), pg_notify($3, $4)
  FROM (SELECT count(*) AS n FROM applied) AS counted WHERE n > 0 AND $4::text IS NOT NULL
), logged AS (
  INSERT INTO ${journal} (position, run_id, seq, session_id, type, data, at)
  SELECT nextval('${positions}'), run_id, seq, session_id, type, data::json, at FROM (
    SELECT w.id AS run_id, e.seq, w.session_id, e.type, e.data, e.at
    FROM json_to_recordset($2::json) AS e(n integer, seq bigint, type text, data text, at double precision)
    JOIN applied USING (n) JOIN incoming AS w USING (n) CROSS JOIN gate
    ORDER BY e.n, e.seq OFFSET 0
  ) AS entry
)`;
}

/**
 * The parameters of {@link applyStatement}.
 *
 * @param source - Who writes, for those who hear of it.
 */
export function applyParameters(writes: readonly RunWrite[], channel: string, source: string): unknown[] {
  const entries = writes.flatMap((write, n) => write.entries.map((entry) => ({ n, ...entry })));
  const runIds = writes.filter((write) => write.entries.length > 0).map(({ id }) => id);
  return [
    JSON.stringify(writes.map(writeParameter)),
    JSON.stringify(entries),
    channel,
    entries.length === 0 ? null : writeNotification(source, runIds),
  ];
}

function writeParameter(write: RunWrite, n: number): object {
  const { columns, lease, entries } = write;
  const isTaken = typeof lease === 'object';
  let changed = 0;
  for (const [index, name] of CHANGEABLE.entries()) if (name in columns) changed |= 1 << index;
  return {
    n,
    ...columns,
    id: write.id,
    session_id: write.sessionId,
    revision: write.revision,
    next_revision: write.nextRevision,
    writer: write.writer,
    changed,
    last_seq: entries.at(-1)?.seq ?? null,
    lease: isTaken ? 'take' : lease,
    owner: isTaken ? lease.owner : null,
    lease_ms: isTaken ? lease.ms : null,
    exclusive: write.exclusive,
  };
}

function valueOf(name: RecordColumn): string {
  return JSON_COLUMNS.has(name) ? `w.${name}::json` : `w.${name}`;
}
