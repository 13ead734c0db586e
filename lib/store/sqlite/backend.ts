import type {
  JournalPage,
  JournalQuery,
  PruneKey,
  Pruned,
  PruneQuery,
  RowFilter,
  RowKey,
  RowQuery,
  RunWrite,
  ScanColumn,
  ScannedRow,
  ScanPage,
  ScanMark,
  StaleQuery,
  StoreBackend,
  StoredEntry,
  WriteOutcome,
} from '../backend';
import type { ColumnName, StoredRun } from '../columns';
import { ALL_COLUMNS } from '../columns';
import { withDecision } from '../decision';
import type { ScannedColumns } from '../scanned-row';
import { isReadable, partOf, markAfter, scannedRow } from '../scanned-row';
import { COUNTED_RUNS, rarestFirst } from '../metadata';
import { letOthersIn, Turns } from '../turn-taking';
import { RowWriter } from './apply';
import type { SqliteConnection } from './connection';
import { isBusy, sqliteError } from './driver-error';
import type { TableNames } from './names';
import type { ListPlan, Query, ScanRange } from './queries';
import {
  boundaryQuery,
  journalQuery,
  memberSizeQuery,
  providerSizeQuery,
  planOf,
  pruneQuery,
  runJournalQuery,
  scanQuery,
  scanTextQuery,
  sessionJournalQuery,
  sessionSizeQuery,
  staleQuery,
} from './queries';

/** How the backend deals with others who use the file, or the handle. */
export interface SqliteBackendSettings {
  /** How long a call waits for others that write, in milliseconds. */
  readonly callTimeoutMs: number;
  /** Whether closing the store closes the database; otherwise it is left as it was. */
  readonly ownsHandle: boolean;
}

/** A row that the search for a page has met. */
interface Candidate {
  readonly key: number;
  readonly started_ms: number;
  readonly id: string;
  readonly passes: number;
}

/** How long SQLite itself waits for another writer, which blocks the process. */
const BLOCKING_WAIT_MS = 5;

const LONGEST_PAUSE_MS = 50;

/** How many runs are written in a turn. */
const MOST_WRITES = 100;

/** How many rows are looked at in the first turn, and in a later one, at most. */
const FIRST_CANDIDATES = 200;
const CANDIDATES = 1000;
const SCAN_PAGE = 1000;
const PRUNED_ROWS = 500;

/** How many positions of the journal are looked at in a turn, and in a call. */
const WINDOW = 4000;
const WINDOWS = 50;

/** A session of at most so much is read run by run, where the whole journal is longer. */
const SMALL_SESSION = { runs: 500, entries: 10_000 };

/**
 * The rows of a `SqliteRunStore`. SQLite has one writer at a time, so positions become visible in their
 * order. Its calls are synchronous and block the process: long work is done in turns that let others in.
 */
export class SqliteBackend implements StoreBackend {
  readonly mostWrites = MOST_WRITES;
  readonly #connection: SqliteConnection;
  readonly #names: TableNames;
  readonly #writer: RowWriter;
  readonly #settings: SqliteBackendSettings;

  constructor(connection: SqliteConnection, names: TableNames, settings: SqliteBackendSettings) {
    this.#connection = connection;
    this.#names = names;
    this.#writer = new RowWriter(connection, names);
    this.#settings = settings;
    if (settings.ownsHandle) connection.exec(`PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`);
  }

  apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    if (writes.length === 0) return Promise.resolve([]);
    return this.#write('write runs', () => this.#writer.apply(writes, Date.now()));
  }

  update(id: string, decide: (row: StoredRun | null) => RunWrite | null): Promise<WriteOutcome | null> {
    return withDecision(decide, (decided) =>
      this.#write('write a run', () => {
        const write = decided(this.#row('id', id));
        return write === null ? null : (this.#writer.apply([write], Date.now())[0] ?? null);
      }),
    );
  }

  read(id: string): Promise<StoredRun | null> {
    return this.#attempt('read a run', () => this.#row('id', id));
  }

  async list<Name extends ColumnName>(
    query: RowQuery,
    columns: readonly Name[],
  ): Promise<Pick<StoredRun, Name>[]> {
    const plan = planOf(this.#names, await this.#withRarestFirst(query));
    return this.#page('list runs', query, (after, limit) => plan.candidates({ ...query, after, limit }), {
      columns,
      plan,
    });
  }

  async scan(filter: RowFilter, columns: readonly ScanColumn[], from: ScanMark | null): Promise<ScanPage> {
    const ordered = await this.#withRarestFirst(partOf(filter, from));
    const part = { ...ordered, after: from?.after };
    const page = await this.#attempt('read runs', () => {
      const [end] = this.#all<Candidate>(boundaryQuery(this.#names, { ...part, limit: SCAN_PAGE }));
      const last = end === undefined ? undefined : keyOf(end);
      const scanned = this.#scanned({ ...part, last }, columns);
      return { ...scanned, next: markAfter(filter, from, last) };
    });
    await letOthersIn();
    return page;
  }

  stale(query: StaleQuery): Promise<StoredRun[]> {
    const now = Date.now();
    const candidates = (after: RowKey | undefined, limit: number): Query =>
      staleQuery(this.#names, { ...query, after, limit }, now);
    return this.#page('look for runs that were left', query, candidates, { columns: ALL_COLUMNS });
  }

  async journal(query: JournalQuery): Promise<JournalPage> {
    if (query.runId !== undefined) return this.#entries(runJournalQuery(this.#names, query), query, 0);
    const head = await this.head();
    const afterPosition = query.afterPosition ?? 0;
    if (head <= afterPosition) return { entries: [], throughPosition: afterPosition };
    if (query.sessionId === undefined) {
      return this.#entries(journalQuery(this.#names, query, afterPosition, head), query, head);
    }
    if (head - afterPosition > WINDOW && (await this.#isSmall(query.sessionId))) {
      return this.#entries(sessionJournalQuery(this.#names, query, head), query, head);
    }
    return this.#walk(query, head);
  }

  head(): Promise<number> {
    return this.#attempt('read the journal', () => this.#writer.head());
  }

  delete(id: string): Promise<boolean> {
    return this.#write('delete a run', () => {
      const row = this.#connection.get(`SELECT key FROM ${this.#names.runs} WHERE id = ?`, [id]);
      if (row === undefined) return false;
      this.#keepHead();
      this.#remove((row as { key: number }).key, id);
      return true;
    });
  }

  prune(query: PruneQuery): Promise<Pruned> {
    const limit = Math.min(query.limit, PRUNED_ROWS);
    return this.#write('remove runs', () => {
      const page = this.#all<PruneCandidate>(pruneQuery(this.#names, { ...query, limit }));
      if (page.some(({ passes }) => passes === 1)) this.#keepHead();
      const gone: PruneCandidate[] = [];
      const seen = inOneTurn(page, (row) => {
        if (row.passes === 0) return;
        if (query.journalOnly) this.#forget(row.key);
        else this.#remove(row.key, row.id);
        gone.push(row);
      });
      const last = seen === page.length && page.length < limit ? null : (page[seen - 1] ?? null);
      return {
        runIds: gone.map(({ id }) => id),
        sessionIds: [...new Set(gone.map(({ session_id: sessionId }) => sessionId))],
        next: last === null ? null : pruneKeyOf(last),
      };
    });
  }

  close(): Promise<void> {
    if (!this.#settings.ownsHandle) return Promise.resolve();
    return this.#attempt('be closed', () => this.#connection.close());
  }

  /** A page of whole rows, found along an index, as many turns as it takes. */
  async #page<Name extends ColumnName>(
    what: string,
    { after: start, limit }: Pick<RowQuery, 'after' | 'limit'>,
    candidates: (after: RowKey | undefined, limit: number) => Query,
    { columns, plan }: { readonly columns: readonly Name[]; readonly plan?: ListPlan },
  ): Promise<Pick<StoredRun, Name>[]> {
    const rows: Pick<StoredRun, Name>[] = [];
    let after = start;
    for (let most = FIRST_CANDIDATES; ; most = Math.min(most * 2, CANDIDATES)) {
      const wanted = limit - rows.length;
      const size = plan?.isExact === true ? wanted : most;
      const turn = await this.#attempt(what, () =>
        this.#connection.snapshot(() => {
          const page = this.#all<Candidate>(candidates(after, size));
          return { page, seen: this.#readRows(page, columns, rows, limit) };
        }),
      );
      const isLast = turn.seen === turn.page.length && turn.page.length < size;
      if (isLast || rows.length >= limit) return rows;
      after = keyOf(turn.page[turn.seen - 1] as Candidate);
      await letOthersIn();
    }
  }

  /** Finds the rarest of a filter's metadata members: the query follows the index of that one. */
  async #withRarestFirst<Filter extends RowFilter>(filter: Filter): Promise<Filter> {
    const { metadata = [], provider, statuses } = filter;
    if (metadata.length > 1) {
      const counts = await this.#sizes(metadata.map((member) => memberSizeQuery(this.#names, member)));
      return { ...filter, metadata: rarestFirst(metadata, counts) };
    }
    if (provider === undefined || statuses === undefined) return filter;
    const [count = 0] = await this.#sizes([providerSizeQuery(this.#names, provider)]);
    return { ...filter, isProviderRare: count < COUNTED_RUNS };
  }

  #sizes(queries: readonly Query[]): Promise<number[]> {
    return this.#attempt('list runs', () =>
      queries.map((query) => this.#all<{ runs: number }>(query)[0]?.runs ?? 0),
    );
  }

  /**
   * Reads the rows of the candidates that pass, as many as fit into a turn. Returns how many were looked
   * at.
   */
  #readRows<Name extends ColumnName>(
    page: readonly Candidate[],
    columns: readonly Name[],
    rows: Pick<StoredRun, Name>[],
    limit: number,
  ): number {
    const sql = `SELECT ${columns.join(', ')} FROM ${this.#names.runs} WHERE key = ?`;
    return inOneTurn(page, ({ key, passes }) => {
      if (passes === 1 && rows.length < limit) rows.push(this.#connection.get(sql, [key]) as StoredRun);
    });
  }

  /** The rows of a range. Where one of them cannot be read, they are read one by one. */
  #scanned(range: ScanRange, columns: readonly ScanColumn[]): ScannedPage {
    const [page] = this.#all<{ count: number; rows: string | null }>(
      scanTextQuery(this.#names, range, columns),
    );
    const rows = readRows(`[${page?.rows ?? ''}]`);
    if (rows?.length === page?.count && rows?.every((row) => isReadable(row, columns)) === true) {
      return { rows, skipped: 0 };
    }
    const all = this.#all<ScannedColumns>(scanQuery(this.#names, range, columns));
    const readable = all.map((row) => scannedRow(row, columns)).filter((row) => row !== null);
    return { rows: readable, skipped: all.length - readable.length };
  }

  #row(column: 'id' | 'key', value: string | number): StoredRun | null {
    const sql = `SELECT ${ALL_COLUMNS.join(', ')} FROM ${this.#names.runs} WHERE ${column} = ?`;
    return (this.#connection.get(sql, [value]) as StoredRun | undefined) ?? null;
  }

  /** Entries of a session from a long stretch of the journal, a window at a time. */
  async #walk(query: JournalQuery, head: number): Promise<JournalPage> {
    const entries: StoredEntry[] = [];
    let from = query.afterPosition ?? 0;
    for (let window = 0; window < WINDOWS && from < head; window++) {
      const through = Math.min(from + WINDOW, head);
      const rest = { ...query, limit: query.limit - entries.length };
      const page = await this.#entries(journalQuery(this.#names, rest, from, through), rest, through);
      entries.push(...page.entries);
      from = page.throughPosition;
      if (entries.length === query.limit) break;
      if (from < head) await letOthersIn();
    }
    return { entries, throughPosition: from };
  }

  async #entries(query: Query, { limit }: JournalQuery, through: number): Promise<JournalPage> {
    const entries = await this.#attempt('read the journal', () => this.#all<StoredEntry>(query));
    const last = entries.length === limit ? entries.at(-1) : undefined;
    return { entries, throughPosition: last?.position ?? through };
  }

  async #isSmall(sessionId: string): Promise<boolean> {
    const query = sessionSizeQuery(this.#names, sessionId, SMALL_SESSION.runs + 1);
    const [size] = await this.#attempt('read the journal', () =>
      this.#all<{ runs: number; entries: number }>(query),
    );
    return size !== undefined && size.runs <= SMALL_SESSION.runs && size.entries <= SMALL_SESSION.entries;
  }

  /** Stores the last position, so that it is known when its entry has been removed. */
  #keepHead(): void {
    this.#connection.run(`UPDATE ${this.#names.positions} SET given = ?`, [this.#writer.head()]);
  }

  #remove(key: number, id: string): void {
    const { runs, journal, metadata } = this.#names;
    this.#connection.run(`DELETE FROM ${journal} WHERE run = ?`, [key]);
    this.#connection.run(`DELETE FROM ${metadata} WHERE run_id = ?`, [id]);
    this.#connection.run(`DELETE FROM ${runs} WHERE key = ?`, [key]);
  }

  #forget(key: number): void {
    this.#connection.run(`DELETE FROM ${this.#names.journal} WHERE run = ?`, [key]);
    this.#connection.run(`UPDATE ${this.#names.runs} SET has_journal = 0 WHERE key = ?`, [key]);
  }

  #all<Row>({ sql, values }: Query): Row[] {
    return this.#connection.all(sql, values) as Row[];
  }

  #write<Result>(what: string, work: () => Result): Promise<Result> {
    return this.#attempt(what, () => this.#connection.transaction(work));
  }

  /** Waits for other processes without holding up this one: SQLite's own waiting would block it. */
  async #attempt<Result>(what: string, work: () => Result): Promise<Result> {
    const giveUpAt = Date.now() + this.#settings.callTimeoutMs;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return this.#settings.ownsHandle ? work() : this.#connection.withBusyTimeout(BLOCKING_WAIT_MS, work);
      } catch (error) {
        if (!isBusy(error) || Date.now() >= giveUpAt) throw sqliteError(what, error);
      }
      await pause(pauseMs * (0.5 + Math.random()));
    }
  }
}

interface ScannedPage {
  readonly rows: readonly ScannedRow[];
  readonly skipped: number;
}

function readRows(text: string): readonly ScannedRow[] | null {
  try {
    return JSON.parse(text) as readonly ScannedRow[];
  } catch {
    return null;
  }
}

interface PruneCandidate {
  readonly key: number;
  readonly id: string;
  readonly session_id: string;
  readonly ended_at: string;
  readonly passes: number;
}

/** Works on items until a turn is over. Returns how many it did, one at least. */
function inOneTurn<Item>(items: readonly Item[], work: (item: Item) => void): number {
  const turns = new Turns();
  for (const [index, item] of items.entries()) {
    work(item);
    if (turns.isOver) return index + 1;
  }
  return items.length;
}

function keyOf({ started_ms: startedMs, id }: Candidate): RowKey {
  return { startedMs, id };
}

function pruneKeyOf({ ended_at: endedAt, id }: PruneCandidate): PruneKey {
  return { endedAt, id };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
