import type {
  JournalPage,
  JournalQuery,
  Pruned,
  PruneQuery,
  RowFilter,
  RowKey,
  RowQuery,
  RunWrite,
  ScanColumn,
  ScanPage,
  ScanMark,
  StaleQuery,
  StoreBackend,
  StoredEntry,
  WriteOutcome,
} from '../backend';
import type { StoredRun } from '../columns';
import { membersOf } from '../metadata';
import { letOthersIn } from '../turn-taking';
import { isStale, passes } from './conditions';
import { countWhile, isBefore, RowOrder } from './row-order';
import { partOf, markAfter, scannedRow } from '../scanned-row';

/** A run's row, and its journal. */
interface Slot extends RowKey {
  row: StoredRun;
  /** The members of its metadata, by name. */
  members: ReadonlyMap<string, string>;
  journal: StoredEntry[];
}

/** How many rows of a scan are handed out at once. */
const SCAN_PAGE = 1000;

/** The rows of a `MemoryRunStore`. There is one process, so no batch meets another. */
export class MemoryBackend implements StoreBackend {
  readonly #slots = new Map<string, Slot>();
  readonly #order = new RowOrder<Slot>();
  readonly #sessions = new Map<string, RowOrder<Slot>>();
  /** How many children each run has in the store. */
  readonly #children = new Map<string, number>();
  /** Every entry, by position. */
  #journal: StoredEntry[] = [];
  #position = 0;

  apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    return promise(() => writes.map((write) => this.#apply(write)));
  }

  update(id: string, decide: (row: StoredRun | null) => RunWrite | null): Promise<WriteOutcome | null> {
    return promise(() => {
      const write = decide(this.#slots.get(id)?.row ?? null);
      return write === null ? null : this.#apply(write);
    });
  }

  read(id: string): Promise<StoredRun | null> {
    return promise(() => this.#slots.get(id)?.row ?? null);
  }

  list(query: RowQuery): Promise<readonly StoredRun[]> {
    return promise(() => this.#page(query).map(({ row }) => row));
  }

  async scan(filter: RowFilter, columns: readonly ScanColumn[], from: ScanMark | null): Promise<ScanPage> {
    const page = this.#page({ ...partOf(filter, from), after: from?.after, limit: SCAN_PAGE });
    const rows = page.map(({ row }) => scannedRow(row, columns)).filter((row) => row !== null);
    const last = page.length < SCAN_PAGE ? undefined : page.at(-1);
    const key = last === undefined ? undefined : { startedMs: last.startedMs, id: last.id };
    await letOthersIn();
    return { rows, skipped: page.length - rows.length, next: markAfter(filter, from, key) };
  }

  stale(query: StaleQuery): Promise<readonly StoredRun[]> {
    const now = Date.now();
    return promise(() => {
      const page: StoredRun[] = [];
      for (const { row } of this.#newestFirst(query)) {
        if (isStale(row, query, now)) page.push(row);
        if (page.length === query.limit) break;
      }
      return page;
    });
  }

  journal(query: JournalQuery): Promise<JournalPage> {
    return promise(() =>
      query.runId === undefined ? this.#entries(query) : this.#entriesOf(query.runId, query),
    );
  }

  head(): Promise<number> {
    return promise(() => this.#position);
  }

  delete(id: string): Promise<boolean> {
    return promise(() => {
      const slot = this.#slots.get(id);
      if (slot === undefined) return false;
      this.#leave(slot);
      this.#forget([slot]);
      return true;
    });
  }

  prune({ endedBeforeMs, journalOnly, after, limit }: PruneQuery): Promise<Pruned> {
    return promise(() => {
      const page = this.#page({ after: after === null ? undefined : keyOf(after), limit });
      const gone = page.filter(({ row, id, journal }) => {
        if (row.ended_at === null || Date.parse(row.ended_at) >= endedBeforeMs) return false;
        return journalOnly ? journal.length > 0 : (this.#children.get(id) ?? 0) === 0;
      });
      this.#forget(gone);
      if (!journalOnly) for (const slot of gone) this.#leave(slot);
      const last = page.length < limit ? undefined : page.at(-1);
      return {
        runIds: gone.map(({ id }) => id),
        sessionIds: [...new Set(gone.map(({ row }) => row.session_id))],
        next: last === undefined ? null : { endedAt: String(last.startedMs), id: last.id },
      };
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #page(query: RowQuery): Slot[] {
    const page: Slot[] = [];
    for (const slot of this.#newestFirst(query)) {
      if (slot.startedMs < (query.fromMs ?? -Infinity)) break;
      if (passes(slot.row, slot.members, query)) page.push(slot);
      if (page.length === query.limit) break;
    }
    return page;
  }

  /** The rows before the cursor, and before the time that the query names. */
  #newestFirst({ sessionId, after, toMs }: Partial<RowQuery>): Iterable<Slot> {
    const order = sessionId === undefined ? this.#order : this.#sessions.get(sessionId);
    const end = toMs === undefined ? undefined : { startedMs: toMs, id: '' };
    return order?.newestFirst(earlier(after, end)) ?? [];
  }

  #entriesOf(runId: string, { afterSeq = 0, limit }: JournalQuery): JournalPage {
    const journal = this.#slots.get(runId)?.journal ?? [];
    const start = countWhile(journal, ({ seq }) => seq <= afterSeq);
    return { entries: journal.slice(start, start + limit), throughPosition: 0 };
  }

  #entries({ sessionId, afterPosition = 0, limit }: JournalQuery): JournalPage {
    const entries: StoredEntry[] = [];
    const start = countWhile(this.#journal, ({ position }) => position <= afterPosition);
    for (let index = start; index < this.#journal.length; index++) {
      const entry = this.#journal[index] as StoredEntry;
      if (sessionId === undefined || entry.session_id === sessionId) entries.push(entry);
      if (entries.length === limit) return { entries, throughPosition: entry.position };
    }
    return { entries, throughPosition: Math.max(this.#position, afterPosition) };
  }

  #apply(write: RunWrite): WriteOutcome {
    const slot = this.#slots.get(write.id);
    const row = slot?.row;
    const outcome = this.#refusal(write, row);
    if (outcome !== null) return outcome;
    const touched = { touched_ms: Date.now(), writer: write.writer, revision: write.nextRevision };
    const seq = write.entries.at(-1)?.seq ?? row?.seq ?? 0;
    const next = {
      ...(row ?? UNLEASED),
      ...write.columns,
      ...touched,
      seq,
      ...leaseColumns(write),
    } as StoredRun;
    const written = slot === undefined ? this.#enter(next) : Object.assign(slot, { row: next });
    const { metadata } = write.columns;
    if (metadata !== undefined) written.members = membersByName(metadata);
    this.#log(written, write);
    return 'applied';
  }

  #log({ row, journal }: Slot, { entries }: RunWrite): void {
    for (const entry of entries) {
      const position = (this.#position += 1);
      const stored = { ...entry, position, run_id: row.id, session_id: row.session_id };
      journal.push(stored);
      this.#journal.push(stored);
    }
  }

  #refusal({ id, sessionId, revision, lease, exclusive }: RunWrite, row?: StoredRun): WriteOutcome | null {
    if ((row?.revision ?? 0) !== revision) return 'stale';
    if (typeof lease === 'object' && row !== undefined && isLeasedByOther(row, lease.token)) return 'leased';
    return exclusive && this.#isBusy(sessionId, id) ? 'busy' : null;
  }

  #isBusy(sessionId: string, exceptId: string): boolean {
    return [...this.#newestFirst({ sessionId })].some(({ id, row }) => row.active === 1 && id !== exceptId);
  }

  #enter(row: StoredRun): Slot {
    const slot: Slot = { startedMs: row.started_ms, id: row.id, row, members: new Map(), journal: [] };
    const session = this.#sessions.get(row.session_id) ?? new RowOrder<Slot>();
    this.#slots.set(row.id, slot);
    this.#sessions.set(row.session_id, session);
    session.add(slot);
    this.#order.add(slot);
    this.#countChild(row, 1);
    return slot;
  }

  #leave(slot: Slot): void {
    const session = this.#sessions.get(slot.row.session_id);
    this.#slots.delete(slot.id);
    this.#order.remove(slot);
    session?.remove(slot);
    if (session?.isEmpty) this.#sessions.delete(slot.row.session_id);
    this.#countChild(slot.row, -1);
  }

  #countChild({ parent_run_id: parent }: StoredRun, change: number): void {
    if (parent === null) return;
    const count = (this.#children.get(parent) ?? 0) + change;
    if (count > 0) this.#children.set(parent, count);
    else this.#children.delete(parent);
  }

  /** Removes the journals of several runs in one pass. */
  #forget(slots: readonly Slot[]): void {
    const ids = new Set(slots.filter(({ journal }) => journal.length > 0).map(({ id }) => id));
    if (ids.size > 0) this.#journal = this.#journal.filter(({ run_id: id }) => !ids.has(id));
    for (const slot of slots) slot.journal = [];
  }
}

const UNLEASED = { lease_owner: null, lease_token: null, lease_ms: null, lease_expires_ms: null };

function leaseColumns({ lease }: RunWrite): Partial<StoredRun> {
  if (lease === 'keep') return {};
  if (lease === 'release') return UNLEASED;
  const { owner, token, ms } = lease;
  return { lease_owner: owner, lease_token: token, lease_ms: ms, lease_expires_ms: Date.now() + ms };
}

function isLeasedByOther(row: StoredRun, token: string): boolean {
  if (row.lease_token === null || row.lease_token === token) return false;
  return (row.lease_expires_ms ?? 0) > Date.now();
}

function membersByName(metadata: string): ReadonlyMap<string, string> {
  return new Map(membersOf(metadata).map(({ name, value }) => [name, value]));
}

function keyOf({ endedAt, id }: { endedAt: string; id: string }): RowKey {
  return { startedMs: Number(endedAt), id };
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
