import type { NewEntry } from '../backend';
import type { SqliteConnection } from './connection';
import type { SqliteValue } from './driver';
import type { TableNames } from './names';

const COLUMNS = ['position', 'run', 'seq', 'type', 'data', 'at'];
const MARKS = `(${COLUMNS.map(() => '?').join()})`;

/** How many rows are inserted by one statement, the largest number first: a call costs more than a row. */
const CHUNKS = [64, 8, 1];

/** Collects the entries of a batch, and writes them many rows at a time. */
export class JournalWriter {
  readonly #connection: SqliteConnection;
  readonly #chunks: readonly { readonly size: number; readonly sql: string }[];
  #values: SqliteValue[] = [];

  constructor(connection: SqliteConnection, { journal }: TableNames) {
    this.#connection = connection;
    this.#chunks = CHUNKS.map((rows) => ({
      size: rows * COLUMNS.length,
      sql: `INSERT INTO ${journal} (${COLUMNS.join()}) VALUES ${Array<string>(rows).fill(MARKS).join()}`,
    }));
  }

  /** Forgets what was added, where the batch was rolled back. */
  clear(): void {
    this.#values = [];
  }

  /**
   * @param key - Of the run's row.
   * @param position - The position before the first entry's.
   */
  add(key: number, entries: readonly NewEntry[], position: number): void {
    let next = position;
    for (const { seq, type, data, at } of entries) {
      next += 1;
      this.#values.push(next, key, seq, type, data, Math.round(at));
    }
  }

  /** Writes what was added. */
  write(): void {
    const values = this.#values;
    this.#values = [];
    let start = 0;
    for (const { size, sql } of this.#chunks) {
      for (; values.length - start >= size; start += size) {
        this.#connection.run(sql, values.slice(start, start + size));
      }
    }
  }
}
