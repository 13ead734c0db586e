// Declarations name Symbol.asyncDispose, which a project of its own settings need not know.
/// <reference lib="esnext.disposable" preserve="true" />
import { randomUUID } from 'node:crypto';
import { portOf } from '../attachment';
import { RunError } from '../record/error';
import type { AnyRun, Run } from '../run';
import { isTerminalStatus } from '../record/status';
import type { Admission } from './admission';
import type { RunWrite, StoreBackend, WriteOutcome } from './backend';
import type { Changes } from './change-log';
import { ChangeLog, isUnchanged, mergeChanges, NO_CHANGES, withoutEnd, withoutEntering } from './change-log';
import type { StoredRun } from './columns';
import { ACTIVE_STATUS, columnsOf, RECORD_COLUMNS, runOf } from './columns';
import { encodeText } from './column-text';
import type { LeaseKeeper } from './leases';
import type { TrackSettings } from './options';
import { FlushWaiters } from './flush-waiters';
import type { WriteQueue } from './write-queue';

/** Where the store has a run, as far as this process knows. Shared by all who write the same `Run`. */
export interface Version {
  /** 0 for a run that is not in the store. */
  revision: number;
  seq: number;
}

/** What a recorder needs of its store. */
export interface RecorderHost {
  readonly backend: StoreBackend;
  readonly queue: WriteQueue;
  readonly leases: LeaseKeeper;
  /** The recorder has something to store. */
  changed(recorder: RunRecorder): void;
  /** The run has ended, and everything is stored. */
  settled(recorder: RunRecorder): void;
  /** The recorder has stopped or failed. */
  released(recorder: RunRecorder): void;
}

/** What is the recorder's own. */
export interface RecorderSettings extends TrackSettings {
  readonly version: Version;
  readonly admission: Admission;
}

/**
 * Keeps every change of one run in a store. `store.track(run)` makes it.
 *
 * ```text
 * recording ── stop() ───────────────────────────► stopped
 *     └─ lease lost, conflict, buffer full, … ───► failed: flush() and stop() reject with the reason
 * ```
 * Changes of one tick are written together, in the background. Where another process has ended the
 * run, this one's run ends the same way, and its usage so far is added to what is stored.
 */
export class RunRecorder {
  /** The run that is recorded. */
  readonly run: AnyRun;
  /** The run's id as rows have it. @internal */
  readonly rowId: string;
  readonly #sessionId: string;
  readonly #host: RecorderHost;
  readonly #settings: RecorderSettings;
  readonly #owner = randomUUID();
  readonly #log: ChangeLog;
  readonly #waiters = new FlushWaiters();
  /** What was taken from the log and is not known to be stored. */
  #carried = NO_CHANGES;
  #inFlight: RunWrite | null = null;
  #leased = false;
  #renewing = false;
  #writtenLately = false;
  /** Whether the stored end is not the one of this run. */
  #endedElsewhere = false;
  /** What the store has refused for good, while the recorder goes on. */
  #refusal: RunError | null = null;
  #failure: RunError | null = null;
  #stopped: Promise<void> | undefined;
  #stopping = false;
  /** Whether the session has to let the run in first. */
  #queueing = false;

  /** @internal */
  constructor(run: AnyRun, host: RecorderHost, settings: RecorderSettings) {
    this.run = run;
    this.rowId = encodeText(run.id);
    this.#sessionId = encodeText(run.sessionId);
    this.#host = host;
    this.#settings = settings;
    this.#log = new ChangeLog(run, this.#onChange);
    settings.admission.guard(run);
    this.#enqueue();
  }

  /** Whether the run waits for its session, for as long as others want it. @internal */
  get isQueueing(): boolean {
    return this.#queueing;
  }

  /** How many entries are not stored yet. */
  get buffered(): number {
    return this.#log.length + this.#carried.entries.length;
  }

  /**
   * Settles when everything that has happened to the run so far is stored, and survives the end of
   * this process.
   *
   * @throws {RunError} `conflict` when the run was ended elsewhere before its end here was stored;
   * `lease_lost` when another process took it over; `session_busy` when its session did not admit it;
   * `run_not_found` when it was deleted; `already_exists`; `storage_error`, `retryable` where the
   * changes are kept and go on being tried.
   */
  async flush(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#isIdle()) {
      const stored = this.#waiters.add(this.#inFlight !== null && this.#log.isEmpty);
      this.#host.queue.add(this);
      await stored;
    }
    if (this.#refusal !== null) throw this.#refusal;
  }

