import type { ColumnName, StoredRun } from './columns';

/**
 * What a database has to do for a `RunStore`. It knows rows, revisions, leases and positions, and
 * nothing about statuses: rules are applied before a row comes here.
 *
 * Every text that it is handed is safe for a database: ids are encoded, payloads are JSON texts, so
 * there is no NUL and no lone surrogate in any. A method that fails throws a `storage_error`; one that
 * takes longer than it may gives up, and throws one that is `retryable`.
 */
export interface StoreBackend {
  /** How many writes a batch has at most: a database in this process holds its loop for all of them. @default 500 */
  readonly mostWrites?: number;

  /**
   * Applies each write whose conditions hold, all in one transaction and one round trip. A write whose
   * conditions do not hold does not affect the others. No two writes of a batch are of the same run, and an
   * `exclusive` one is the only one of its session.
   *
   * Entries get ascending positions. None may become visible after one with a higher position has been
   * visible.
   *
   * @returns the outcome of each write, in their order. Those that are `applied` are durable.
   */
  apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]>;

  /**
   * Reads the row of a run and writes what `decide` makes of it. Nobody writes the row in between, however
   * busy the run is.
   *
   * @param decide - Is handed the row, null for none, and gives the write, null for none; it is called
   * at once. What it throws is thrown, and nothing is written. Its write is not `exclusive`.
   * @returns what became of the write; null for none.
   */
  update(id: string, decide: (row: StoredRun | null) => RunWrite | null): Promise<WriteOutcome | null>;

  /** The row of a run; null for none. */
  read(id: string): Promise<StoredRun | null>;

  /** The rows that pass the filter, by `started_ms` and `id` descending, with at least the columns named. */
  list<Name extends ColumnName>(
    query: RowQuery,
    columns: readonly Name[],
  ): Promise<readonly Pick<StoredRun, Name>[]>;

  /**
   * A page of the rows that pass the filter, as large as a turn of the event loop allows. All pages
   * together are all the rows.
   *
   * @param columns - What a row has, in this order; JSON texts are read already.
   * @param from - Where the page before ended; null to begin.
   */
  scan(filter: RowFilter, columns: readonly ScanColumn[], from: ScanMark | null): Promise<ScanPage>;

  /** Runs whose process gives no sign of life, and runs that have waited for too long. */
  stale(query: StaleQuery): Promise<readonly StoredRun[]>;

  /** Journal entries by position, or by `seq` of a run, ascending. */
  journal(query: JournalQuery): Promise<JournalPage>;

  /** The last position that can be read; 0 for none. Cheap. */
  head(): Promise<number>;

  /** Removes a run and its journal; whether there was one. Positions are never given out again. */
  delete(id: string): Promise<boolean>;

  /** Removes one small batch of what a {@link PruneQuery} says. */
  prune(query: PruneQuery): Promise<Pruned>;

  /**
   * Calls back as soon as entries may have been committed, by any process; with null where it cannot tell
   * of which runs. A missed call only costs a delay.
   */
  subscribe?(onCommit: (commit: Commit | null) => void): () => void;

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
   * the holder's own or expired, and is the holder's for `ms` from now, by the database's clock.
   */
  readonly lease: Lease | 'keep' | 'release';
  /** Condition: no other run of the session is active. */
  readonly exclusive: boolean;
}

/** The columns that a backend writes from the rest of a {@link RunWrite}. */
export type BookkeepingColumn =
  | 'revision'
  | 'seq'
  | 'writer'
  | 'lease_owner'
  | 'lease_token'
  | 'lease_ms'
  | 'lease_expires_ms'
  | 'touched_ms';

/** Who executes a run, and for how long others have to believe it. */
export interface Lease {
  /** Tells holders apart. */
  readonly token: string;
  /** The name of the process, for people. */
  readonly owner: string;
  /** Milliseconds from now; 0 for a lease that has expired as it is taken. */
  readonly ms: number;
}

/**
 * The outcome of a write. `stale`: the row has another revision, does not exist, or exists though it should
 * not. `leased`: somebody else holds the lease. `busy`: the session has another active run.
 */
export type WriteOutcome = 'applied' | 'stale' | 'leased' | 'busy';

/** What was committed: the encoded ids of the runs that have new entries, or are gone, and of their sessions. */
export interface Commit {
  readonly runIds: readonly string[];
  readonly sessionIds: readonly string[];
}

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

