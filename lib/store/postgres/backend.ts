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
import { applyCall } from './apply-call';
import type { PostgresPool } from './client';
import { driverError } from './driver-error';
import { Listener } from './listener';
import { migrate } from './migrate';
import type { Naming } from './names';
import type { OpenPool } from './pool';
import type { Statement } from './queries';
import { deleteQuery, journalQuery, lastPositionQuery, listQuery, readQuery, staleQuery } from './queries';

/** How the backend hears of commits. */
export interface WatchSettings {
  readonly listen: boolean;
  readonly pollMs: number;
}

/** Rows, leases and positions in PostgreSQL. The schema is made at the first call. */
export class PostgresBackend implements StoreBackend {
  readonly #pool: PostgresPool;
  readonly #isOwnPool: boolean;
  readonly #naming: Naming;
  readonly #listener: Listener;
  #migrated: Promise<void> | null = null;
  #isClosed = false;

  constructor({ pool, isOwn }: OpenPool, naming: Naming, watch: WatchSettings) {
    this.#pool = pool;
    this.#isOwnPool = isOwn;
    this.#naming = naming;
    // Without a listener, an idle connection that the server closes would end the process.
    pool.on('error', ignore);
    const lastPosition = (): Promise<number> => this.#lastPosition();
    this.#listener = new Listener(pool, { ...watch, channel: naming.channel, lastPosition });
  }

  async apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    const { tables, channel } = this.#naming;
    this.#listener.start();
    const rows = await this.#query('write runs', applyCall(tables, writes, channel, this.#listener.source));
    const [{ outcomes }] = rows as [{ outcomes: WriteOutcome[] | null }];
    return outcomes ?? writes.map(() => 'applied');
  }

  async read(id: string): Promise<StoredRun | null> {
    const rows = await this.#query('read a run', readQuery(this.#naming.tables, id, ALL_COLUMNS));
    return (rows[0] as StoredRun | undefined) ?? null;
  }

  async list<Name extends ColumnName>(
    query: RowQuery,
    columns: readonly Name[],
  ): Promise<readonly Pick<StoredRun, Name>[]> {
    const rows = await this.#query('list runs', listQuery(this.#naming.tables, query, columns));
    return rows as Pick<StoredRun, Name>[];
  }

  async stale(query: StaleQuery): Promise<readonly StoredRun[]> {
    const rows = await this.#query(
      'look for stale runs',
      staleQuery(this.#naming.tables, query, ALL_COLUMNS),
    );
    return rows as StoredRun[];
  }

  async journal(query: JournalQuery): Promise<readonly StoredEntry[]> {
    this.#listener.start();
    const rows = await this.#query('read the journal', journalQuery(this.#naming.tables, query));
    return rows as StoredEntry[];
  }

  async delete(id: string): Promise<boolean> {
    const rows = await this.#query('delete a run', deleteQuery(this.#naming.tables, id));
    return rows.length > 0;
  }

  subscribe(onCommit: (runIds: readonly string[] | null) => void): () => void {
    return this.#listener.subscribe(onCommit);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.close();
    // The pool's other users keep its listener where it is theirs.
    if (this.#isOwnPool) await this.#pool.end();
    else this.#pool.off('error', ignore);
  }

  async #lastPosition(): Promise<number> {
    const rows = await this.#query('read the journal', lastPositionQuery(this.#naming.tables));
    return (rows[0] as { position: number } | undefined)?.position ?? 0;
  }

  async #query(what: string, { text, values }: Statement): Promise<readonly unknown[]> {
    try {
      await this.#migrate();
      const { rows } = await this.#pool.query(text, values);
      return rows;
    } catch (error) {
      throw driverError(what, error);
    }
  }

  /** Once for a store; where it failed, the next call tries again. */
  #migrate(): Promise<void> {
    this.#migrated ??= migrate(this.#pool, this.#naming).catch((error: unknown) => {
      this.#migrated = null;
      throw driverError('prepare its tables', error);
    });
    return this.#migrated;
  }
}

function ignore(): void {
  // The call that needs the connection says what is wrong.
}
