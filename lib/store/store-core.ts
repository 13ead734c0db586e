import { RunError } from '../record/error';
import type { AnyRun, Run } from '../run';
import type { SessionControl } from './admission';
import type {
  Commit,
  JournalQuery,
  RunWrite,
  ScanPage,
  ScanMark,
  StoreBackend,
  StoredEntry,
} from './backend';
import { changeStored } from './change-stored';
import type { Clock } from './clock';
import { encodeText } from './column-text';
import type { StoredRun } from './columns';
import { ALL_COLUMNS, runOf } from './columns';
import { Database } from './database';
import { EndableClock } from './endable-clock';
import { JournalReader } from './journal-reader';
import { LeaseKeeper } from './leases';
import { News } from './news';
import type { RunStoreOptions } from './options';
import { defaultWorkerName } from './options';
import { endOrphans } from './recovery';
import { SessionLines } from './session-lines';
import { asStorageError } from './storage-error';
import type { Summary, SummaryRow } from './summary';
import { tellSafely } from './tell';
import { Tracker } from './tracker';
import { rememberStored, versionOf } from './version';
import type { Subject, Waiter } from './wake-ups';
import { WriteQueue } from './write-queue';

const POLL_MS = 100;
const SESSION_PAGE = 100;

/**
 * A pause may be a sixth of a lease: leases are renewed at a third of their length, and a renewal must not
 * be held back for long.
 */
const PARTS_OF_LEASE = 6;

/** The parts of a `RunStore`, each made with what it needs of the others. */
export class StoreCore {
  readonly clock: EndableClock;
  readonly database: Database;
  readonly tracker: Tracker;
  readonly journal: JournalReader;
  /** The name of this process, as rows have it. */
  readonly owner: string;
  readonly #backend: StoreBackend;
  readonly #queue: WriteQueue;
  readonly #leases: LeaseKeeper;
  readonly #news: News;
  readonly #onError: RunStoreOptions['onError'];
  readonly #closers = new Set<() => void>();
  readonly #unsubscribe: (() => void) | undefined;
  #hasWarned = false;

