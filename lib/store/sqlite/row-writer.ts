import type { RunWrite, WriteOutcome } from '../backend';
import type { StoredRun } from '../columns';
import { RECORD_COLUMNS } from '../columns';
import type { SqliteConnection } from './connection';
import type { SqliteValue } from './driver';
import type { Query } from './queries';
import type { SqliteTables } from './tables';

/** Applies writes inside a transaction that somebody else began. */
export class RowWriter {
  readonly #connection: SqliteConnection;
  readonly #tables: SqliteTables;

  constructor(connection: SqliteConnection, tables: SqliteTables) {
    this.#connection = connection;
    this.#tables = tables;
  }

  /** Applies each write whose conditions hold, and appends its entries. */
  apply(writes: readonly RunWrite[], now: number): WriteOutcome[] {
    let position = this.head();
    return writes.map((write) => {
      const last = position + write.entries.length;
      const { sql, values } =
        write.revision === 0 ? this.#insert(write, last, now) : this.#update(write, last, now);
      const row = this.#connection.get(sql, values) as { key: number } | undefined;
      if (row === undefined) return this.#refusal(write, now);
      this.#append(row.key, write, position);
      position = last;
      return 'applied';
    });
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

  #insert(write: RunWrite, lastPosition: number, now: number): Query {
    const names: string[] = [...RECORD_COLUMNS];
    const values: SqliteValue[] = RECORD_COLUMNS.map((name) => write.columns[name] ?? null);
    for (const [name, value] of bookkeeping(write, lastPosition, now)) {
      names.push(name);
      values.push(value);
    }
    const marks = names.map(() => '?').join(', ');
    const { condition, bound } = this.#exclusive(write);
    const sql =
      `INSERT INTO ${this.#tables.runs} (${names.join(', ')}) SELECT ${marks} WHERE true ${condition} ` +
      'ON CONFLICT (id) DO NOTHING RETURNING key';
    return { sql, values: [...values, ...bound] };
  }

  #update(write: RunWrite, lastPosition: number, now: number): Query {
    const names: string[] = [];
    const values: SqliteValue[] = [];
    const set = (name: string, value: SqliteValue): void => {
      names.push(`${name} = ?`);
      values.push(value);
    };
    for (const name of RECORD_COLUMNS) {
      const value = write.columns[name];
      if (value !== undefined) set(name, value);
    }
    for (const [name, value] of bookkeeping(write, lastPosition, now)) set(name, value);
    const exclusive = this.#exclusive(write);
    const lease = leaseCondition(write, now);
    const sql =
      `UPDATE ${this.#tables.runs} SET ${names.join(', ')} ` +
      `WHERE id = ? AND revision = ? ${lease.condition} ${exclusive.condition} RETURNING key`;
    return { sql, values: [...values, write.id, write.revision, ...lease.bound, ...exclusive.bound] };
  }

  #exclusive({ exclusive, sessionId, id }: RunWrite): Condition {
    if (!exclusive) return NO_CONDITION;
    const { runs } = this.#tables;
    return {
      condition: `AND NOT EXISTS (SELECT 1 FROM ${runs} o WHERE o.session_id = ? AND o.active = 1 AND o.id <> ?)`,
      bound: [sessionId, id],
    };
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

  #append(key: number, { entries }: RunWrite, position: number): void {
    const sql = `INSERT INTO ${this.#tables.journal} (position, run, seq, type, data, at) VALUES (?, ?, ?, ?, ?, ?)`;
    entries.forEach(({ seq, type, data, at }, index) => {
      this.#connection.run(sql, [position + 1 + index, key, seq, type, data, at]);
    });
  }
}

interface Condition {
  readonly condition: string;
  readonly bound: readonly SqliteValue[];
}

const NO_CONDITION: Condition = { condition: '', bound: [] };

function leaseCondition({ lease }: RunWrite, now: number): Condition {
  if (typeof lease !== 'object') return NO_CONDITION;
  return {
    condition: 'AND (lease_owner IS NULL OR lease_owner = ? OR lease_expires_ms <= ?)',
    bound: [lease.owner, now],
  };
}

function bookkeeping(write: RunWrite, lastPosition: number, now: number): [string, SqliteValue][] {
  const { revision, nextRevision, entries, lease, writer } = write;
  const columns: [string, SqliteValue][] = [['touched_ms', now]];
  if (nextRevision !== revision) columns.push(['revision', nextRevision], ['writer', writer]);
  const last = entries.at(-1);
  if (last !== undefined || revision === 0) {
    columns.push(['seq', last?.seq ?? 0], ['last_position', last === undefined ? 0 : lastPosition]);
  }
  if (lease === 'release') columns.push(['lease_owner', null], ['lease_expires_ms', null]);
  else if (lease !== 'keep') columns.push(['lease_owner', lease.owner], ['lease_expires_ms', now + lease.ms]);
  return columns;
}
