import type {
  JournalQuery,
  RowQuery,
  RunWrite,
  StaleQuery,
  StoreBackend,
  StoredEntry,
  WriteOutcome,
} from '../backend';
import type { ColumnName, StoredRun } from '../columns';
import { ALL_COLUMNS } from '../columns';
import { isBusy, sqliteError } from './connection';
import type { SqliteConnection } from './connection';
import type { Query } from './queries';
import { deleteJournal, journalQuery, listQuery, staleQuery } from './queries';
import { RowWriter } from './row-writer';
import type { SqliteTables } from './tables';

const LONGEST_PAUSE_MS = 50;

/**
 * The rows of a `SqliteRunStore`. SQLite has one writer at a time, so positions become visible in
 * their order.
 */
export class SqliteBackend implements StoreBackend {
  readonly #connection: SqliteConnection;
  readonly #tables: SqliteTables;
  readonly #writer: RowWriter;
  readonly #busyTimeoutMs: number;
  readonly #ownsHandle: boolean;

  /** @param ownsHandle - Whether closing the store closes the database. */
  constructor(
    connection: SqliteConnection,
    tables: SqliteTables,
    { busyTimeoutMs, ownsHandle }: { readonly busyTimeoutMs: number; readonly ownsHandle: boolean },
  ) {
    this.#connection = connection;
    this.#tables = tables;
    this.#writer = new RowWriter(connection, tables);
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#ownsHandle = ownsHandle;
  }

  apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    if (writes.length === 0) return Promise.resolve([]);
    return this.#attempt('write runs', () =>
      this.#connection.transaction(() => this.#writer.apply(writes, Date.now())),
    );
  }

  async read(id: string): Promise<StoredRun | null> {
    const sql = `SELECT ${ALL_COLUMNS.join(', ')} FROM ${this.#tables.runs} WHERE id = ?`;
    const [row] = await this.#all<StoredRun>('read a run', { sql, values: [id] });
    return row ?? null;
  }

  list<Name extends ColumnName>(query: RowQuery, columns: readonly Name[]): Promise<Pick<StoredRun, Name>[]> {
    return this.#all('list runs', listQuery(this.#tables, query, columns));
  }

  stale(query: StaleQuery): Promise<StoredRun[]> {
    return this.#all('look for orphans', staleQuery(this.#tables, query, Date.now()));
  }

  journal(query: JournalQuery): Promise<StoredEntry[]> {
    return this.#attempt('read the journal', () => {
      const { sql, values } = journalQuery(this.#tables, query, this.#writer.head());
      return this.#connection.all(sql, values) as StoredEntry[];
    });
  }

  delete(id: string): Promise<boolean> {
    return this.#attempt('delete a run', () => this.#connection.transaction(() => this.#delete(id)));
  }

  close(): Promise<void> {
    return this.#attempt('be closed', () => {
      if (this.#ownsHandle) this.#connection.close();
    });
  }

  #delete(id: string): boolean {
    const { runs, meta } = this.#tables;
    const head = this.#writer.head();
    this.#connection.run(deleteJournal(this.#tables), [id]);
    if (this.#connection.run(`DELETE FROM ${runs} WHERE id = ?`, [id]).changes === 0) return false;
    this.#connection.run(`UPDATE ${meta} SET value = ? WHERE name = 'position_floor'`, [head]);
    return true;
  }

  #all<Row>(what: string, { sql, values }: Query): Promise<Row[]> {
    return this.#attempt(what, () => this.#connection.all(sql, values) as Row[]);
  }

  /** Waits for other processes without holding up this one: SQLite's own waiting would block it. */
  async #attempt<Result>(what: string, work: () => Result): Promise<Result> {
    const giveUpAt = Date.now() + this.#busyTimeoutMs;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || Date.now() >= giveUpAt) throw sqliteError(what, error);
      }
      await pause(pauseMs * (0.5 + Math.random()));
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
