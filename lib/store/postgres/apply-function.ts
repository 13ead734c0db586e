import type { RecordColumn } from '../columns';
import type { TableNames } from './names';
import { LOCK_CLASS } from './names';
import { NOW_MS } from './queries';

/** A parameter of the function that applies a batch: an array with an element for each write or entry. */
export interface ArrayParameter<Name extends string = string> {
  readonly name: Name;
  /** Of an element. */
  readonly type: 'text' | 'bigint' | 'smallint' | 'integer' | 'double precision' | 'boolean' | 'json';
}

/** What every write has. */
export const WRITE_PARAMETERS = [
  { name: 'id', type: 'text' },
  { name: 'session_id', type: 'text' },
  { name: 'revision', type: 'bigint' },
  { name: 'next_revision', type: 'bigint' },
  { name: 'last_seq', type: 'bigint' },
  { name: 'writer', type: 'text' },
  { name: 'changed', type: 'integer' },
  { name: 'keeps_lease', type: 'boolean' },
  { name: 'owner', type: 'text' },
  { name: 'lease_ms', type: 'double precision' },
  { name: 'exclusive', type: 'boolean' },
] as const satisfies readonly ArrayParameter[];

/** What a write may change: a run keeps its id and session. `changed` has a bit for each, the first the lowest. */
export const COLUMN_PARAMETERS = [
  { name: 'status', type: 'text' },
  { name: 'active', type: 'smallint' },
  { name: 'provider', type: 'text' },
  { name: 'started_ms', type: 'bigint' },
  { name: 'started_at', type: 'text' },
  { name: 'ended_at', type: 'text' },
  { name: 'turn_count', type: 'bigint' },
  { name: 'cost_usd', type: 'double precision' },
  { name: 'token_usage', type: 'json' },
  { name: 'input', type: 'json' },
  { name: 'output', type: 'json' },
  { name: 'error', type: 'json' },
  { name: 'metadata', type: 'json' },
  { name: 'provider_metadata', type: 'json' },
  { name: 'extra', type: 'json' },
] as const satisfies readonly ArrayParameter<RecordColumn>[];

/** What every journal entry has. */
export const ENTRY_PARAMETERS = [
  { name: 'run_id', type: 'text' },
  { name: 'seq', type: 'bigint' },
  { name: 'session_id', type: 'text' },
  { name: 'type', type: 'text' },
  { name: 'data', type: 'json' },
  { name: 'at', type: 'double precision' },
] as const satisfies readonly ArrayParameter[];

const ROW_PARAMETERS: readonly ArrayParameter[] = [...WRITE_PARAMETERS, ...COLUMN_PARAMETERS];

/** A batch as rows. */
const ROWS = rowsOf('w', ROW_PARAMETERS);

/**
 * The function that applies a batch: one call is one round trip and one transaction.
 *
 * 1. Sessions that a run wants for itself are held until the transaction ends; what was committed
 *    while it waited, the statements after it see.
 * 2. Rows are updated and inserted where the conditions of their write hold, by ascending id, so that
 *    two batches cannot wait for each other.
 * 3. The journal.
 *
 * A function, because PostgreSQL keeps the plans of its statements for as long as a connection lives,
 * behind poolers too; a statement is planned anew for every batch. Plans are made for any batch and any
 * size of the tables, so whole tables are never read.
 *
 * Positions are taken under a lock that is kept until the commit is visible, so whoever reads a
 * position has seen, or will never see, every smaller one: nothing can commit behind a reader. Writers
 * wait for each other's commits here, which costs nothing more: PostgreSQL lets transactions that
 * notify commit one after the other anyway. A sequence does not go back when a transaction does, so
 * positions may have gaps, and no row is updated over and over as a counter would be.
 *
 * It returns what became of each write, in their order; null where all are applied.
 */
export function createApply({ apply, ...tables }: TableNames): string {
  return `
CREATE FUNCTION ${apply}(
  ${[...ROW_PARAMETERS.map(declared), ...ENTRY_PARAMETERS.map(declaredOfEntries)].join(',\n  ')},
  channel text,
  payload text
) RETURNS text[] LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  busy text[] := '{}';
  updated text[];
  inserted text[];
  applied text[];
  is_whole boolean;
  now_ms bigint;
BEGIN
  ${holding(tables)}
  now_ms := ${NOW_MS};
  ${writing(tables)}
  applied := updated || inserted;
  is_whole := cardinality(applied) = cardinality(all_id);
  ${logging(tables)}
  IF is_whole THEN
    RETURN NULL;
  END IF;
  ${judging(tables)}
END $$;
`;
}

