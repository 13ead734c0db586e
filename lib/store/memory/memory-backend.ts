import type {
  JournalQuery,
  RowKey,
  RowQuery,
  RunWrite,
  StaleQuery,
  StoreBackend,
  StoredEntry,
  WriteOutcome,
} from '../backend';
import type { StoredRun } from '../columns';
import { countWhile, isBefore, RowOrder } from './row-order';

/** The rows of a `MemoryRunStore`. One process, so every batch is alone. */
export class MemoryBackend implements StoreBackend {
  readonly #rows = new Map<string, StoredRun>();
  readonly #order = new RowOrder();
  readonly #sessions = new Map<string, RowOrder>();
  readonly #journals = new Map<string, StoredEntry[]>();
  /** Every entry, by position. */
  #journal: StoredEntry[] = [];
  #position = 0;

  apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    return promise(() => writes.map((write) => this.#apply(write)));
  }

  read(id: string): Promise<StoredRun | null> {
    return promise(() => this.#rows.get(id) ?? null);
  }

  list(query: RowQuery): Promise<readonly StoredRun[]> {
    return promise(() => {
      const page: StoredRun[] = [];
      const { fromMs = -Infinity, limit } = query;
      for (const row of this.#newestFirst(query)) {
        if (row.started_ms < fromMs || page.length === limit) break;
        if (passes(row, query)) page.push(row);
      }
      return page;
    });
  }

  stale(query: StaleQuery): Promise<readonly StoredRun[]> {
    const now = Date.now();
    return promise(() =>
      [...this.#newestFirst(query)].filter((row) => isStale(row, query, now)).slice(0, query.limit),
    );
  }

  journal({
    runId,
    sessionId,
    afterSeq = 0,
    afterPosition = 0,
    limit,
  }: JournalQuery): Promise<StoredEntry[]> {
    return promise(() => {
      if (runId !== undefined) return (this.#journals.get(runId) ?? []).slice(afterSeq, afterSeq + limit);
      const page: StoredEntry[] = [];
      const start = countWhile(this.#journal, ({ position }) => position <= afterPosition);
      for (let index = start; index < this.#journal.length && page.length < limit; index++) {
        const entry = this.#journal[index] as StoredEntry;
        if (sessionId === undefined || entry.session_id === sessionId) page.push(entry);
      }
      return page;
    });
  }

  delete(id: string): Promise<boolean> {
    return promise(() => {
      const row = this.#rows.get(id);
      if (row === undefined) return false;
      this.#rows.delete(id);
      this.#leave(row);
      if (this.#journals.delete(id)) this.#journal = this.#journal.filter((entry) => entry.run_id !== id);
      return true;
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The rows before the cursor, and before the time that the query names. */
  *#newestFirst({ sessionId, after, toMs }: Partial<RowQuery>): Generator<StoredRun> {
    const order = sessionId === undefined ? this.#order : this.#sessions.get(sessionId);
    const end = toMs === undefined ? undefined : { startedMs: toMs, id: '' };
    for (const id of order?.newestFirst(earlier(after, end)) ?? []) yield this.#rows.get(id) as StoredRun;
  }

  #apply(write: RunWrite): WriteOutcome {
    const row = this.#rows.get(write.id);
    const outcome = this.#refusal(write, row);
    if (outcome !== null) return outcome;
    const touched = { touched_ms: Date.now(), writer: write.writer, revision: write.nextRevision };
    const seq = write.entries.at(-1)?.seq ?? row?.seq ?? 0;
    const base = row ?? { lease_owner: null, lease_expires_ms: null };
    const next = { ...base, ...write.columns, ...touched, seq, ...leaseColumns(write) } as StoredRun;
    this.#rows.set(write.id, next);
    if (row === undefined) this.#enter(next);
    this.#append(write, next.session_id);
    return 'applied';
  }

  #refusal({ id, sessionId, revision, lease, exclusive }: RunWrite, row?: StoredRun): WriteOutcome | null {
    if ((row?.revision ?? 0) !== revision) return 'stale';
    if (typeof lease === 'object' && row !== undefined && isLeasedByOther(row, lease.owner)) return 'leased';
    return exclusive && this.#isBusy(sessionId, id) ? 'busy' : null;
  }

  #isBusy(sessionId: string, exceptId: string): boolean {
    return [...this.#newestFirst({ sessionId })].some((row) => row.active === 1 && row.id !== exceptId);
  }

  #enter(row: StoredRun): void {
    const session = this.#sessions.get(row.session_id) ?? new RowOrder();
    this.#sessions.set(row.session_id, session);
    session.add(keyOf(row));
    this.#order.add(keyOf(row));
  }

  #leave(row: StoredRun): void {
    this.#order.remove(keyOf(row));
    const session = this.#sessions.get(row.session_id);
    session?.remove(keyOf(row));
    if (session?.isEmpty) this.#sessions.delete(row.session_id);
  }

  #append({ id, entries }: RunWrite, sessionId: string): void {
    const journal = this.#journals.get(id) ?? [];
    this.#journals.set(id, journal);
    for (const entry of entries) {
      const stored = { ...entry, position: ++this.#position, run_id: id, session_id: sessionId };
      journal.push(stored);
      this.#journal.push(stored);
    }
  }
}

function leaseColumns({ lease }: RunWrite): Partial<StoredRun> {
  if (lease === 'keep') return {};
  if (lease === 'release') return { lease_owner: null, lease_expires_ms: null };
  return { lease_owner: lease.owner, lease_expires_ms: Date.now() + lease.ms };
}

function isLeasedByOther(row: StoredRun, owner: string): boolean {
  if (row.lease_owner === null || row.lease_owner === owner) return false;
  return (row.lease_expires_ms ?? 0) > Date.now();
}

function isStale(row: StoredRun, { sessionId, quietMs, unleased }: StaleQuery, now: number): boolean {
  if (row.active === 0 || (sessionId !== undefined && row.session_id !== sessionId)) return false;
  const expired = row.lease_owner === null ? unleased : (row.lease_expires_ms ?? 0) <= now;
  return expired && row.touched_ms <= now - quietMs;
}

function passes(row: StoredRun, { status, provider, active }: RowQuery): boolean {
  return (
    (status === undefined || row.status === status) &&
    (provider === undefined || row.provider === provider) &&
    (active === undefined || (row.active === 1) === active)
  );
}

function keyOf(row: StoredRun): RowKey {
  return { startedMs: row.started_ms, id: row.id };
}

function earlier(one: RowKey | undefined, other: RowKey | undefined): RowKey | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return isBefore(one, other) ? one : other;
}

function promise<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
