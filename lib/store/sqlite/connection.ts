import { isBusy, isInTransaction } from './driver-error';
import type { SqliteHandle, SqliteStatement, SqliteValue } from './driver';

/** What drivers say of a statement without rows. */
interface RunInfo {
  readonly changes: number;
  readonly lastInsertRowid: number;
}

type Call = (...values: readonly (SqliteValue | readonly SqliteValue[])[]) => unknown;

/** Runs statements in the same way with each driver. Each statement is prepared once. */
export class SqliteConnection {
  readonly #handle: SqliteHandle;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
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
    return this.#finish(work);
  }

  /**
   * Runs the work on one state of the database; inside a transaction that somebody has begun, on the state
   * of that.
   */
  snapshot<Result>(work: () => Result): Result {
    try {
      this.exec('BEGIN');
    } catch (error) {
      if (isInTransaction(error)) return work();
      throw error;
    }
    return this.#finish(work);
  }

  /**
   * Runs the work while SQLite waits at most so long for others, which blocks the process. Then the limit
   * before holds again.
   */
  withBusyTimeout<Result>(ms: number, work: () => Result): Result {
    const before = this.#handle.prepare('PRAGMA busy_timeout').get() as { timeout: number };
    this.exec(`PRAGMA busy_timeout = ${ms}`);
    try {
      return work();
    } finally {
      this.exec(`PRAGMA busy_timeout = ${before.timeout}`);
    }
  }

  close(): void {
    this.#statements.clear();
    this.#handle.close();
  }

  #finish<Result>(work: () => Result): Result {
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #call(sql: string, method: 'run' | 'get' | 'all', values: readonly SqliteValue[]): unknown {
    const statement = this.#prepare(sql);
    const call = (statement[method] as Call).bind(statement);
    try {
      return takesValuesSingly(statement) ? call(...values) : call(values);
    } catch (error) {
      // A statement of libsql's that has failed repeats its error at the next call, and so is dropped. One
      // that was only busy is kept: it goes on, and an abandoned one would be in the way of a COMMIT.
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

/**
 * Whether a statement is of `node:sqlite`, which takes values one by one, the others as an array: only its
 * statements have this method.
 */
function takesValuesSingly(statement: SqliteStatement): boolean {
  return 'setReadBigInts' in statement;
}
