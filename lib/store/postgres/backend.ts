import type {
  Commit,
  JournalPage,
  JournalQuery,
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
import { rarestFirst } from '../metadata';
import { isReadable, partOf, markAfter } from '../scanned-row';
import { applyCall } from './apply';
import type { PostgresClient, PostgresPool } from './client';
import { PostgresConnection } from './connection';
import type { OpenPool } from './driver';
import { Ear } from './ear';
import { Listener } from './listener';
import { migrate } from './migrate';
import type { Naming } from './names';
import type { Statement } from './queries';
import {
  deleteQuery,
  headQuery,
  journalQuery,
  listQuery,
  lockQuery,
  memberSizesQuery,
  pruneQuery,
  readQuery,
  scanQuery,
  staleQuery,
} from './queries';
import { rowOf } from './row';

/** How the backend reaches the database, and hears of commits. */
export interface PostgresBackendSettings {
  /** How long one attempt may take, in milliseconds. */
  readonly callTimeoutMs: number;
  /** Whether there have to be tables. */
  readonly mustExist: boolean;
  readonly listen: boolean;
  readonly pollMs: number;
}

const SCAN_PAGE = 2000;
const PRUNED_ROWS = 500;

/** Rows, leases and positions in PostgreSQL. The schema is made at the first call. */
export class PostgresBackend implements StoreBackend {
  readonly #pool: PostgresPool;
  readonly #isOwnPool: boolean;
  readonly #naming: Naming;
  readonly #mustExist: boolean;
  readonly #connection: PostgresConnection;
  readonly #listener: Listener;
  #migrated: Promise<void> | null = null;

  constructor({ pool, isOwn }: OpenPool, naming: Naming, settings: PostgresBackendSettings) {
    const { callTimeoutMs, listen, pollMs, mustExist } = settings;
    this.#mustExist = mustExist;
    this.#pool = pool;
    this.#isOwnPool = isOwn;
    this.#naming = naming;
    // Without a listener, an idle connection that the server closes would end the process.
    pool.on('error', ignore);
    (pool as unknown as LendingPool).on('acquire', holdErrors);
    this.#connection = new PostgresConnection(pool, { callTimeoutMs, onStarved: () => Ear.of(pool).yield() });
    const head = (): Promise<number> => this.head();
    this.#listener = new Listener(pool, { listen, pollMs, channel: naming.channel, head });
  }

  async apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    this.#listener.start();
    await this.#prepare();
    return outcomesOf(writes, await this.#connection.write('write runs', this.#applyCall(writes)));
  }

  async update(id: string, decide: (row: StoredRun | null) => RunWrite | null): Promise<WriteOutcome | null> {
    await this.#prepare();
    return withDecision(decide, (decided) =>
      this.#connection.transaction('write a run', async (client) => {
        const lock = lockQuery(this.#naming.tables, id, ALL_COLUMNS);
        const { rows } = await client.query(lock.text, lock.values);
        const write = decided(rows[0] === undefined ? null : rowOf(rows[0] as StoredRun));
        if (write === null) return null;
        const { text, values } = this.#applyCall([write]);
        const answer = await client.query(text, values);
        return outcomesOf([write], answer.rows)[0] ?? null;
      }),
    );
  }

  async read(id: string): Promise<StoredRun | null> {
    const [row] = await this.#query('read a run', readQuery(this.#naming.tables, id, ALL_COLUMNS));
    return row === undefined ? null : rowOf(row as StoredRun);
  }

  async list<Name extends ColumnName>(
    query: RowQuery,
    columns: readonly Name[],
  ): Promise<readonly Pick<StoredRun, Name>[]> {
    // Where a time is not kept as a text, it is made from these.
    const wanted = [...new Set<ColumnName>([...columns, 'started_ms', 'id'])];
    const ordered = await this.#withRarestFirst(query);
    const rows = await this.#query('list runs', listQuery(this.#naming.tables, ordered, wanted));
    return (rows as StoredRun[]).map(rowOf);
  }

  async scan(filter: RowFilter, columns: readonly ScanColumn[], from: ScanMark | null): Promise<ScanPage> {
    const ordered = await this.#withRarestFirst(partOf(filter, from));
    const part = { ...ordered, after: from?.after, limit: SCAN_PAGE };
    const answer = await this.#query('read runs', scanQuery(this.#naming.tables, part, columns));
    const [{ rows: text, last }] = answer as [{ rows: string | null; last: string | null }];
    const all = JSON.parse(text ?? '[]') as ScannedRow[];
    const rows = all.filter((row) => isReadable(row, columns));
    const key = all.length < SCAN_PAGE ? undefined : rowKeyOf(last as string);
    return { rows, skipped: all.length - rows.length, next: markAfter(filter, from, key) };
  }

  async stale(query: StaleQuery): Promise<readonly StoredRun[]> {
    const statement = staleQuery(this.#naming.tables, query, ALL_COLUMNS);
    return ((await this.#query('look for runs that were left', statement)) as StoredRun[]).map(rowOf);
  }

  async journal(query: JournalQuery): Promise<JournalPage> {
    this.#listener.start();
    const head = query.sessionId === undefined ? 0 : await this.head();
    const rows = await this.#query('read the journal', journalQuery(this.#naming.tables, query));
    const entries = rows as StoredEntry[];
    const last = entries.at(-1)?.position ?? query.afterPosition ?? 0;
    return { entries, throughPosition: entries.length < query.limit ? Math.max(last, head) : last };
  }

  async head(): Promise<number> {
    const [row] = await this.#query('read the journal', headQuery(this.#naming.tables));
    return (row as { position: number } | undefined)?.position ?? 0;
  }

  async delete(id: string): Promise<boolean> {
    const { tables, channel } = this.#naming;
    const statement = deleteQuery(tables, id, channel, this.#listener.source);
    return (await this.#query('delete a run', statement)).length > 0;
  }

  async prune(query: PruneQuery): Promise<Pruned> {
    const limit = Math.min(query.limit, PRUNED_ROWS);
    const [row] = await this.#query('remove runs', pruneQuery(this.#naming.tables, { ...query, limit }));
    const { run_ids: runIds, session_ids: sessionIds, seen, last } = row as PrunedRow;
    if (seen < limit) return { runIds, sessionIds, next: null };
    const [endedAt, id] = JSON.parse(last as string) as [string, string];
    return { runIds, sessionIds, next: { endedAt, id } };
  }

  subscribe(onCommit: (commit: Commit | null) => void): () => void {
    return this.#listener.subscribe(onCommit);
  }

  async close(): Promise<void> {
    this.#listener.close();
    // The pool's other users keep its listener where it is theirs.
    if (this.#isOwnPool) {
      await this.#pool.end();
      return;
    }
    this.#pool.off('error', ignore);
    (this.#pool as unknown as LendingPool).off('acquire', holdErrors);
  }

  /** Orders a filter's metadata members: the query follows the index of the rarest. */
  async #withRarestFirst<Filter extends RowFilter>(filter: Filter): Promise<Filter> {
    const { metadata } = filter;
    if (metadata === undefined || metadata.length < 2) return filter;
    const [row] = await this.#query('list runs', memberSizesQuery(this.#naming.tables, metadata));
    return { ...filter, metadata: rarestFirst(metadata, (row as { sizes: readonly number[] }).sizes) };
  }

  #applyCall(writes: readonly RunWrite[]): Statement {
    return applyCall(this.#naming.tables, writes, this.#naming.channel, this.#listener.source);
  }

  async #query(what: string, statement: Statement): Promise<readonly unknown[]> {
    await this.#prepare();
    return this.#connection.query(what, statement);
  }

  /** Before the first call of a store: where it fails, the next call tries again. */
  #prepare(): Promise<void> {
    this.#migrated ??= migrate(this.#connection, this.#naming, this.#mustExist).catch((error: unknown) => {
      this.#migrated = null;
      throw error;
    });
    return this.#migrated;
  }
}

interface PrunedRow {
  readonly run_ids: readonly string[];
  readonly session_ids: readonly string[];
  readonly seen: number;
  readonly last: string | null;
}

function rowKeyOf(text: string): RowKey {
  const [startedMs, id] = JSON.parse(text) as [number, string];
  return { startedMs, id };
}

function outcomesOf(writes: readonly RunWrite[], rows: readonly unknown[]): readonly WriteOutcome[] {
  const [{ outcomes }] = rows as [{ outcomes: WriteOutcome[] | null }];
  return outcomes ?? writes.map(() => 'applied');
}

/** A pool as `pg` has it, which says when it lends a connection. */
interface LendingPool {
  on(event: 'acquire', listener: (client: PostgresClient) => void): unknown;
  off(event: 'acquire', listener: (client: PostgresClient) => void): unknown;
}

/**
 * Between a pool and who has asked it for a connection, nobody listens: an error that comes with the last
 * words of its start would end the process.
 */
function holdErrors(client: PostgresClient): void {
  const hold = (): void => undefined;
  client.on('error', hold);
  setImmediate(() => client.off('error', hold));
}

function ignore(): void {
  // The call that needs the connection says what is wrong.
}