  constructor(backend: StoreBackend, options: RunStoreOptions, time: Clock) {
    const clock = new EndableClock(time);
    this.#backend = backend;
    this.#onError = options.onError;
    this.clock = clock;
    this.owner = encodeText(options.workerName ?? defaultWorkerName());
    this.database = new Database(backend, options, clock);
    this.journal = new JournalReader(this.database, clock);
    this.#leases = new LeaseKeeper(clock);
    this.#queue = new WriteQueue({
      database: this.database,
      clock,
      longestPauseMs: () => Math.max(1, this.#leases.shortestMs / PARTS_OF_LEASE),
      applied: (writes) => this.#news.ownCommit(commitOf(writes)),
    });
    this.tracker = this.#makeTracker();
    this.#news = new News(this.database, clock, options.pollMs ?? POLL_MS, this.tracker);
    this.#unsubscribe = backend.subscribe?.((commit) => this.#news.commit(commit));
  }

  /** Calls the database, patiently. */
  call<Result>(what: string, call: (backend: StoreBackend) => Promise<Result>): Promise<Result> {
    return this.database.patiently(what, call);
  }

  /** The row of a run; null for none. */
  read(rowId: string): Promise<StoredRun | null> {
    return this.call('read a run', (backend) => backend.read(rowId));
  }

  /** The run that a row holds; the store knows from then on where it has it. */
  runOf(stored: StoredRun): Run {
    const run = runOf(stored);
    this.tracker.remember(run, versionOf(stored));
    return run;
  }

  /** The first entries of a session or of the whole store, by position; none where nothing is left. */
  async entries(query: JournalQuery): Promise<readonly StoredEntry[]> {
    const { afterPosition = 0 } = query;
    const page = await this.call('read the journal', (backend) => backend.journal(query));
    const { entries, throughPosition } = page;
    // A backend may look at so much of a long journal at a time.
    if (entries.length > 0 || throughPosition <= afterPosition) return entries;
    return this.entries({ ...query, afterPosition: throughPosition });
  }

  activeRows(sessionId: string, limit: number): Promise<readonly StoredRun[]> {
    const query = { sessionId, active: true, limit };
    return this.call('list runs', (backend) => backend.list(query, ALL_COLUMNS));
  }

  /** Changes a stored run by its own rules. */
  async change(rowId: string, change: (run: Run) => void): Promise<Run> {
    const { run, revision, seq } = await changeStored(rowId, change, this.database);
    const version = this.tracker.versionOf(run);
    Object.assign(version, { revision, seq, status: run.status });
    rememberStored(version, run);
    this.wrote({ runIds: [rowId], sessionIds: [encodeText(run.sessionId)] });
    return run;
  }

  /** Adds up page by page. Each page is a call with a deadline of its own. */
  async summarize(begin: () => Summary): Promise<SummaryRow[]> {
    const summary = begin();
    let skipped = 0;
    let mark: ScanMark | null = null;
    do {
      const from: ScanMark | null = mark;
      const page: ScanPage = await this.call('add runs up', (backend) =>
        backend.scan(summary.filter, summary.columns, from),
      );
      for (const row of page.rows) summary.add(row);
      skipped += page.skipped;
      mark = page.next;
    } while (mark !== null);
    if (skipped > 0) {
      this.unreadable(
        new RunError('storage_error', `${skipped} runs could not be read, and are not in the sum`),
      );
    }
    return summary.rows();
  }

  /** Something in this process has written runs, other than their recorders. */
  wrote(commit: Commit): void {
    if (commit.runIds.length === 0) return;
    this.#news.ownCommit(commit);
    this.tracker.written(commit.runIds);
  }

  enter(subject: Subject): Waiter {
    return this.#news.enter(subject);
  }

  onClose(callback: () => void): () => void {
    this.#closers.add(callback);
    return () => this.#closers.delete(callback);
  }

  isOwn(stored: StoredRun): boolean {
    return this.tracker.holdsLease(stored);
  }

  /** Something was passed over because it cannot be read. */
  unreadable(cause: unknown): void {
    const error = asStorageError(cause);
    if (this.#onError !== undefined) {
      tellSafely(this.#onError, { error });
    } else if (!this.#hasWarned) {
      this.#hasWarned = true;
      process.emitWarning(error);
    }
  }

  async close(): Promise<void> {
    const reasons = await this.tracker.flush();
    const idle = this.database.close();
    this.#queue.close();
    this.tracker.close();
    for (const close of [...this.#closers]) close();
    this.#news.close();
    this.#leases.close();
    this.#unsubscribe?.();
    await idle;
    try {
      await this.database.attempt('be closed', () => this.#backend.close());
    } finally {
      this.clock.end();
    }
    const lost = reasons.find((reason) => reason instanceof RunError && reason.code === 'storage_error');
    if (lost !== undefined) throw lost as RunError;
  }

  #makeTracker(): Tracker {
    const { database, clock, owner } = this;
    return new Tracker({
      database,
      clock,
      owner,
      queue: this.#queue,
      leases: this.#leases,
      session: this.#sessionControl(),
      expectNews: () => this.#news.expect(),
    });
  }

  #sessionControl(): SessionControl {
    return {
      clock: this.clock,
      lines: new SessionLines(),
      enter: (subject) => this.enter(subject),
      cancelOthers: (newest) => this.#cancelOthers(newest),
      endOrphans: (sessionId) => this.#endOrphansOf(sessionId),
    };
  }

  async #endOrphansOf(sessionId: string): Promise<boolean> {
    const query = { sessionId: encodeText(sessionId), unleasedQuietMs: null, dryRun: false };
    return (await endOrphans(query, this)).length > 0;
  }

  async #cancelOthers(newest: AnyRun): Promise<void> {
    const rows = await this.activeRows(encodeText(newest.sessionId), SESSION_PAGE);
    const reason = `Run ${newest.id} of the same session took its place`;
    const newestId = encodeText(newest.id);
    for (const { id } of rows) if (id !== newestId) await this.#cancelUnlessEnded(id, reason);
  }

  async #cancelUnlessEnded(rowId: string, reason: string): Promise<void> {
    try {
      await this.change(rowId, (run) => {
        if (!run.isTerminal) run.cancel(reason);
      });
    } catch (error) {
      if (!(error instanceof RunError && error.code === 'run_not_found')) throw error;
    }
  }
}

function commitOf(writes: readonly RunWrite[]): Commit {
  return {
    runIds: writes.map(({ id }) => id),
    sessionIds: writes.map(({ sessionId }) => sessionId),
  };
}
