import type { RunWrite } from '../backend';
import type { SqliteValue } from './driver';
import type { TableNames } from './names';
import type { RowValues } from './row-values';

/** A statement with the values that are bound to it. */
export interface BoundStatement {
  readonly sql: string;
  readonly values: readonly SqliteValue[];
}

const LEASE_IS_FREE = '(lease_token IS NULL OR lease_token = ? OR lease_expires_ms <= ?)';

/** The statements that write rows where conditions hold; each text is put together once. */
export class RowStatements {
  readonly #runs: string;
  readonly #texts = new Map<number, string>();

  constructor({ runs }: TableNames) {
    this.#runs = runs;
  }

  /** Inserts nothing where a condition does not hold. */
  insert({ exclusive, sessionId, id }: RunWrite, row: RowValues): BoundStatement {
    const sql = this.#textFor(row, [true, exclusive], () => {
      const marks = row.values.map(() => '?').join();
      // Only a SELECT can have a condition, and it costs half as much again.
      const source = exclusive ? `SELECT ${marks} WHERE ${this.#isFree()}` : `VALUES (${marks})`;
      return `INSERT INTO ${this.#runs} (${row.names.join()}) ${source} ON CONFLICT (id) DO NOTHING`;
    });
    return { sql, values: exclusive ? [...row.values, sessionId, id] : row.values };
  }

  /**
   * Updates nothing where a condition does not hold.
   *
   * @param key - Of the row; where it is not known, the statement gives it.
   */
  update(
    { id, sessionId, revision, lease, exclusive }: RunWrite,
    row: RowValues,
    now: number,
    key: number | undefined,
  ): BoundStatement {
    const takesLease = typeof lease === 'object';
    const isKnown = key !== undefined;
    const sql = this.#textFor(row, [false, exclusive, takesLease, isKnown], () => {
      const conditions = [...(isKnown ? ['key = ?'] : []), 'id = ?', 'revision = ?'];
      if (takesLease) conditions.push(LEASE_IS_FREE);
      if (exclusive) conditions.push(this.#isFree());
      const columns = row.names.map((name) => `${name} = ?`).join();
      const update = `UPDATE ${this.#runs} SET ${columns} WHERE ${conditions.join(' AND ')}`;
      return isKnown ? update : `${update} RETURNING key`;
    });
    const values = isKnown ? [...row.values, key, id, revision] : [...row.values, id, revision];
    if (takesLease) values.push(lease.token, now);
    if (exclusive) values.push(sessionId, id);
    return { sql, values };
  }

  /** Whether no other run of the session is active. */
  #isFree(): string {
    return `NOT EXISTS (SELECT 1 FROM ${this.#runs} o WHERE o.session_id = ? AND o.active = 1 AND o.id <> ?)`;
  }

  #textFor(row: RowValues, kind: readonly boolean[], write: () => string): string {
    const key = kind.reduce((bits, bit) => bits * 2 + Number(bit), row.columns * 2);
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const sql = write();
    this.#texts.set(key, sql);
    return sql;
  }
}
