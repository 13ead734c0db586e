import type { ColumnName, StoredRun } from './columns';

/**
 * What a database has to do for a `RunStore`. It knows rows, revisions, leases and positions, and
 * nothing about statuses: rules are applied before a row comes here.
 *
 * Every text that it is handed is safe for a database: ids are encoded, payloads are JSON texts, so
 * there is no NUL and no lone surrogate in any. A method that fails throws a `storage_error`.
 */
export interface StoreBackend {
  /**
   * Applies each write whose conditions hold, all in one transaction and one round trip. What one
   * write misses does not touch the others. No two writes of a batch are of the same run, and an
   * `exclusive` one is the only one of its session.
   *
   * Entries get ascending positions such that none ever becomes visible behind one that was visible.
   *
   * @returns what became of each, in their order; durable for those that are `applied`.
   */
  apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]>;

  /** The row of a run; null for none. */
  read(id: string): Promise<StoredRun | null>;

  /** The rows that pass the filter, by `started_ms` and `id` descending, with at least the columns named. */
  list<Name extends ColumnName>(
    query: RowQuery,
    columns: readonly Name[],
  ): Promise<readonly Pick<StoredRun, Name>[]>;

  /** Active runs whose process gives no sign of life. */
  stale(query: StaleQuery): Promise<readonly StoredRun[]>;

  /** Journal entries by position ascending. */
  journal(query: JournalQuery): Promise<readonly StoredEntry[]>;

  /** Removes a run and its journal; whether there was one. Positions are never given out again. */
  delete(id: string): Promise<boolean>;

  /**
   * Calls back when entries may have been committed, by any process, as early as it can know: with
   * the encoded ids of their runs, or null where it cannot tell. A missed call costs a delay only.
   */
  subscribe?(onCommit: (runIds: readonly string[] | null) => void): () => void;

  close(): Promise<void>;
}

/** One run's part of a batch. It is written only when all its conditions hold. */
export interface RunWrite {
  readonly id: string;
  readonly sessionId: string;
  /** Condition: the row's revision now; 0 for no row, which makes this an insert of all columns. */
  readonly revision: number;
  /** The row's revision after the write; the same for a lease renewal. */
  readonly nextRevision: number;
  /** Says who wrote the revision, so that a write whose answer was lost can be recognised. */
  readonly writer: string;
  /** The columns that change; all of them for an insert. */
  readonly columns: Partial<Omit<StoredRun, BookkeepingColumn>>;
  /** To be appended, `seq` ascending without gaps; the row's `seq` becomes the last one's. */
  readonly entries: readonly NewEntry[];
  /**
   * `keep`: as it is. `release`: nobody holds it. Otherwise condition and effect: the lease is free,
   * the owner's own or expired, and is the owner's for `ms` from now, by the database's clock.
   */
  readonly lease: Lease | 'keep' | 'release';
  /** Condition: no other run of the session is active. */
  readonly exclusive: boolean;
}

/** The columns that a backend writes from the rest of a {@link RunWrite}. */
export type BookkeepingColumn =
  'revision' | 'seq' | 'writer' | 'lease_owner' | 'lease_expires_ms' | 'touched_ms';

/** Who executes a run, and for how long others have to believe it. */
export interface Lease {
  readonly owner: string;
  /** Milliseconds from now; 0 for a lease that has expired as it is taken. */
  readonly ms: number;
}

/**
 * What became of a write: `stale` for another revision (none, or one too many, included), `leased`
 * where somebody else holds the lease, `busy` where the session has another active run.
 */
export type WriteOutcome = 'applied' | 'stale' | 'leased' | 'busy';

/** An entry on its way into the journal. */
export interface NewEntry {
  readonly seq: number;
  readonly type: string;
  /** A JSON text. */
  readonly data: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** An entry as the journal has it. */
export interface StoredEntry extends NewEntry {
  readonly position: number;
  readonly run_id: string;
  readonly session_id: string;
}

/** Which rows. A filter that is absent does not filter. */
export interface RowQuery {
  readonly sessionId?: string | undefined;
  readonly status?: string | undefined;
  readonly provider?: string | undefined;
  /** Whether only those that hold their session. */
  readonly active?: boolean | undefined;
  /** `started_ms` at or after this. */
  readonly fromMs?: number | undefined;
  /** `started_ms` before this. */
  readonly toMs?: number | undefined;
  /** Where the page before ended: rows that come after this one. */
  readonly after?: RowKey | undefined;
  readonly limit: number;
}

/** The key by which rows are ordered. */
export interface RowKey {
  readonly startedMs: number;
  readonly id: string;
}

/**
 * Which active rows: those whose lease has expired and that were not touched for `quietMs`, and with
 * `unleased` also those without a lease that were not touched for `quietMs`; by the database's clock.
 */
export interface StaleQuery {
  readonly sessionId?: string | undefined;
  readonly quietMs: number;
  readonly unleased: boolean;
  readonly limit: number;
}

/** Which entries: of a run, of a session, or of all. */
export interface JournalQuery {
  readonly runId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Only entries with a greater `seq`; used with `runId`. @default 0 */
  readonly afterSeq?: number | undefined;
  /** Only entries with a greater position; used without `runId`. @default 0 */
  readonly afterPosition?: number | undefined;
  readonly limit: number;
}
