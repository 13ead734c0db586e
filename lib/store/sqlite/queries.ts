import type { JournalQuery, RowQuery, StaleQuery } from '../backend';
import type { ColumnName } from '../columns';
import { ALL_COLUMNS } from '../columns';
import type { SqliteValue } from './driver';
import { isMark } from './tables';
import type { SqliteTables } from './tables';

/** A statement with the values that are bound to it. */
export interface Query {
  readonly sql: string;
  readonly values: readonly SqliteValue[];
}

const ENTRY_COLUMNS = 'j.position, j.seq, j.type, j.data, j.at, r.id AS run_id, r.session_id';

/** The page of rows that a query asks for. */
export function listQuery(tables: SqliteTables, query: RowQuery, columns: readonly ColumnName[]): Query {
  const conditions: string[] = [];
  const values: SqliteValue[] = [];
  const where = (condition: string, ...bound: SqliteValue[]): void => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (query.sessionId !== undefined) where('session_id = ?', query.sessionId);
  if (query.status !== undefined) where('status = ?', query.status);
  if (query.provider !== undefined) where('provider = ?', query.provider);
  if (query.active === true) where('active = 1');
  if (query.fromMs !== undefined) where('started_ms >= ?', query.fromMs);
  if (query.toMs !== undefined) where('started_ms < ?', query.toMs);
  if (query.after !== undefined) where('(started_ms, id) < (?, ?)', query.after.startedMs, query.after.id);
  const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return {
    sql:
      `SELECT ${columns.join(', ')} FROM ${tables.runs} INDEXED BY ${indexFor(tables, query)} ${filter} ` +
      'ORDER BY started_ms DESC, id DESC LIMIT ?',
    values: [...values, query.limit],
  };
}

/** Active rows whose process gives no sign of life. */
export function staleQuery({ runs, prefix }: SqliteTables, query: StaleQuery, now: number): Query {
  const unleased = query.unleased ? 'lease_owner IS NULL OR' : '';
  const session = query.sessionId === undefined ? '' : 'AND session_id = ?';
  return {
    sql:
      `SELECT ${ALL_COLUMNS.join(', ')} FROM ${runs} INDEXED BY ${prefix}runs_active ` +
      `WHERE active = 1 AND (${unleased} lease_expires_ms <= ?) AND touched_ms <= ? ${session} LIMIT ?`,
    values: [
      now,
      now - query.quietMs,
      ...(query.sessionId === undefined ? [] : [query.sessionId]),
      query.limit,
    ],
  };
}

/** How near to the end of the journal a reader of a session reads all of it rather than runs. */
const TAIL = 2000;

/**
 * The page of entries that a query asks for.
 *
 * @param head - The last position of the journal.
 */
export function journalQuery(tables: SqliteTables, query: JournalQuery, head: number): Query {
  const { runId, sessionId, afterSeq = 0, afterPosition = 0, limit } = query;
  if (runId !== undefined) return runQuery(tables, runId, afterSeq, limit);
  if (sessionId !== undefined && head - afterPosition > TAIL) {
    return sessionQuery(tables, sessionId, afterPosition, limit);
  }
  const { runs, journal } = tables;
  const session = sessionId === undefined ? '' : 'AND r.session_id = ?';
  return {
    sql:
      `SELECT ${ENTRY_COLUMNS} FROM ${journal} j CROSS JOIN ${runs} r ON r.key = j.run ` +
      `WHERE j.position > ? ${session} ORDER BY j.position LIMIT ?`,
    values: [afterPosition, ...(sessionId === undefined ? [] : [sessionId]), limit],
  };
}

/** Along the chain of the run, back from the first mark behind the page, or else from its end. */
function runQuery(
  { runs, journal, prefix }: SqliteTables,
  id: string,
  afterSeq: number,
  limit: number,
): Query {
  return {
    sql:
      'WITH RECURSIVE chain (position, previous, seq) AS (' +
      `SELECT j.position, j.previous, j.seq FROM ${runs} r CROSS JOIN ${journal} j ON j.position = coalesce((` +
      `SELECT e.position FROM ${journal} e INDEXED BY ${prefix}journal_marks ` +
      `WHERE e.run = r.key AND e.seq >= ? AND ${isMark('e.seq')} ORDER BY e.seq LIMIT 1` +
      '), r.last_position) WHERE r.id = ? UNION ALL ' +
      `SELECT j.position, j.previous, j.seq FROM chain c CROSS JOIN ${journal} j ON j.position = c.previous ` +
      'WHERE c.seq > ?) ' +
      `SELECT ${ENTRY_COLUMNS} FROM (SELECT position FROM chain WHERE seq > ? ORDER BY seq LIMIT ?) p ` +
      `CROSS JOIN ${journal} j ON j.position = p.position CROSS JOIN ${runs} r ON r.key = j.run ORDER BY j.seq`,
    values: [afterSeq + limit, id, afterSeq + 1, afterSeq, limit],
  };
}

/** Along the chains of the session's runs that have gone on since, back from their ends. */
function sessionQuery(
  { runs, journal, prefix }: SqliteTables,
  sessionId: string,
  afterPosition: number,
  limit: number,
): Query {
  return {
    sql:
      'WITH RECURSIVE chain (position, previous) AS (' +
      `SELECT j.position, j.previous FROM ${runs} s INDEXED BY ${prefix}runs_by_session ` +
      `CROSS JOIN ${journal} j ON j.position = s.last_position ` +
      'WHERE s.session_id = ? AND s.last_position > ? UNION ALL ' +
      `SELECT j.position, j.previous FROM chain c CROSS JOIN ${journal} j ON j.position = c.previous ` +
      'WHERE c.previous > ?) ' +
      `SELECT ${ENTRY_COLUMNS} FROM (SELECT position FROM chain ORDER BY position LIMIT ?) p ` +
      `CROSS JOIN ${journal} j ON j.position = p.position CROSS JOIN ${runs} r ON r.key = j.run ORDER BY j.position`,
    values: [sessionId, afterPosition, afterPosition, limit],
  };
}

/** Removes the entries of a run, all along its chain. Bound to it: the run's id. */
export function deleteJournal({ runs, journal }: SqliteTables): string {
  return (
    `WITH RECURSIVE chain (position) AS (SELECT last_position FROM ${runs} WHERE id = ? UNION ALL ` +
    `SELECT j.previous FROM chain c CROSS JOIN ${journal} j ON j.position = c.position) ` +
    `DELETE FROM ${journal} WHERE position IN (SELECT position FROM chain)`
  );
}

/** The index that leaves the fewest rows: SQLite would have to guess. */
function indexFor({ prefix }: SqliteTables, query: RowQuery): string {
  if (query.active === true) return `${prefix}runs_active`;
  if (query.sessionId !== undefined) return `${prefix}runs_by_session`;
  if (query.provider !== undefined) return `${prefix}runs_by_provider`;
  if (query.status !== undefined) return `${prefix}runs_by_status`;
  return `${prefix}runs_by_start`;
}
