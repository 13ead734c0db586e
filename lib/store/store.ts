// Declarations name Symbol.asyncDispose, which a project of its own settings need not know.
/// <reference lib="esnext.disposable" preserve="true" />
import { randomUUID } from 'node:crypto';
import { RunError } from '../record/error';
import { assertTransition } from '../record/refusal';
import type { AnyRun, Run } from '../run';
import type { SessionControl } from './admission';
import { Admission } from './admission';
import type { RunWrite, StoreBackend } from './backend';
import { encodeText } from './column-text';
import type { StoredRun } from './columns';
import { ALL_COLUMNS, columnsOf, RECORD_COLUMNS, runOf } from './columns';
import type { ListOptions } from './filter';
import { readId, readLimit, readListOptions, readStart, writeCursor } from './filter';
import type { JournalEntry } from './journal';
import { journalEntryOf } from './journal';
import { offerJournal } from './journal-port';
import { LeaseKeeper } from './leases';
import type { RunStoreOptions, TrackOptions } from './options';
import { readTrackOptions } from './options';
import type { RecorderHost, Version } from './recorder';
import { RunRecorder } from './recorder';
import { RecorderIndex } from './recorder-index';
import { endOrphans } from './recovery';
import { rewriteOf } from './rewrite';
import type { SummarizeOptions, SummaryRow } from './summary';
import { summarize } from './summary';
import type { WatchOptions } from './watch';
import { WakeUps, watchJournal } from './watch';
import { RETRY_FOR_MS, WriteQueue } from './write-queue';

/** A page of runs. */
export interface RunPage {
  /** Newest first. */
  readonly runs: readonly Run[];
  /** What to pass as `cursor` for the next page; null on the last. */
  readonly nextCursor: string | null;
}

/** Which entries of a run's journal. */
export interface EventsOptions {
  /** The `seq` of the last entry that is known already. @default 0 */
  readonly afterSeq?: number | undefined;
  /** How many at most, from 1 to 1000. @default 1000 */
  readonly limit?: number | undefined;
}

/** Which runs count as left behind. */
export interface RecoverOptions {
  /**
   * For how long, in milliseconds, a running run may have given no sign of life. A lease that has not
   * expired protects its run whatever this says. @default 30000
   */
  readonly staleAfterMs?: number | undefined;
}

const SESSION_PAGE = 100;

/**
 * Keeps runs, every change of them, and who executes them, in a database.
 *
 * A terminal status is final in the database as it is in `Run`: writes compare the revision that they
 * are based on, and the rules are those of `Run`, applied to what is stored.
 *
 * Every method may throw `storage_error`, `retryable` where the same call may succeed later.
 */
