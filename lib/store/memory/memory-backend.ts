import type {
  JournalQuery,
  RowQuery,
  RunWrite,
  StaleQuery,
  StoreBackend,
  StoredEntry,
  WriteOutcome,
} from '../backend';
import type { StoredRun } from '../columns';

/** The rows of a `MemoryRunStore`. One process, so every batch is alone. */
export class MemoryBackend implements StoreBackend {
  readonly #rows = new Map<string, StoredRun>();
  readonly #journals = new Map<string, StoredEntry[]>();
  #position = 0;

  apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    return promise(() => writes.map((write) => this.#apply(write)));
  }

  read(id: string): Promise<StoredRun | null> {
    return promise(() => this.#rows.get(id) ?? null);
  }

  list(query: RowQuery): Promise<readonly StoredRun[]> {
    return promise(() =>
      [...this.#rows.values()]
        .filter((row) => passes(row, query))
        .sort(newestFirst)
        .slice(0, query.limit),
    );
  }

  stale(query: StaleQuery): Promise<readonly StoredRun[]> {
    const now = Date.now();
    return promise(() =>
      [...this.#rows.values()].filter((row) => isStale(row, query, now)).slice(0, query.limit),
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
      const entries = runId === undefined ? this.#allEntries() : (this.#journals.get(runId) ?? []);
      return entries
        .filter((entry) => entry.seq > afterSeq && entry.position > afterPosition)
        .filter((entry) => sessionId === undefined || entry.session_id === sessionId)
        .slice(0, limit);
    });
  }

  delete(id: string): Promise<boolean> {
    return promise(() => {
      this.#journals.delete(id);
      return this.#rows.delete(id);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
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
    this.#append(write, next.session_id);
    return 'applied';
  }

  #refusal({ id, sessionId, revision, lease, exclusive }: RunWrite, row?: StoredRun): WriteOutcome | null {
    if ((row?.revision ?? 0) !== revision) return 'stale';
    if (typeof lease === 'object' && row !== undefined && isLeasedByOther(row, lease.owner)) return 'leased';
    return exclusive && this.#isBusy(sessionId, id) ? 'busy' : null;
  }

  #isBusy(sessionId: string, exceptId: string): boolean {
    return [...this.#rows.values()].some(
      (row) => row.session_id === sessionId && row.active === 1 && row.id !== exceptId,
    );
  }

  #append({ id, entries }: RunWrite, sessionId: string): void {
    const journal = this.#journals.get(id) ?? [];
    this.#journals.set(id, journal);
    for (const entry of entries) {
      journal.push({ ...entry, position: ++this.#position, run_id: id, session_id: sessionId });
    }
  }

  #allEntries(): StoredEntry[] {
    return [...this.#journals.values()].flat().sort((left, right) => left.position - right.position);
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

function passes(row: StoredRun, query: RowQuery): boolean {
  const { sessionId, status, provider, active, fromMs = -Infinity, toMs = Infinity, after } = query;
  return (
    (sessionId === undefined || row.session_id === sessionId) &&
    (status === undefined || row.status === status) &&
    (provider === undefined || row.provider === provider) &&
    (active === undefined || (row.active === 1) === active) &&
    row.started_ms >= fromMs &&
    row.started_ms < toMs &&
    (after === undefined || compareKeys(row, { started_ms: after.startedMs, id: after.id }) < 0)
  );
}

type Key = Pick<StoredRun, 'started_ms' | 'id'>;

function newestFirst(left: Key, right: Key): number {
  return compareKeys(right, left);
}

function compareKeys(left: Key, right: Key): number {
  if (left.started_ms !== right.started_ms) return left.started_ms - right.started_ms;
  return left.id === right.id ? 0 : left.id < right.id ? -1 : 1;
}

function promise<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
