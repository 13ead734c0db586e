import type { RunWrite, WriteOutcome } from '../backend';
import type { StoredRun } from '../columns';
import { RECORD_COLUMNS } from '../columns';
import type { SqliteConnection } from './connection';
import type { SqliteValue } from './driver';
import { JournalWriter } from './journal-writer';
import { NamedValues } from './named-values';
import type { SqliteTables } from './tables';

/** Applies writes inside a transaction that somebody else began. */
export class RowWriter {
  readonly #connection: SqliteConnection;
  readonly #tables: SqliteTables;
  readonly #journal: JournalWriter;

  constructor(connection: SqliteConnection, tables: SqliteTables) {
    this.#connection = connection;
    this.#tables = tables;
    this.#journal = new JournalWriter(connection, tables);
  }

  /** Applies each write whose conditions hold, and appends its entries. */
  apply(writes: readonly RunWrite[], now: number): WriteOutcome[] {
    this.#journal.clear();
    let position = this.head();
    const outcomes = writes.map((write): WriteOutcome => {
      const last = position + write.entries.length;
      const values = valuesOf(write, last, now);
      const key = write.revision === 0 ? this.#insert(write, values) : this.#update(write, values, now);
      if (key === null) return this.#refusal(write, now);
      this.#journal.add(key, write.entries, position);
      position = last;
      return 'applied';
    });
    this.#journal.write();
    return outcomes;
  }

  /** The last position that was given out. */
  head(): number {
    const { journal, meta } = this.#tables;
    const row = this.#connection.get(
      `SELECT max(coalesce((SELECT max(position) FROM ${journal}), 0), value) AS head ` +
        `FROM ${meta} WHERE name = 'position_floor'`,
    );
    return (row as { head: number }).head;
  }

  /** The key of the row; null where a condition does not hold. */
  #insert(write: RunWrite, { names, values }: NamedValues): number | null {
    const { runs } = this.#tables;
    const sql = this.#connection.sqlFor(`insert ${write.exclusive} ${names}`, () => {
      const marks = names.split(',').fill('?').join();
      const condition = write.exclusive ? `WHERE ${notBusy(runs)}` : 'WHERE true';
      return `INSERT INTO ${runs} (${names}) SELECT ${marks} ${condition} ON CONFLICT (id) DO NOTHING RETURNING key`;
    });
    return this.#keyOf(sql, [...values, ...exclusiveValues(write)]);
  }

  #update(write: RunWrite, { names, values }: NamedValues, now: number): number | null {
    const { runs } = this.#tables;
    const takesLease = typeof write.lease === 'object';
    const sql = this.#connection.sqlFor(`update ${write.exclusive} ${takesLease} ${names}`, () => {
      const lease = takesLease ? `AND ${LEASE_IS_FREE}` : '';
      const exclusive = write.exclusive ? `AND ${notBusy(runs)}` : '';
      const marks = names.split(',').fill('?').join();
      return `UPDATE ${runs} SET (${names}) = (${marks}) WHERE id = ? AND revision = ? ${lease} ${exclusive} RETURNING key`;
    });
    const lease = typeof write.lease === 'object' ? [write.lease.owner, now] : [];
    return this.#keyOf(sql, [...values, write.id, write.revision, ...lease, ...exclusiveValues(write)]);
  }

  #keyOf(sql: string, values: readonly SqliteValue[]): number | null {
    const row = this.#connection.get(sql, values) as { key: number } | undefined;
    return row?.key ?? null;
  }

  #refusal(write: RunWrite, now: number): WriteOutcome {
    const found = this.#connection.get(
      `SELECT revision, lease_owner, lease_expires_ms FROM ${this.#tables.runs} WHERE id = ?`,
      [write.id],
    );
    const row = found as Pick<StoredRun, 'revision' | 'lease_owner' | 'lease_expires_ms'> | undefined;
    if ((row?.revision ?? 0) !== write.revision) return 'stale';
    const isLeased = row !== undefined && row.lease_owner !== null && (row.lease_expires_ms ?? 0) > now;
    const wantsLease = typeof write.lease === 'object' && row?.lease_owner !== write.lease.owner;
    return isLeased && wantsLease ? 'leased' : 'busy';
  }
}

const LEASE_IS_FREE = '(lease_owner IS NULL OR lease_owner = ? OR lease_expires_ms <= ?)';

function notBusy(runs: string): string {
  return `NOT EXISTS (SELECT 1 FROM ${runs} o WHERE o.session_id = ? AND o.active = 1 AND o.id <> ?)`;
}

function exclusiveValues({ exclusive, sessionId, id }: RunWrite): SqliteValue[] {
  return exclusive ? [sessionId, id] : [];
}

/** The columns that a write sets: those of the record, then those that keep the books. */
function valuesOf(write: RunWrite, lastPosition: number, now: number): NamedValues {
  const { revision, nextRevision, entries, lease, columns } = write;
  const set = new NamedValues();
  for (const name of RECORD_COLUMNS) {
    const value = columns[name];
    if (value !== undefined) set.add(name, value);
  }
  set.add('touched_ms', now);
  if (nextRevision !== revision) set.add('revision', nextRevision).add('writer', write.writer);
  const last = entries.at(-1);
  if (last !== undefined || revision === 0) {
    set.add('seq', last?.seq ?? 0).add('last_position', last === undefined ? 0 : lastPosition);
  }
  if (lease === 'release') set.add('lease_owner', null).add('lease_expires_ms', null);
  else if (lease !== 'keep') set.add('lease_owner', lease.owner).add('lease_expires_ms', now + lease.ms);
  return set;
}
