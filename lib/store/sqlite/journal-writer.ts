import type { NewEntry } from '../backend';
import type { SqliteConnection } from './connection';
import type { SqliteValue } from './driver';
import type { RowPlace } from './row-places';
import type { SqliteTables } from './tables';

const COLUMNS = ['position', 'previous', 'run', 'seq', 'type', 'data', 'at'];
const MARKS = `(${COLUMNS.map(() => '?').join()})`;

/** How many rows a statement takes, the largest first: a call costs more than a row. */
const CHUNKS = [64, 8, 1];

/** Collects the entries of a batch, and writes them many rows at a time. */
export class JournalWriter {
  readonly #connection: SqliteConnection;
  readonly #chunks: readonly { readonly size: number; readonly sql: string }[];
  #values: SqliteValue[] = [];

  constructor(connection: SqliteConnection, { journal }: SqliteTables) {
    this.#connection = connection;
    this.#chunks = CHUNKS.map((rows) => ({
      size: rows * COLUMNS.length,
      sql: `INSERT INTO ${journal} (${COLUMNS.join()}) VALUES ${Array<string>(rows).fill(MARKS).join()}`,
    }));
  }

  /** Forgets what was added, by a batch that came to nothing. */
  clear(): void {
    this.#values = [];
  }

  /**
   * @param place - The run's row, and where its last entry stands.
   * @param position - The position before the first entry's.
   */
  add({ key, lastPosition }: RowPlace, entries: readonly NewEntry[], position: number): void {
    let previous = lastPosition;
    let next = position;
    for (const { seq, type, data, at } of entries) {
      next += 1;
      this.#values.push(next, previous, key, seq, type, data, at);
      previous = next;
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
