// Declarations name Symbol.asyncDispose, which a project of its own settings need not know.
/// <reference lib="esnext.disposable" preserve="true" />
import type { JsonObject, JsonValue } from '../record/json';
import { refuseUnknown } from '../record/options';
import { assertTransition } from '../record/refusal';
import type { AnyRun, Run } from '../run';
import type { StoreBackend } from './backend';
import type { Clock } from './clock';
import { systemClock } from './clock';
import { encodeText } from './column-text';
import { ALL_COLUMNS } from './columns';
import type { ListOptions } from './filter';
import { readId, readLimit, readListOptions, readStart, writeCursor } from './filter';
import type { RunInspection } from './inspection';
import { inspectionOf } from './inspection';
import type { JournalEntry } from './journal';
import { journalEntryOf } from './journal';
import { journalEnd } from './journal-end';
import { offerJournal } from './journal-port';
import type { RunStoreOptions, TrackOptions } from './options';
import { checkStoreOptions, readTrackOptions } from './options';
import type { PruneOptions } from './prune';
import { prune, readPruneOptions } from './prune';
import { readAll } from './read-all';
import type { RunRecorder } from './recorder';
import type { RecoverOptions } from './recovery';
import { endOrphans, readRecoverOptions } from './recovery';
import type { CreatedRun } from './saving';
import { createRun, saveRun } from './saving';
import { closedError } from './storage-error';
import { StoreCore } from './store-core';
import type { SummarizeOptions, SummaryRow } from './summary';
import { Summary } from './summary';
import { offerToTakeIn } from './take-in';
import { readWaitOptions, waitForEnd } from './wait-for';
import { JournalWatch } from './watch';
import type { WatchOptions } from './watch-options';
import { readWatchOptions } from './watch-options';

/** A page of runs. */
export interface RunPage {
  /** Newest first. */
  readonly runs: readonly Run[];
  /** What to pass as `cursor` for the next page; null on the last. */
  readonly nextCursor: string | null;
}

/** How many rows are read where one is wanted: some may be unreadable, and are passed over. */
const SOME = 10;

/**
 * Keeps runs, every change of them, and who executes them, in a database.
 *
 * A terminal status is final in the database as it is in `Run`: writes compare the revision that they
 * are based on, and the rules are those of `Run`, applied to what is stored.
 *
 * While the database does not answer, each attempt of a call has a deadline (`callTimeoutMs`) and is
 * repeated for `retryForMs`; then the call throws `storage_error`, `retryable`. Options that a method does
 * not know are a `validation_error`; on a closed store every method throws `invalid_operation`.
 */
export abstract class RunStore {
  readonly #core: StoreCore;
  readonly #options: RunStoreOptions;
  #closed: Promise<void> | undefined;