export abstract class RunStore {
  readonly #backend: StoreBackend;
  readonly #options: RunStoreOptions;
  readonly #queue: WriteQueue;
  readonly #leases = new LeaseKeeper();
  readonly #wakeUps = new WakeUps();
  readonly #closing = new AbortController();
  readonly #versions = new WeakMap<AnyRun, Version>();
  readonly #recorderOf = new WeakMap<AnyRun, RunRecorder>();
  /** The recorders with something to come: not those of runs that have ended and are stored. */
  readonly #busyRecorders = new RecorderIndex();
  readonly #host: RecorderHost;
  readonly #session: SessionControl;
  readonly #unsubscribe: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(backend: StoreBackend, options: RunStoreOptions = {}) {
    readTrackOptions({}, options.track);
    this.#backend = backend;
    this.#options = options;
    this.#queue = new WriteQueue(backend, options, () => {
      this.#wakeUps.wakeAll();
    });
    this.#host = this.#hostOfRecorders();
    this.#session = {
      endOrphans: (sessionId) => this.#endOrphansOf(sessionId),
      cancelOthers: (newest) => this.#cancelOthers(newest),
      pause: (ms) => this.#wakeUps.wait(this.#wakeUps.count, ms, this.#closing.signal),
    };
    offerJournal(this, async ({ sessionId, ...query }) => {
      this.#assertOpen();
      const session = sessionId === undefined ? {} : { sessionId: encodeText(sessionId) };
      return (await backend.journal({ ...session, ...query })).entries.map(journalEntryOf);
    });
    this.#unsubscribe = backend.subscribe?.((commit) => {
      this.#committed(commit?.runIds ?? null);
    });
  }

  /**
   * Records the run from here on: the run as it is, then every event, in order, in the background.
   *
   * @returns the recorder; one that records the run already is given back as it is.
   * @throws {RunError} `validation_error` for bad options; `invalid_operation` on a closed store.
   */
  track(run: AnyRun, options: TrackOptions = {}): RunRecorder {
    this.#assertOpen();
    const settings = readTrackOptions(options, this.#options.track);
    const known = this.#recorderOf.get(run);
    if (known !== undefined) return known;
    const admission = new Admission(settings.whenBusy, this.#session);
    const recorder = new RunRecorder(run, this.#host, {
      ...settings,
      admission,
      version: this.#versionOf(run),
    });
    this.#recorderOf.set(run, recorder);
    return recorder;
  }

  /**
   * Writes the whole run now. The journal gets its status where that has changed.
   *
   * @throws {RunError} `conflict` when the stored run has moved since this one was read or saved;
   * `already_exists` when the store has a run of this id that this one was not read from.
   */
  async save(run: AnyRun): Promise<void> {
    this.#assertOpen();
    const recorder = this.#recorderOf.get(run);
    if (recorder !== undefined) return recorder.saveWhole();
    const version = this.#versionOf(run);
    const stored = version.revision === 0 ? null : await this.#backend.read(encodeText(run.id));
    const write = this.#wholeWrite(run, version, stored);
    const [outcome] = await this.#backend.apply([write]);
    if (outcome !== 'applied') throw await this.#saveError(run, version);
    Object.assign(version, { revision: write.nextRevision, seq: version.seq + write.entries.length });
    this.#committed([write.id]);
  }

  /**
   * Cancels a run, whoever executes it; its counters are kept. The process that executes it learns of
   * it at its next write or lease renewal at the latest.
   *
   * @param reason - Why; the message of the run's error.
   * @returns the run as it is stored now.
   * @throws {RunError} `run_not_found`; `invalid_transition` when it has ended.
   */
  async cancel(id: string, reason?: string | Error): Promise<Run> {
    this.#assertOpen();
    for (;;) {
      const stored = await this.#backend.read(encodeText(id));
      if (stored === null) throw notFound(id);
      const { run, write } = rewriteOf(
        stored,
        (found) => {
          if (found.isTerminal) assertTransition(found, 'cancelled');
          found.cancel(reason);
        },
        'keep',
      );
      const [outcome] = await this.#backend.apply([write]);
      if (outcome !== 'applied') continue;
      this.#versions.set(run, { revision: write.nextRevision, seq: stored.seq + write.entries.length });
      this.#committed([write.id]);
      return run;
    }
  }

  /** The run of this id; null for none. */
  async get(id: string): Promise<Run | null> {
    this.#assertOpen();
    const stored = await this.#backend.read(readId(id));
    return stored === null ? null : this.#runOf(stored);
  }

  /**
   * The runs that pass the filter, newest first. Pages are cut by key: runs that come in between
   * shift nothing.
   *
   * @throws {RunError} `validation_error`
   */
  async list(options: ListOptions = {}): Promise<RunPage> {
    this.#assertOpen();
    const query = readListOptions(options);
    const rows = await this.#backend.list({ ...query, limit: query.limit + 1 }, ALL_COLUMNS);
    const page = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? page.at(-1) : undefined;
    return {
      runs: page.flatMap((row) => this.#readableRun(row)),
      nextCursor: last === undefined ? null : writeCursor(keyOf(last)),
    };
  }

  /** The running run of a session, the newest where there are several; null for none. */
  async getActive(sessionId: string): Promise<Run | null> {
    this.#assertOpen();
    const [row] = await this.#activeRows(readId(sessionId, 'sessionId'), 1);
    return row === undefined ? null : this.#runOf(row);
  }

  /**
   * Removes a run and its journal, for good.
   *
   * @returns whether there was one.
   */
  async delete(id: string): Promise<boolean> {
    this.#assertOpen();
    const rowId = readId(id);
    const deleted = await this.#backend.delete(rowId);
    if (deleted) this.#committed([rowId]);
    return deleted;
  }

  /**
   * The journal of a run, by `seq`.
   *
   * @throws {RunError} `validation_error`
   */
  async events(runId: string, { afterSeq, limit = 1000 }: EventsOptions = {}): Promise<JournalEntry[]> {
    this.#assertOpen();
    const query = {
      runId: readId(runId, 'runId'),
      afterSeq: readStart(afterSeq, 'afterSeq'),
      limit: readLimit(limit),
    };
    return (await this.#backend.journal(query)).entries.map(journalEntryOf);
  }

  /**
   * The journal of a run, a session or the whole store as it grows, from any process and from any
   * point: each entry once, in order, none left out. Goes on until the signal aborts, the store
   * closes, or the loop is left.
   *
   * @throws {RunError} `validation_error`
   */
  watch(options: WatchOptions = {}): AsyncGenerator<JournalEntry> {
    this.#assertOpen();
    return watchJournal(options, {
      backend: this.#backend,
      wakeUps: this.#wakeUps,
      pollMs: this.#options.pollMs ?? 100,
      retryForMs: this.#options.retryForMs ?? RETRY_FOR_MS,
      closed: this.#closing.signal,
    });
  }

  /**
   * Adds up turns, usage and cost of the runs that pass the filter. Every record counts once.
   *
   * @returns a row for each group, by group ascending.
   * @throws {RunError} `validation_error`
   */
  summarize(options: SummarizeOptions): Promise<SummaryRow[]> {
    this.#assertOpen();
    return summarize(this.#backend, options);
  }

  /**
   * Ends what a dead process has left running, as `failed` with the error code `orphaned`, its usage
   * so far intact. Safe to call from every process, at its start and then now and again. A running
   * run that was only saved, never tracked, has no lease: it counts by when it was last saved.
   *
   * @returns the runs that were ended by this call.
   * @throws {RunError} `validation_error`
   */
  async recover({ staleAfterMs = 30_000 }: RecoverOptions = {}): Promise<Run[]> {
    this.#assertOpen();
    const quietMs = readStart(staleAfterMs, 'staleAfterMs');
    return endOrphans(this.#backend, { unleasedQuietMs: quietMs }, (writes) => this.#wrote(writes));
  }

  /**
   * Stores what is left, ends every `watch`, and closes the database. Leases of runs that still run
   * stay until they expire; runs that wait for their session are not waited for. A second call waits
   * for the first.
   *
   * @throws {RunError} `storage_error` when changes could not be stored.
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** As {@link close}: `await using store = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const recorders = this.#busyRecorders.all().filter((recorder) => !recorder.isQueueing);
    const flushed = await Promise.allSettled(recorders.map((recorder) => recorder.flush()));
    this.#closing.abort();
    this.#leases.close();
    this.#queue.close();
    this.#unsubscribe?.();
    await this.#backend.close();
    const lost = flushed.find((result) => result.status === 'rejected' && isStorageError(result.reason));
    if (lost?.status === 'rejected') throw lost.reason;
  }

  #hostOfRecorders(): RecorderHost {
    const recorders = this.#busyRecorders;
    return {
      backend: this.#backend,
      queue: this.#queue,
      leases: this.#leases,
      changed: (recorder) => recorders.add(recorder),
      settled: (recorder) => recorders.remove(recorder),
      released: (recorder) => {
        recorders.remove(recorder);
        this.#recorderOf.delete(recorder.run);
      },
    };
  }

  #wholeWrite(run: AnyRun, version: Version, stored: StoredRun | null): RunWrite {
    const from = stored?.status ?? 'pending';
    const entry = { type: 'statusChanged', data: JSON.stringify({ from, to: run.status }), at: Date.now() };
    return {
      id: encodeText(run.id),
      sessionId: encodeText(run.sessionId),
      revision: version.revision,
      nextRevision: version.revision + 1,
      writer: randomUUID(),
      columns: columnsOf(run, RECORD_COLUMNS),
      entries: from === run.status ? [] : [{ ...entry, seq: version.seq + 1 }],
      lease: 'keep',
      exclusive: false,
    };
  }

  async #saveError(run: AnyRun, { revision }: Version): Promise<RunError> {
    const details = { runId: run.id };
    if (revision === 0) {
      const message = `Run ${run.id} is in the store already: read it with get() before changing it`;
      return new RunError('already_exists', message, { details });
    }
    const stored = await this.#backend.read(encodeText(run.id));
    if (stored === null) return notFound(run.id);
    const message = `Run ${run.id} has been written since it was read: it is "${stored.status}" now`;
    return new RunError('conflict', message, { details });
  }

  async #cancelOthers(newest: AnyRun): Promise<void> {
    const rows = await this.#activeRows(encodeText(newest.sessionId), SESSION_PAGE);
    for (const row of rows) {
      const { id } = runOf(row);
      if (id === newest.id) continue;
      await this.cancel(id, `Run ${newest.id} of the same session took its place`).catch(ignoreEnded);
    }
  }

  async #endOrphansOf(sessionId: string): Promise<boolean> {
    const query = { sessionId: encodeText(sessionId), unleasedQuietMs: null };
    const ended = await endOrphans(this.#backend, query, (writes) => this.#wrote(writes));
    return ended.length > 0;
  }

  #activeRows(sessionId: string, limit: number): Promise<readonly StoredRun[]> {
    return this.#backend.list({ sessionId, active: true, limit }, ALL_COLUMNS);
  }

  /** The run of a row, nothing for one that cannot be read: it must not hide the others. */
  #readableRun(stored: StoredRun): readonly Run[] {
    try {
      return [this.#runOf(stored)];
    } catch (error) {
      if (isStorageError(error)) return [];
      throw error;
    }
  }

  #runOf(stored: StoredRun): Run {
    const run = runOf(stored);
    this.#versions.set(run, { revision: stored.revision, seq: stored.seq });
    return run;
  }

  #versionOf(run: AnyRun): Version {
    const known = this.#versions.get(run);
    if (known !== undefined) return known;
    const version = { revision: 0, seq: 0 };
    this.#versions.set(run, version);
    return version;
  }

  #wrote(writes: readonly RunWrite[]): void {
    if (writes.length > 0) this.#committed(writes.map(({ id }) => id));
  }

  /** Somebody else than their recorders has written runs: these, or nobody knows which. */
  #committed(ids: readonly string[] | null): void {
    this.#wakeUps.wakeAll();
    const recorders =
      ids === null ? this.#busyRecorders.all() : ids.flatMap((id) => this.#busyRecorders.of(id));
    for (const recorder of recorders) recorder.check();
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw new RunError('invalid_operation', 'The store is closed');
  }
}

function keyOf({ started_ms: startedMs, id }: Pick<StoredRun, 'started_ms' | 'id'>): {
  startedMs: number;
  id: string;
} {
  return { startedMs, id };
}

function notFound(id: string): RunError {
  return new RunError('run_not_found', `The store has no run ${id}`, { details: { runId: id } });
}

function ignoreEnded(error: unknown): void {
  const code = error instanceof RunError ? error.code : '';
  if (code !== 'invalid_transition' && code !== 'run_not_found') throw error;
}

function isStorageError(error: unknown): boolean {
  return error instanceof RunError && error.code === 'storage_error';
}
