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

/** A run's row as it stands, and its journal. */
interface Slot extends RowKey {
  row: StoredRun;
  readonly journal: StoredEntry[];
}

/** The rows of a `MemoryRunStore`. One process, so every batch is alone. */
export class MemoryBackend implements StoreBackend {
  readonly #slots = new Map<string, Slot>();
  readonly #order = new RowOrder<Slot>();
  readonly #sessions = new Map<string, RowOrder<Slot>>();
  /** Every entry, by position. */
  #journal: StoredEntry[] = [];
  #position = 0;

  apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    return promise(() => writes.map((write) => this.#apply(write)));
  }

  read(id: string): Promise<StoredRun | null> {
    return promise(() => this.#slots.get(id)?.row ?? null);
  }

  list(query: RowQuery): Promise<readonly StoredRun[]> {
    return promise(() => {
      const page: StoredRun[] = [];
      for (const { startedMs, row } of this.#newestFirst(query)) {
        if (startedMs < (query.fromMs ?? -Infinity)) break;
        if (passes(row, query)) page.push(row);
        if (page.length === query.limit) break;
      }
      return page;
    });
  }

  stale(query: StaleQuery): Promise<readonly StoredRun[]> {
    const now = Date.now();
    return promise(() =>
      [...this.#newestFirst(query)]
        .map(({ row }) => row)
        .filter((row) => isStale(row, query, now))
        .slice(0, query.limit),
    );
  }

  journal({
    runId,
    sessionId,
    afterSeq = 0,
    afterPosition = 0,
    limit,
  }: JournalQuery): Promise<readonly StoredEntry[]> {
    return promise(() => {
      if (runId !== undefined) return this.#slots.get(runId)?.journal.slice(afterSeq, afterSeq + limit) ?? [];
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
      const slot = this.#slots.get(id);
      if (slot === undefined) return false;
      this.#leave(slot);
      if (slot.journal.length > 0) this.#journal = this.#journal.filter((entry) => entry.run_id !== id);
      return true;
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The rows before the cursor, and before the time that the query names. */
  #newestFirst({ sessionId, after, toMs }: Partial<RowQuery>): Iterable<Slot> {
    const order = sessionId === undefined ? this.#order : this.#sessions.get(sessionId);
    const end = toMs === undefined ? undefined : { startedMs: toMs, id: '' };
    return order?.newestFirst(earlier(after, end)) ?? [];
  }

  #apply(write: RunWrite): WriteOutcome {
    const slot = this.#slots.get(write.id);
    const row = slot?.row;
    const outcome = this.#refusal(write, row);
    if (outcome !== null) return outcome;
    const touched = { touched_ms: Date.now(), writer: write.writer, revision: write.nextRevision };
    const seq = write.entries.at(-1)?.seq ?? row?.seq ?? 0;
    const base = row ?? { lease_owner: null, lease_expires_ms: null };
    const next = { ...base, ...write.columns, ...touched, seq, ...leaseColumns(write) } as StoredRun;
    const { journal } = slot === undefined ? this.#enter(next) : Object.assign(slot, { row: next });
    for (const entry of write.entries) {
      const position = (this.#position += 1);
      const stored = { ...entry, position, run_id: next.id, session_id: next.session_id };
      journal.push(stored);
      this.#journal.push(stored);
    }
    return 'applied';
  }

  #refusal({ id, sessionId, revision, lease, exclusive }: RunWrite, row?: StoredRun): WriteOutcome | null {
    if ((row?.revision ?? 0) !== revision) return 'stale';
    if (typeof lease === 'object' && row !== undefined && isLeasedByOther(row, lease.owner)) return 'leased';
    return exclusive && this.#isBusy(sessionId, id) ? 'busy' : null;
  }

  #isBusy(sessionId: string, exceptId: string): boolean {
    return [...this.#newestFirst({ sessionId })].some(({ id, row }) => row.active === 1 && id !== exceptId);
  }

  #enter(row: StoredRun): Slot {
    const slot = { startedMs: row.started_ms, id: row.id, row, journal: [] };
    const session = this.#sessions.get(row.session_id) ?? new RowOrder<Slot>();
    this.#slots.set(row.id, slot);
    this.#sessions.set(row.session_id, session);
    session.add(slot);
    this.#order.add(slot);
    return slot;
  }

  #leave(slot: Slot): void {
    const session = this.#sessions.get(slot.row.session_id);
    this.#slots.delete(slot.id);
    this.#order.remove(slot);
    session?.remove(slot);
    if (session?.isEmpty) this.#sessions.delete(slot.row.session_id);
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

function earlier(one: RowKey | undefined, other: RowKey | undefined): RowKey | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return isBefore(one, other) ? one : other;
}

function promise<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