  /** @hidden */
  constructor(backend: StoreBackend, options: RunStoreOptions = {}, clock: Clock = systemClock) {
    checkStoreOptions(options);
    this.#options = options;
    this.#core = new StoreCore(backend, options, clock);
    offerJournal(this, {
      page: async ({ sessionId, ...page }) => {
        this.#assertOpen();
        const query = sessionId === undefined ? page : { ...page, sessionId: encodeText(sessionId) };
        return readAll(await this.#core.entries(query), journalEntryOf, this.#core);
      },
      end: async (runId) => {
        this.#assertOpen();
        return journalEnd(this.#core.database, runId === undefined ? undefined : encodeText(runId));
      },
    });
    offerToTakeIn(this, (run, trackOptions) => this.#track(run, trackOptions, true));
  }

  /**
   * Records the run from here on: the run as it is, then every event, in order, in the background. Its
   * descendants too, from the moment they are made.
   *
   * @returns the recorder; one that records the run already is given back as it is.
   * @throws {RunError} `validation_error` for bad options; `invalid_operation` on a closed store.
   */
  track(run: AnyRun, options: TrackOptions = {}): RunRecorder {
    return this.#track(run, options, false);
  }

  /**
   * Inserts a run, once: a message that is delivered twice creates one run.
   *
   * @returns the run that is stored; `created` is false where it was there already, with the same session
   * and an equal input.
   * @throws {RunError} `conflict` when another run has the id.
   */
  async create(run: AnyRun): Promise<CreatedRun> {
    this.#assertOpen();
    return createRun(run, this.#core);
  }

  /**
   * Writes the whole run now. The journal gets its status where that has changed.
   *
   * @throws {RunError} `conflict` when the stored run has moved since this one was read or saved;
   * `already_exists` when the store has a run of this id that this one was not read from.
   */
  async save(run: AnyRun): Promise<void> {
    this.#assertOpen();
    return saveRun(run, this.#core);
  }

  /**
   * Cancels a run, whoever executes it and however often it is written; its counters are kept. The
   * process that executes it learns of it at its next write or lease renewal at the latest.
   *
   * @param reason - Why; the message of the run's error.
   * @returns the run as it is stored now.
   * @throws {RunError} `run_not_found`; `invalid_transition` when it has ended; `storage_error` that names
   * the run where its row cannot be read.
   */
  async cancel(id: string, reason?: string | Error): Promise<Run> {
    this.#assertOpen();
    return this.#core.change(readId(id), (run) => {
      if (run.isTerminal) assertTransition(run, 'cancelled');
      run.cancel(reason);
    });
  }

  /**
   * Answers a run that waits for it; somebody has to resume it then.
   *
   * @param value - What JSON can carry.
   * @returns the run as it is stored now.
   * @throws {RunError} `run_not_found`; `invalid_operation` when it waits for nothing, has its answer, or
   * has expired; `validation_error`
   */
  async answer(id: string, value: JsonValue): Promise<Run> {
    this.#assertOpen();
    return this.#core.change(readId(id), (run) => {
      run.answer(value);
    });
  }

  /**
   * The run of this id; null for none.
   *
   * @throws {RunError} `storage_error` that names the run where its row cannot be read.
   */
  async get<Input extends object = JsonObject, Output extends object = JsonObject>(
    id: string,
  ): Promise<Run<Input, Output> | null> {
    this.#assertOpen();
    const stored = await this.#core.read(readId(id));
    return stored === null ? null : (this.#core.runOf(stored) as unknown as Run<Input, Output>);
  }

  /**
   * The run of this id, and who executes it; null for none. A lease that has run out is shown.
   *
   * @throws {RunError} as {@link get}
   */
  async inspect(id: string): Promise<RunInspection | null> {
    this.#assertOpen();
    const stored = await this.#core.read(readId(id));
    return stored === null ? null : inspectionOf(stored, this.#core.runOf(stored));
  }

  /**
   * Waits until a run has ended, in whatever process.
   *
   * @param options - `signal` ends the wait.
   * @returns the run.
   * @throws {RunError} `run_not_found` where it is not there, or no longer; `invalid_operation` when the
   * store closes. Otherwise the signal's reason.
   */
  async waitFor(id: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Run> {
    this.#assertOpen();
    const { signal } = readWaitOptions(options);
    return waitForEnd(readId(id), signal, this.#core);
  }

  /**
   * The runs that pass the filter, newest first. Pages are cut by key: runs that come in between
   * shift nothing. A row that cannot be read is left out, and told to `onError`.
   *
   * @throws {RunError} `validation_error`
   */
  async list(options: ListOptions = {}): Promise<RunPage> {
    this.#assertOpen();
    const query = readListOptions(options);
    const more = { ...query, limit: query.limit + 1 };
    const rows = await this.#core.call('list runs', (backend) => backend.list(more, ALL_COLUMNS));
    const page = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? page.at(-1) : undefined;
    return {
      runs: readAll(page, (row) => this.#core.runOf(row), this.#core),
      nextCursor: last === undefined ? null : writeCursor({ startedMs: last.started_ms, id: last.id }),
    };
  }

  /**
   * The running run of a session that is nobody's child and waits for nobody's answer; the newest where
   * there are several; null for none.
   */
  async getActive(sessionId: string): Promise<Run | null> {
    this.#assertOpen();
    const rows = await this.#core.activeRows(readId(sessionId, 'sessionId'), SOME);
    return readAll(rows, (row) => this.#core.runOf(row), this.#core)[0] ?? null;
  }

  /**
   * Removes a run and its journal, for good.
   *
   * @returns whether there was one; false also where the answer of the attempt that removed it was lost.
   */
  async delete(id: string): Promise<boolean> {
    this.#assertOpen();
    const rowId = readId(id);
    const deleted = await this.#core.call('delete a run', (backend) => backend.delete(rowId));
    if (deleted) this.#core.wrote({ runIds: [rowId], sessionIds: [] });
    return deleted;
  }

  /**
   * Removes runs that ended before a moment, each after its descendants, or only their journals; in small
   * batches that let others in.
   *
   * @returns the number of runs; without those of a batch whose answer was lost.
   * @throws {RunError} `validation_error`. Otherwise the signal's reason.
   */
  async prune(options: PruneOptions): Promise<number> {
    this.#assertOpen();
    return prune(readPruneOptions(options), this.#core);
  }

  /**
   * The journal of a run, by `seq`. Its first entry is `created`.
   *
   * @param options - `afterSeq` is the `seq` of the last entry that is known already, 0 by default; `limit`
   * how many at most, from 1 to 1,000, which is the default.
   * @throws {RunError} `validation_error`
   */
  async events(
    runId: string,
    options: { readonly afterSeq?: number | undefined; readonly limit?: number | undefined } = {},
  ): Promise<JournalEntry[]> {
    this.#assertOpen();
    refuseUnknown(options, ['afterSeq', 'limit'], 'events options');
    const { afterSeq, limit = 1000 } = options;
    const query = {
      runId: readId(runId, 'runId'),
      afterSeq: readStart(afterSeq, 'afterSeq'),
      limit: readLimit(limit),
    };
    const { entries } = await this.#core.call('read the journal', (backend) => backend.journal(query));
    return readAll(entries, journalEntryOf, this.#core);
  }

  /**
   * The journal of a run, a session or the whole store as it grows, from any process and from any
   * point: each entry once, in order, none left out. Goes on until the signal aborts, the store
   * closes, or the loop is left.
   *
   * @throws {RunError} `validation_error` at once. The loop throws `storage_error`.
   */
  watch(options: WatchOptions = {}): AsyncGenerator<JournalEntry, undefined> {
    this.#assertOpen();
    return new JournalWatch(readWatchOptions(options), this.#core);
  }

  /**
   * Adds up turns, usage and cost of the runs that pass the filter. Every record counts once.
   *
   * @returns a row for each group, by group ascending.
   * @throws {RunError} `validation_error`
   */
  async summarize(options: SummarizeOptions): Promise<SummaryRow[]> {
    this.#assertOpen();
    return this.#core.summarize(() => new Summary(options));
  }

  /**
   * Ends what a dead process has left running, as `failed` with the error code `orphaned`, its usage
   * so far intact, and what has waited too long for an answer, as `timeout` with the code `expired`. Safe
   * to call from every process, at its start and then now and again. The lease of a tracked run decides;
   * one that was only saved counts by when that was.
   *
   * @returns the runs that were ended by this call; with `dryRun` those that would be, as they are.
   * @throws {RunError} `validation_error`
   */
  async recover(options: RecoverOptions = {}): Promise<Run[]> {
    this.#assertOpen();
    return endOrphans(readRecoverOptions(options), this.#core);
  }

  /**
   * Stores what is left, ends every `watch`, and closes the database. Leases of runs that still run
   * stay until they expire; runs that wait for their session do not get in. What waits settles, with
   * `invalid_operation` where it could not be done. A second call waits for the first.
   *
   * @throws {RunError} `storage_error` when changes could not be stored.
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#core.close());
  }

  /** As {@link close}: `await using store = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #track(run: AnyRun, options: TrackOptions, asksFirst: boolean): RunRecorder {
    this.#assertOpen();
    const settings = readTrackOptions(options, this.#options.track);
    return this.#core.tracker.track(run, { ...settings, asksFirst });
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw closedError();
  }
}
