import { RunError } from '../../record/error';
import { storageError } from '../storage-error';
import type { SqliteHandle, SqliteStatement, SqliteValue } from './driver';

/** SQLite's result codes after which the same call may succeed later. https://sqlite.org/rescode.html */
const RETRYABLE: Readonly<Record<string, number>> = {
  SQLITE_BUSY: 5,
  SQLITE_LOCKED: 6,
  SQLITE_NOMEM: 7,
  SQLITE_IOERR: 10,
  SQLITE_FULL: 13,
};
const BUSY = 5;

/** What drivers say of a statement without rows. */
interface RunInfo {
  readonly changes: number;
  readonly lastInsertRowid: number;
}

type Call = (...values: readonly (SqliteValue | readonly SqliteValue[])[]) => unknown;

/** One way to run statements, whatever the driver. Statements are prepared once. */
export class SqliteConnection {
  readonly #handle: SqliteHandle;
  readonly #statements = new Map<string, SqliteStatement>();
  /** `node:sqlite` takes values one by one, the others as an array. */
  readonly #spreads: boolean;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
    this.#spreads = handle.constructor.name === 'DatabaseSync';
  }

  exec(sql: string): void {
    this.#handle.exec(sql);
  }

  /** What was changed, and the key of the last row that was inserted. */
  run(sql: string, values: readonly SqliteValue[] = []): RunInfo {
    return this.#call(sql, 'run', values) as RunInfo;
  }

  /** The first row; undefined for none. */
  get(sql: string, values: readonly SqliteValue[] = []): unknown {
    return this.#call(sql, 'get', values) ?? undefined;
  }

  all(sql: string, values: readonly SqliteValue[] = []): unknown[] {
    return this.#call(sql, 'all', values) as unknown[];
  }

  /** Runs the work in one write transaction, alone in the database from its beginning. */
  transaction<Result>(work: () => Result): Result {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#handle.close();
  }

  #call(sql: string, method: 'run' | 'get' | 'all', values: readonly SqliteValue[]): unknown {
    const statement = this.#prepare(sql);
    const call = (statement[method] as Call).bind(statement);
    try {
      return this.#spreads ? call(...values) : call(values);
    } catch (error) {
      // A statement of libsql's that has failed gives the same error to its next call. One that was
      // only busy goes on, and would stand in the way of a COMMIT if it was left as it is.
      if (!isBusy(error)) this.#statements.delete(sql);
      throw error;
    }
  }

  #prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#handle.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #rollBack(): void {
    try {
      this.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back itself, as it does when the disk is full.
    }
  }
}

/** Whether the database was locked by another connection. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === BUSY;
}

/** The error of a driver, as this package throws it; one of its own stays as it is. */
export function sqliteError(what: string, error: unknown): RunError {
  if (error instanceof RunError) return error;
  return storageError(what, error, Object.values(RETRYABLE).includes(codeOf(error)));
}

/** The primary result code; 0 where the error has none. Drivers give it as a number or as a name. */
function codeOf(error: unknown): number {
  const { errcode, code } = (error ?? {}) as { errcode?: unknown; code?: unknown };
  if (typeof errcode === 'number') return errcode & 0xff;
  if (typeof code !== 'string') return 0;
  const name = Object.keys(RETRYABLE).find((known) => code === known || code.startsWith(`${known}_`));
  return name === undefined ? 0 : (RETRYABLE[name] ?? 0);
}