  /**
   * Stores what is left, gives the lease up, and stops listening.
   *
   * @throws {RunError} as {@link flush}
   */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  /** As {@link stop}: `await using recorder = store.track(run)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Writes every column, changed or not. @internal */
  saveWhole(): Promise<void> {
    this.#carried = mergeChanges(this.#carried, { columns: new Set(RECORD_COLUMNS), entries: [] });
    return this.flush();
  }

  /** Renews the lease, and finds out whether somebody else has written the run. @internal */
  renew(): void {
    if (this.#writtenLately) this.#writtenLately = false;
    else this.check();
  }

  /** @internal */
  check(): void {
    // What is in flight may have been stored before what is to be found out.
    if (!this.#leased && this.#inFlight === null) return;
    this.#renewing = true;
    this.#host.queue.add(this);
  }

  /** @internal */
  takeWrite(): RunWrite | null {
    if (this.#inFlight !== null || this.#failure !== null) return this.#inFlight;
    if (this.#queueing && !this.run.isTerminal) return null;
    if (this.#isIdle()) {
      this.#settled();
      return null;
    }
    this.#carried = mergeChanges(this.#carried, this.#log.take());
    if (this.#endedElsewhere) this.#carried = withoutEnd(this.#carried);
    else if (this.#wasKeptOut()) this.#carried = withoutEntering(this.#carried);
    this.#inFlight = this.#buildWrite(this.#carried);
    this.#renewing = false;
    this.#waiters.send();
    return this.#inFlight;
  }

  /** @internal */
  async settle(write: RunWrite, outcome: WriteOutcome): Promise<void> {
    if (outcome === 'applied') this.#applied(write);
    else if (outcome === 'leased') this.fail(this.#error('lease_lost', 'is executed by another process'));
    else if (outcome === 'busy') this.#waitForAdmission();
    else await this.#stale(write);
  }

  /** @internal */
  delayed(error: RunError, beyondPatience: boolean): void {
    this.#tell(error, true);
    if (beyondPatience) this.#waiters.rejectAll(error);
  }

  /** @internal */
  fail(error: RunError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#inFlight = null;
    this.#release();
    this.#report(error);
    this.#waiters.rejectAll(error);
    if (error.code !== 'storage_error') this.#endRun(error);
  }

  readonly #onChange = (): void => {
    const { maxBuffered } = this.#settings;
    if (this.buffered > maxBuffered) {
      const what = `has ${this.buffered} changes that the database did not take (at most ${maxBuffered})`;
      this.fail(this.#error('storage_error', what));
    } else {
      this.#enqueue();
    }
  };

  async #stop(): Promise<void> {
    this.#stopping = true;
    try {
      await this.flush();
    } finally {
      this.#release();
    }
  }

  #enqueue(): void {
    this.#host.changed(this);
    this.#host.queue.add(this);
  }

  #isIdle(): boolean {
    if (this.#inFlight !== null || !this.#log.isEmpty || !isUnchanged(this.#carried)) return false;
    const wantsLease = this.#wantsLease();
    return !this.#renewing && this.#leased === wantsLease && this.#settings.version.revision > 0;
  }

  /** Whether the run ended before its session let it in. */
  #wasKeptOut(): boolean {
    return this.run.isTerminal && this.#settings.admission.isExclusive;
  }

  #wantsLease(): boolean {
    return this.run.status === ACTIVE_STATUS && !this.#stopping;
  }

  #buildWrite({ columns, entries }: Changes): RunWrite {
    const { run } = this;
    const { revision, seq } = this.#settings.version;
    const names = revision === 0 ? RECORD_COLUMNS : [...columns];
    const isRenewal = names.length === 0 && entries.length === 0;
    return {
      id: this.rowId,
      sessionId: this.#sessionId,
      revision,
      nextRevision: isRenewal ? revision : revision + 1,
      writer: this.#owner,
      columns: columnsOf(run, names),
      entries: entries.map(({ type, data, at }, index) => ({ seq: seq + 1 + index, type, data, at })),
      lease: this.#leaseOf(),
      exclusive: run.status === ACTIVE_STATUS && this.#settings.admission.isExclusive,
    };
  }

  #leaseOf(): RunWrite['lease'] {
    if (this.#wantsLease()) return { owner: this.#owner, token: this.#owner, ms: this.#settings.leaseMs };
    return this.#leased ? 'release' : 'keep';
  }

  #applied(write: RunWrite): void {
    const { version, admission } = this.#settings;
    version.revision = write.nextRevision;
    version.seq += write.entries.length;
    this.#written(write.lease !== 'keep' && write.lease !== 'release');
    if (this.#leased) admission.admit();
    this.#carried = NO_CHANGES;
    this.#waiters.sent();
    if (this.#isIdle()) this.#settled();
    else this.#host.queue.add(this);
  }

  #settled(): void {
    this.#waiters.resolveAll();
    if (this.run.isTerminal) this.#host.settled(this);
  }

  /** Keeps the timer that renews the lease in step. */
  #written(leased: boolean): void {
    this.#inFlight = null;
    this.#writtenLately = true;
    if (leased && !this.#leased) this.#host.leases.keep(this, this.#settings.leaseMs);
    if (!leased && this.#leased) this.#host.leases.release(this, this.#settings.leaseMs);
    this.#leased = leased;
  }

  /** Tries again when the session may have become free. Holds up no other run. */
  #waitForAdmission(): void {
    this.#inFlight = null;
    this.#queueing = true;
    void this.#settings.admission.wait(this.run).then((refusal) => {
      this.#queueing = false;
      if (refusal !== null) {
        this.#refuse(refusal);
        this.#endRun(refusal);
      }
      this.#host.queue.add(this);
    });
  }

