import type { RunWrite, WriteOutcome } from '../backend';
import type { StoredRun } from '../columns';
import { RECORD_COLUMNS } from '../columns';
import type { SqliteConnection } from './connection';
import { JournalWriter } from './journal-writer';
import type { RowPlace } from './row-places';
import { RowPlaces } from './row-places';
import { RowStatements } from './row-statements';
import { RowValues } from './row-values';
import type { SqliteTables } from './tables';

/** Applies writes inside a transaction that somebody else began. */
export class RowWriter {
  readonly #connection: SqliteConnection;
  readonly #tables: SqliteTables;
  readonly #statements: RowStatements;
  readonly #journal: JournalWriter;
  readonly #places = new RowPlaces();

  constructor(connection: SqliteConnection, tables: SqliteTables) {
    this.#connection = connection;
    this.#tables = tables;
    this.#statements = new RowStatements(tables);
    this.#journal = new JournalWriter(connection, tables);
  }

  /** Applies each write whose conditions hold, and appends its entries. */
  apply(writes: readonly RunWrite[], now: number): WriteOutcome[] {
    this.#journal.clear();
    let position = this.head();
    const outcomes = writes.map((write): WriteOutcome => {
      const { id, entries, revision } = write;
      const last = position + entries.length;
      const row = valuesOf(write, last, now);
      const place = revision === 0 ? this.#insert(write, row) : this.#update(write, row, now);
      if (place === null) return this.#refusal(write, now);
      this.#journal.add(place, entries, position);
      this.#places.set(id, entries.length === 0 ? place : { key: place.key, lastPosition: last });
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

  /** The place of the new row; null where a condition does not hold. */
  #insert(write: RunWrite, row: RowValues): RowPlace | null {
    const { sql, values } = this.#statements.insert(write, row);
    const { changes, lastInsertRowid } = this.#connection.run(sql, values);
    return changes === 0 ? null : { key: lastInsertRowid, lastPosition: 0 };
  }

  /** The place of the row before the update; null where a condition does not hold. */
  #update(write: RunWrite, row: RowValues, now: number): RowPlace | null {
    const known = this.#places.get(write.id);
    if (known !== undefined && this.#isUpdated(write, row, known, now)) return known;
    const found = this.#find(write.id);
    return found !== undefined && this.#isUpdated(write, row, found, now) ? found : null;
  }

  #isUpdated(write: RunWrite, row: RowValues, place: RowPlace, now: number): boolean {
    const { sql, values } = this.#statements.update(write, row, place, now);
    return this.#connection.run(sql, values).changes > 0;
  }

  #find(id: string): RowPlace | undefined {
    const sql = `SELECT key, last_position AS lastPosition FROM ${this.#tables.runs} WHERE id = ?`;
    return this.#connection.get(sql, [id]) as RowPlace | undefined;
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

/** The columns that a write sets: those of the record, then those that keep the books. */
function valuesOf(write: RunWrite, lastPosition: number, now: number): RowValues {
  const { revision, nextRevision, entries, lease, columns } = write;
  const row = new RowValues();
  for (const name of RECORD_COLUMNS) {
    const value = columns[name];
    if (value !== undefined) row.add(name, value);
  }
  row.add('touched_ms', now);
  if (nextRevision !== revision) row.add('revision', nextRevision).add('writer', write.writer);
  const last = entries.at(-1);
  if (last !== undefined || revision === 0) {
    row.add('seq', last?.seq ?? 0).add('last_position', last === undefined ? 0 : lastPosition);
  }
  if (lease === 'release') row.add('lease_owner', null).add('lease_expires_ms', null);
  else if (lease !== 'keep') row.add('lease_owner', lease.owner).add('lease_expires_ms', now + lease.ms);
  return row;
}