/** Step 1. */
function holding({ runs }: Omit<TableNames, 'apply'>): string {
  const wanted = rowsOf(
    'w',
    WRITE_PARAMETERS.filter(({ name }) => ['id', 'session_id', 'exclusive'].includes(name)),
  );
  return `IF true = ANY (all_exclusive) THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted.session_id, '${runs}'::regclass::oid::bigint))
    FROM (SELECT w.session_id FROM ${wanted} WHERE w.exclusive ORDER BY w.session_id OFFSET 0) AS wanted;
    busy := ARRAY(SELECT w.id FROM ${wanted} WHERE w.exclusive AND EXISTS (
      SELECT FROM ${runs} AS r WHERE r.session_id = w.session_id AND r.active = 1 AND r.id <> w.id));
  END IF;`;
}

/** Step 2. */
function writing({ runs }: Omit<TableNames, 'apply'>): string {
  const names = COLUMN_PARAMETERS.map(({ name }) => name);
  const changes = names.map(
    (name, index) => `${name} = CASE WHEN w.changed & ${1 << index} <> 0 THEN w.${name} ELSE r.${name} END`,
  );
  return `IF 0 < ANY (all_revision) THEN
    WITH changed AS (
      UPDATE ${runs} AS r SET
        ${changes.join(',\n        ')},
        revision = w.next_revision, seq = coalesce(w.last_seq, r.seq), writer = w.writer, touched_ms = now_ms,
        lease_owner = CASE WHEN w.keeps_lease THEN r.lease_owner ELSE w.owner END,
        lease_expires_ms = CASE WHEN w.keeps_lease THEN r.lease_expires_ms ELSE now_ms + w.lease_ms::bigint END
      FROM (SELECT * FROM ${ROWS} WHERE w.revision > 0 ORDER BY w.id OFFSET 0) AS w
      WHERE r.id = w.id AND r.revision = w.revision AND w.id <> ALL (busy)
        AND (w.owner IS NULL OR r.lease_owner IS NULL OR r.lease_owner = w.owner OR r.lease_expires_ms <= ${NOW_MS})
      RETURNING r.id
    ) SELECT array_agg(id) INTO updated FROM changed;
  END IF;
  IF 0 = ANY (all_revision) THEN
    WITH added AS (
      INSERT INTO ${runs} (id, session_id, ${names.join(', ')},
        revision, seq, writer, touched_ms, lease_owner, lease_expires_ms)
      SELECT w.id, w.session_id, ${names.map((name) => `w.${name}`).join(', ')},
        w.next_revision, coalesce(w.last_seq, 0), w.writer, now_ms, w.owner, now_ms + w.lease_ms::bigint
      FROM ${ROWS} WHERE w.revision = 0 AND w.id <> ALL (busy) ORDER BY w.id
      ON CONFLICT (id) DO NOTHING RETURNING id
    ) SELECT array_agg(id) INTO inserted FROM added;
  END IF;`;
}

/** Step 3. */
function logging({ journal, positions }: Omit<TableNames, 'apply'>): string {
  return `IF payload IS NOT NULL AND applied IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(${LOCK_CLASS}, '${journal}'::regclass::oid::integer), pg_notify(channel, payload);
    INSERT INTO ${journal} (position, run_id, seq, session_id, type, data, at)
    SELECT nextval('${positions}'), e.run_id, e.seq, e.session_id, e.type, e.data, e.at
    FROM ${rowsOf('e', ENTRY_PARAMETERS, 'entry')} WHERE is_whole OR e.run_id = ANY (applied);
  END IF;`;
}

/** Why what is not applied is not: its conditions once more, against the rows as they stand. */
function judging({ runs }: Omit<TableNames, 'apply'>): string {
  return `RETURN ARRAY(
    SELECT CASE
      WHEN w.id = ANY (applied) THEN 'applied'
      WHEN w.revision <> coalesce(r.revision, 0) THEN 'stale'
      WHEN w.id = ANY (busy) AND (w.owner IS NULL OR r.lease_owner IS NULL OR r.lease_owner = w.owner
        OR r.lease_expires_ms <= now_ms) THEN 'busy'
      ELSE 'leased' END
    FROM unnest(${WRITE_PARAMETERS.map(({ name }) => `all_${name}`).join(', ')}) WITH ORDINALITY
      AS w(${WRITE_PARAMETERS.map(({ name }) => name).join(', ')}, n)
    LEFT JOIN ${runs} AS r ON r.id = w.id ORDER BY w.n);`;
}

/** Arrays side by side as rows; an array that is null gives nulls. */
function rowsOf(alias: string, parameters: readonly ArrayParameter[], prefix = 'all'): string {
  const names = parameters.map(({ name }) => name);
  return `unnest(${names.map((name) => `${prefix}_${name}`).join(', ')}) AS ${alias}(${names.join(', ')})`;
}

function declared({ name, type }: ArrayParameter): string {
  return `all_${name} ${type}[]`;
}

function declaredOfEntries({ name, type }: ArrayParameter): string {
  return `entry_${name} ${type}[]`;
}
