import type { RunWrite, WriteOutcome } from '../backend';
import type { StoredRun } from '../columns';
import { RECORD_COLUMNS } from '../columns';
import { membersOf } from '../metadata';
import type { SqliteConnection } from './connection';
import { JournalWriter } from './journal-writer';
import type { TableNames } from './names';
import { headQuery } from './queries';
import { RowStatements } from './row-statements';
import { RowValues } from './row-values';

/** The most keys of rows that are remembered, the latest. */
const MOST_KEYS = 10_000;

/** Applies writes inside a transaction that somebody else began. */
export class RowWriter {
  readonly #connection: SqliteConnection;
  readonly #names: TableNames;
  readonly #statements: RowStatements;
  readonly #journal: JournalWriter;
  /** The keys of rows that were written here, by id: to be given one takes as long as to write the row. */
  readonly #keys = new Map<string, number>();

  constructor(connection: SqliteConnection, names: TableNames) {
    this.#connection = connection;
    this.#names = names;
    this.#statements = new RowStatements(names);
    this.#journal = new JournalWriter(connection, names);
  }

  /** Applies each write whose conditions hold, and appends its entries. */
  apply(writes: readonly RunWrite[], now: number): WriteOutcome[] {
    this.#journal.clear();
    let position = this.head();
    const outcomes = writes.map((write): WriteOutcome => {
      const row = valuesOf(write, now);
      const key = write.revision === 0 ? this.#insert(write, row) : this.#update(write, row, now);
      if (key === null) return this.#refusal(write, now);
      if (write.columns.metadata !== undefined) this.#writeMembers(write, write.columns.metadata);
      this.#journal.add(key, write.entries, position);
      position += write.entries.length;
      return 'applied';
    });
    this.#journal.write();
    return outcomes;
  }

  /** The last position that was given out. */
  head(): number {
    const { sql, values } = headQuery(this.#names);
    return (this.#connection.get(sql, values) as { head: number }).head;
  }

  /** The key of the new row; null where a condition does not hold. */
  #insert(write: RunWrite, row: RowValues): number | null {
    const { sql, values } = this.#statements.insert(write, row);
    const { changes, lastInsertRowid } = this.#connection.run(sql, values);
    return changes === 0 ? null : this.#remember(write.id, lastInsertRowid);
  }

  /** The key of the row; null where a condition does not hold. */
  #update(write: RunWrite, row: RowValues, now: number): number | null {
    const known = this.#keys.get(write.id);
    // Stryker disable next-line ConditionalExpression: only faster; the statement without a key finds the row too
    if (known !== undefined) {
      const { sql, values } = this.#statements.update(write, row, now, known);
      if (this.#connection.run(sql, values).changes > 0) return known;
      // A condition does not hold, or the row is another: the run was removed, and came again.
      this.#keys.delete(write.id);
    }
    const { sql, values } = this.#statements.update(write, row, now, undefined);
    // `all`, though there is one row at most: a statement that is not read to its end stays open.
    const [updated] = this.#connection.all(sql, values) as { key: number }[];
    return updated === undefined ? null : this.#remember(write.id, updated.key);
  }

  #remember(id: string, key: number): number {
    const oldest = this.#keys.size < MOST_KEYS ? undefined : this.#keys.keys().next().value;
    if (oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.set(id, key);
    return key;
  }

  /** The members of the run's metadata, in place of those that are there. */
  #writeMembers({ id, revision }: RunWrite, metadata: string): void {
    const { metadata: table, runs } = this.#names;
    if (revision > 0) this.#connection.run(`DELETE FROM ${table} WHERE run_id = ?`, [id]);
    for (const { name, value } of membersOf(metadata)) {
      const sql =
        `INSERT INTO ${table} (name, value, started_ms, run_id) ` +
        `SELECT ?, ?, started_ms, id FROM ${runs} WHERE id = ?`;
      this.#connection.run(sql, [name, value, id]);
    }
  }

  #refusal(write: RunWrite, now: number): WriteOutcome {
    const found = this.#connection.get(
      `SELECT revision, lease_token, lease_expires_ms FROM ${this.#names.runs} WHERE id = ?`,
      [write.id],
    );
    const row = found as Pick<StoredRun, 'revision' | 'lease_token' | 'lease_expires_ms'> | undefined;
    if ((row?.revision ?? 0) !== write.revision) return 'stale';
    const isLeased = (row?.lease_expires_ms ?? 0) > now;
    const wantsLease = typeof write.lease === 'object' && row?.lease_token !== write.lease.token;
    return isLeased && wantsLease ? 'leased' : 'busy';
  }
}

/** The columns that never change. */
const FIXED: ReadonlySet<string> = new Set([
  'id',
  'session_id',
  'parent_run_id',
  'root_run_id',
  'started_ms',
]);

/** The columns that a write sets: those of the record, then those of the bookkeeping. */
function valuesOf(write: RunWrite, now: number): RowValues {
  const { revision, nextRevision, entries, lease, columns } = write;
  const row = new RowValues();
  for (const name of RECORD_COLUMNS) {
    const value = columns[name];
    if (value !== undefined && !(revision > 0 && FIXED.has(name))) row.add(name, value);
  }
  row.add('touched_ms', now);
  row.add('revision', nextRevision).add('writer', write.writer);
  const last = entries.at(-1);
  if (last !== undefined || revision === 0) {
    row.add('seq', last?.seq ?? 0).add('has_journal', last === undefined ? 0 : 1);
  }
  return withLease(row, lease, now);
}

function withLease(row: RowValues, lease: RunWrite['lease'], now: number): RowValues {
  if (lease === 'keep') return row;
  const held = lease === 'release' ? null : lease;
  const ms = held === null ? null : Math.round(held.ms);
  return row
    .add('lease_owner', held?.owner ?? null)
    .add('lease_token', held?.token ?? null)
    .add('lease_ms', ms)
    .add('lease_expires_ms', ms === null ? null : now + ms);
}