/** A page of the journal. */
export interface JournalPage {
  readonly entries: readonly StoredEntry[];
  /**
   * Up to this position, every entry that passes is in this page or an earlier one. A reader by position
   * goes on from here, also after a page without entries. 0 where a run has no more.
   */
  readonly throughPosition: number;
}

/** Which rows. A filter that is absent does not filter. */
export interface RowFilter {
  readonly sessionId?: string | undefined;
  /** One of these, at least one, no two the same. */
  readonly statuses?: readonly string[] | undefined;
  readonly provider?: string | undefined;
  /** Whether few runs have the provider, so that its index leaves fewer than that of a status. */
  readonly isProviderRare?: boolean | undefined;
  readonly parentRunId?: string | undefined;
  /** The tree of this run, itself included. */
  readonly rootRunId?: string | undefined;
  /** Whether only those that are nobody's child. */
  readonly rootsOnly?: boolean | undefined;
  /** Top-level members of the metadata that all have to be there. */
  readonly metadata?: readonly MetadataMember[] | undefined;
  /** `answer`: those that wait for one; `resume`: those that have theirs. */
  readonly awaits?: StoredRun['awaits'] | undefined;
  /** Whether only those that hold their session. */
  readonly active?: boolean | undefined;
  /** `started_ms` at or after this. */
  readonly fromMs?: number | undefined;
  /** `started_ms` before this. */
  readonly toMs?: number | undefined;
}

/** A page of rows. */
export interface RowQuery extends RowFilter {
  /** Where the page before ended: rows that come after this one. */
  readonly after?: RowKey | undefined;
  readonly limit: number;
}

/** The key by which rows are ordered. */
export interface RowKey {
  readonly startedMs: number;
  readonly id: string;
}

/** A member of a run's metadata, as the table of members has it. */
export interface MetadataMember {
  readonly name: string;
  /** A JSON text, or a hash of one that is long: text and number differ. */
  readonly value: string;
}

/** A column that a scan can give. */
export type ScanColumn =
  | 'session_id'
  | 'root_run_id'
  | 'provider'
  | 'status'
  | 'started_ms'
  | 'turn_count'
  | 'cost_usd'
  | 'token_usage'
  | 'usage_by_model'
  | 'metadata'
  | UnsplitColumn;

/** A column that has a value only in rows which do not say what each model used. */
export type UnsplitColumn = 'unsplit_cost_usd' | 'unsplit_token_usage' | 'unsplit_metadata';

/** The values of a row that was scanned: texts encoded, payloads as JSON has them. */
export type ScannedRow = readonly unknown[];

/** Where a scan goes on. */
export interface ScanMark {
  /** Which of the filter's statuses the scan is at: it takes one after the other. */
  readonly part: number;
  /** Rows of that status behind this one; all of them where it is undefined. */
  readonly after: RowKey | undefined;
}

/** A page of a scan. */
export interface ScanPage {
  readonly rows: readonly ScannedRow[];
  /** How many rows could not be read and were left out. */
  readonly skipped: number;
  /** Null at the end. */
  readonly next: ScanMark | null;
}

/**
 * Which runs have been left: running ones whose lease has expired, and those whose time to wait for an
 * answer is over; all by the database's clock.
 */
export interface StaleQuery {
  readonly sessionId?: string | undefined;
  /** After how long without a write a running run without a lease counts; null for never. */
  readonly unleasedQuietMs: number | null;
  /**
   * For how long the database has been reachable again, as far as this process knows. A lease that could
   * not be renewed before that has half of its length from then on. @default for ever
   */
  readonly reachableForMs?: number | undefined;
  /** Rows that come after this one. */
  readonly after?: RowKey | undefined;
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

/** What is to go: runs that have ended and have no child in the store, or only their journals. */
export interface PruneQuery {
  /** Runs that ended before this moment, in milliseconds since the epoch. */
  readonly endedBeforeMs: number;
  readonly journalOnly: boolean;
  /** Where the batch before ended. */
  readonly after: PruneKey | null;
  /** How many runs are looked at, at most. */
  readonly limit: number;
}

/** The key by which runs are pruned. */
export interface PruneKey {
  readonly endedAt: string;
  readonly id: string;
}

/** What one batch has removed. */
export interface Pruned extends Commit {
  /**
   * Where to go on; null at the end of the pass. Where the pass has removed runs, another one may find
   * their parents.
   */
  readonly next: PruneKey | null;
}