  /** The row is not at the revision that was expected: finds out why. */
  async #stale(write: RunWrite): Promise<void> {
    const stored = await this.#host.backend.read(write.id);
    if (stored?.writer === this.#owner && stored.revision === write.nextRevision) {
      this.#applied(write);
      return;
    }
    this.#inFlight = null;
    if (stored === null) {
      this.fail(this.#error('run_not_found', 'is no longer in the store'));
    } else if (write.revision === 0) {
      this.fail(this.#error('already_exists', 'is in the store already: read it with get()'));
    } else if (isTerminalStatus(runOf(stored).status)) {
      this.#endedElsewhereBy(stored);
    } else if (this.#leased && stored.lease_token === this.#owner) {
      this.#rebase(stored);
    } else {
      const code = this.#leased ? 'lease_lost' : 'conflict';
      this.fail(this.#error(code, 'was written by another process'));
    }
  }

  /** Follows the stored run: its end counts, and what was used here is added. */
  #endedElsewhereBy(stored: StoredRun): void {
    const taken = mergeChanges(this.#carried, this.#log.take());
    const endLost = this.run.isTerminal && taken.columns.has('status');
    const lostLease = this.#leased && stored.lease_token !== this.#owner;
    const ended = `was ended as "${stored.status}" by somebody else`;
    if (lostLease) this.#refuse(this.#error('lease_lost', ended));
    else if (endLost) this.#refuse(this.#error('conflict', ended));
    if (endLost || !this.run.isTerminal) this.#endedElsewhere = true;
    if (!this.run.isTerminal) this.#followEnd(runOf(stored));
    this.#carried = this.#endedElsewhere ? withoutEnd(taken) : taken;
    this.#written(false);
    this.#rebase(stored);
  }

  #followEnd(ended: Run): void {
    const { status, output, error } = ended.toJSON();
    portOf(this.run).endRemotely({
      status,
      output,
      error,
      endedAtMs: ended.endedAt?.getTime() ?? Date.now(),
    });
  }

  /** Goes on from where the stored run stands. */
  #rebase({ revision, seq }: StoredRun): void {
    this.#settings.version.revision = revision;
    this.#settings.version.seq = seq;
    this.#host.queue.add(this);
  }

  #refuse(error: RunError): void {
    this.#refusal = error;
    this.#report(error);
  }

  #report(error: RunError): void {
    if (this.#settings.onError !== undefined) this.#tell(error, false);
    else if (this.#waiters.isEmpty) process.emitWarning(error);
  }

  /** What a callback throws must not stop the recording: it surfaces as an uncaught exception. */
  #tell(error: RunError, willRetry: boolean): void {
    try {
      this.#settings.onError?.({ run: this.run, error, willRetry });
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown;
      });
    }
  }

  /** Stops whoever executes a run that the store does not let go on. */
  #endRun({ code, message }: RunError): void {
    if (this.run.status === ACTIVE_STATUS) {
      portOf(this.run).endRemotely({ status: 'failed', error: { code, message } });
    }
  }

  #release(): void {
    this.#log.stop();
    if (this.#leased) this.#host.leases.release(this, this.#settings.leaseMs);
    this.#host.released(this);
  }

  #error(code: string, what: string): RunError {
    return new RunError(code, `Run ${this.run.id} ${what}`, { details: { runId: this.run.id } });
  }
}
