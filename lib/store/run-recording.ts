import { randomUUID } from 'node:crypto';
import type { RunChange } from '../attachment';
import { portOf } from '../attachment';
import type { RunError } from '../record/error';
import type { AnyRun } from '../run';
import { Admission } from './admission';
import type { SessionControl } from './admission';
import type { RunWrite, WriteOutcome } from './backend';
import type { Changes } from './change-log';
import {
  afterMoveTo,
  ChangeLog,
  isUnchanged,
  mergeChanges,
  NO_CHANGES,
  withoutEnd,
  withoutEntering,
} from './change-log';
import type { Clock } from './clock';
import { encodeText } from './column-text';
import type { StoredRun } from './columns';
import { ACTIVE_STATUS, RECORD_COLUMNS, runOf } from './columns';
import type { Database } from './database';
import { endRefused, followEnd } from './end-elsewhere';
import { FlushWaiters } from './flush-waiters';
import { meaningOf } from './found-row';
import { isParked } from './is-parked';
import type { LeaseHolder, LeaseKeeper } from './leases';
import type { TrackSettings } from './options';
import { fullError, notLetInError, otherEndError, recorderError } from './recorder-error';
import { RecorderNews } from './recorder-news';
import type { RecorderState, Recording, Step, Writing } from './recording-state';
import { beginRecording, errorOf, IDLE } from './recording-state';
import { closedError } from './storage-error';
import type { Version } from './version';
import { changesSince, forgetStored, hasOtherEnd, rememberStored } from './version';
import { wasApplied } from './was-applied';
import { writeOf } from './write-of';
import type { QueueMember, WriteQueue } from './write-queue';

/** What a recorder needs of its store. */
export interface RecordingHost {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: WriteQueue;
  readonly leases: LeaseKeeper;
  readonly session: SessionControl;
  /** The name of this process, as rows have it. */
  readonly owner: string;
  /** The recorder has something to store. */
  changed(recording: RunRecording): void;
  /** The session has not admitted the run yet. */
  waits(recording: RunRecording): void;
  /** Everything is stored, and the run has ended or waits: this process has nothing more to write. */
  settled(recording: RunRecording): void;
  /** The recorder records no more. */
  released(recording: RunRecording): void;
  /** The run has a child, made just now. */
  childCreated(child: AnyRun, settings: TrackSettings): void;
}

/**
 * Keeps every change of one run in a store: what stands behind a `RunRecorder`. Its chart is that of
 * {@link RecorderState}.
 *
 * Where another process has ended the run, this one's run ends the same way, and its usage so far is
 * added to what is stored.
 */
export class RunRecording implements QueueMember, LeaseHolder {
  readonly run: AnyRun;
  /** The run's id as rows have it. */
  readonly rowId: string;
  readonly #host: RecordingHost;
  readonly #settings: TrackSettings;
  readonly #version: Version;
  readonly #admission: Admission;
  readonly #writer = randomUUID();
  readonly #log: ChangeLog;
  readonly #waiters = new FlushWaiters();
  readonly #news: RecorderNews;
  readonly #detach: () => void;
  #state: RecorderState;
  /** When the lease was last taken or renewed. */
  #leasedAt = 0;

  constructor(run: AnyRun, host: RecordingHost, settings: TrackSettings, version: Version) {
    this.run = run;
    this.rowId = encodeText(run.id);
    this.#host = host;
    this.#settings = settings;
    this.#version = version;
    this.#log = new ChangeLog(run);
    this.#news = new RecorderNews(run, settings);
    this.#admission = new Admission(
      run,
      { ...settings, holdsSession: version.active === 1 },
      host.session,
      () => host.queue.add(this),
    );
    this.#detach = portOf(run).attach({
      changed: (...change) => this.#onChange(...change),
      surround: (fn) => this.#admission.surround(fn),
    });
    const refusal = hasOtherEnd(version, run) ? otherEndError(run, version.status) : null;
    this.#state = beginRecording(changesSince(version, run, host.clock.epochMs()), refusal);
    host.changed(this);
    host.queue.add(this);
  }

  get state(): RecorderState {
    return this.#state;
  }

  /** The stored version of the run, as far as this process knows. */
  get version(): Readonly<Version> {
    return this.#version;
  }

  /** Whether the run waits for its session, which others hold. */
  get isWaiting(): boolean {
    return this.#state.name === 'recording' && this.#state.step.name === 'waiting';
  }

  get buffered(): number {
    if (this.#state.name !== 'recording') return 0;
    return this.#log.length + this.#state.step.changes.entries.length;
  }

  async flush(): Promise<void> {
    await this.#whenStored();
    const error = errorOf(this.#state);
    if (error !== null) throw error;
  }

  async stop(): Promise<void> {
    const state = this.#state;
    if (state.name === 'recording') {
      this.#state = { ...state, until: 'stopped' };
      if (state.step.name === 'waiting') this.#leave({ name: 'stopped', refusal: notLetInError(this.run) });
      else this.#goOn();
    }
    await this.flush();
  }

  /** The store is closed. What is not stored by now is lost. */
  close(): void {
    const state = this.#state;
    if (state.name !== 'recording') return;
    const isStored = state.step.name === 'idle';
    this.#leave({ name: 'closed', error: isStored ? state.refusal : closedError() });
  }

  /** Writes every column, changed or not. */
  saveWhole(): Promise<void> {
    this.#log.touch(RECORD_COLUMNS);
    this.#goOn();
    return this.flush();
  }

  /** Renews the lease, unless something else has done so lately. */
  renew(): void {
    const sinceMs = this.#host.clock.now() - this.#leasedAt;
    if (sinceMs >= this.#settings.leaseMs / 4) this.check();
  }

  /** Finds out whether somebody else has written the run, and renews the lease with it. */
  check(): void {
    const state = this.#state;
    if (state.name !== 'recording') return;
    const { step } = state;
    if (step.name === 'writing') this.#step({ ...step, looksAgain: true });
    else if (state.lease === 'held') this.#due(step.changes, true);
  }

  takeWrite(): RunWrite | null {
    const state = this.#state;
    if (state.name !== 'recording') return null;
    const { step } = state;
    if (step.name === 'writing') return step.write;
    const changes = this.#takeChanges(state, step.changes);
    if (this.#isExclusive && !this.#admission.mayTry()) {
      this.#step({ name: 'waiting', changes });
      this.#host.waits(this);
      return null;
    }
    const renews = step.name === 'due' && step.renews;
    if (isUnchanged(changes) && !renews && (state.lease === 'held') === this.#wantsLease(state)) {
      this.#allStored(state);
      return null;
    }
    const write = this.#writeOf(state, changes);
    this.#step({ name: 'writing', changes, write, looksAgain: false, isRepeated: false });
    this.#waiters.send();
    return write;
  }

  async settle(write: RunWrite, outcome: WriteOutcome): Promise<void> {
    if (!this.#isWriting(write)) return;
    if (outcome === 'applied') this.#applied(write);
    else if (outcome === 'leased') {
      this.fail(recorderError(this.run, 'lease_lost', 'is executed by another process'));
    } else if (outcome === 'busy') this.#busy();
    else await this.#moved(write);
  }

  unanswered(): void {
    const writing = this.#writing;
    if (writing !== null) this.#step({ ...writing, isRepeated: true });
  }

  delayed(error: RunError, beyondPatience: boolean): void {
    if (this.#state.name !== 'recording') return;
    this.#news.delayed(error);
    if (beyondPatience) this.#waiters.rejectAll(error);
  }

  fail(error: RunError): void {
    if (this.#state.name !== 'recording') return;
    const isAwaited = !this.#waiters.isEmpty;
    this.#leave({ name: 'failed', error });
    this.#news.refused(error, isAwaited);
    if (error.code !== 'storage_error') endRefused(this.run, error);
  }

  #onChange(...change: RunChange): void {
    const [name, event] = change;
    const state = this.#state;
    if (state.name !== 'recording') {
      // Of those that record no more, only a closed one still listens.
      this.#state = { name: 'closed', error: errorOf(state) ?? closedError() };
      return;
    }
    this.#log.add(...change);
    if (name === 'childCreated') this.#host.childCreated(event.child, this.#settings);
    if (name === 'parked') this.#admission.parked();
    if (this.run.isTerminal) this.#runEnded(state);
    if (this.buffered <= this.#settings.maxBuffered) this.#goOn();
    else this.fail(fullError(this.run, this.buffered, this.#settings.maxBuffered));
  }

  #runEnded(state: Recording): void {
    if (this.#admission.isExclusive && state.end === 'own') this.#state = { ...state, end: 'kept out' };
    this.#admission.refuse(
      recorderError(this.run, 'invalid_operation', 'ended before its session let it in'),
    );
  }

  /** Something more is to be stored. */
  #goOn(): void {
    const state = this.#state;
    if (state.name !== 'recording' || state.step.name === 'writing') return;
    // A change is no reason to ask for the session again, unless the run has ended: then it need not wait.
    if (state.step.name === 'waiting' && !this.run.isTerminal) return;
    this.#due(state.step.changes);
  }

  #due(changes: Changes, renews = false): void {
    this.#step({ name: 'due', changes, renews });
    this.#host.changed(this);
    this.#host.queue.add(this);
  }

  #whenStored(): Promise<void> | null {
    const state = this.#state;
    if (state.name !== 'recording' || state.step.name === 'idle') return null;
    return this.#waiters.add(this.#log.isEmpty);
  }

  /** The write that is on its way; null for none. */
  get #writing(): Writing | null {
    const state = this.#state;
    return state.name === 'recording' && state.step.name === 'writing' ? state.step : null;
  }

  /** Whether the run is still held back: it may only be executed once it is stored. */
  get #isNotLetIn(): boolean {
    return this.#settings.asksFirst && this.#admission.isShut;
  }

  get #isExecuted(): boolean {
    return this.run.status === ACTIVE_STATUS && !isParked(this.run);
  }

  #wantsLease({ until }: Recording): boolean {
    return this.#isExecuted && until === 'told';
  }

  get #isExclusive(): boolean {
    return this.#isExecuted && this.#admission.isExclusive;
  }

  #takeChanges({ end }: Recording, carried: Changes): Changes {
    const changes = mergeChanges(carried, this.#log.take());
    if (end === 'elsewhere') return withoutEnd(changes);
    return end === 'kept out' ? withoutEntering(changes) : changes;
  }

  #writeOf(state: Recording, changes: Changes): RunWrite {
    const { leaseToken: token } = this.#version;
    const taken = { token, owner: this.#host.owner, ms: this.#settings.leaseMs };
    return writeOf(this.run, changes, {
      version: this.#version,
      writer: this.#writer,
      lease: this.#wantsLease(state) ? taken : state.lease === 'held' ? 'release' : 'keep',
      exclusive: this.#isExclusive,
    });
  }

  #isWriting(write: RunWrite): boolean {
    return this.#writing?.write === write;
  }

  #applied(write: RunWrite): void {
    const version = this.#version;
    version.revision = write.nextRevision;
    version.seq += write.entries.length;
    version.status = write.columns.status ?? version.status;
    version.active = write.columns.active ?? version.active;
    const isLeased = typeof write.lease === 'object';
    this.#setLease(isLeased ? 'held' : 'none');
    if (isLeased) this.#admission.admit();
    this.#waiters.sent();
    const state = this.#state as Recording;
    const { looksAgain } = state.step as Writing;
    const isDone = this.#log.isEmpty && !looksAgain && isLeased === this.#wantsLease(state);
    if (isDone) this.#allStored(state);
    else this.#due(NO_CHANGES, looksAgain);
  }

  /** Starts or stops the timer that renews the lease. */
  #setLease(lease: Recording['lease']): void {
    const { clock, leases } = this.#host;
    this.#state = { ...(this.#state as Recording), lease };
    if (lease === 'held') {
      this.#leasedAt = clock.now();
      leases.keep(this, this.#settings.leaseMs);
    } else leases.release(this, this.#settings.leaseMs);
  }

  #allStored(state: Recording): void {
    this.#step(IDLE);
    this.#waiters.resolveAll();
    if (state.until === 'stopped') this.#leave({ name: 'stopped', refusal: state.refusal });
    else if (this.run.isTerminal || isParked(this.run)) this.#host.settled(this);
  }

  /** Waits until the session may be free, and tries again. No other run is held up by it. */
  #busy(): void {
    const state = this.#state as Recording;
    const { changes } = state.step;
    if (state.until === 'stopped') {
      this.#leave({ name: 'stopped', refusal: notLetInError(this.run) });
    } else if (state.end === 'kept out') {
      this.#due(changes);
    } else {
      this.#step({ name: 'waiting', changes });
      this.#host.waits(this);
      void this.#admission.wait().then((refusal) => this.#waited(refusal));
    }
  }

  #waited(refusal: RunError | null): void {
    const state = this.#state;
    if (state.name !== 'recording') return;
    if (refusal !== null && this.#settings.asksFirst && this.#version.revision === 0) {
      this.fail(refusal);
      return;
    }
    if (refusal !== null) {
      this.#refuse(refusal);
      endRefused(this.run, refusal);
    }
    this.#host.queue.add(this);
  }

  /** The row is not at the revision that was expected: finds out why. */
  async #moved(write: RunWrite): Promise<void> {
    const { database } = this.#host;
    const { step, lease } = this.#state as Recording;
    const known = { isRepeated: (step as Writing).isRepeated, wasLeased: lease === 'held' };
    const stored = await database.attempt('read a run', (backend) => backend.read(write.id));
    const isStored = stored !== null && (await wasApplied(database, write, stored, known));
    if (!this.#isWriting(write)) return;
    // Somebody else has written since. The next write will find out what.
    if (isStored && stored.revision > write.nextRevision) this.check();
    if (isStored) this.#applied(write);
    else this.#follow(stored, write);
  }

  #follow(row: StoredRun | null, write: RunWrite): void {
    const meaning = meaningOf(row, {
      run: this.run,
      write,
      version: this.#version,
      isLeased: (this.#state as Recording).lease === 'held',
      isNotLetIn: this.#isNotLetIn,
    });
    if (meaning.name === 'fails') this.fail(meaning.error);
    else if (meaning.name === 'ended elsewhere') this.#endedElsewhere(meaning.stored);
    else this.#goOnFrom(meaning.stored);
  }

  /** Takes over the stored run's end, and adds to it what was used here. */
  #endedElsewhere(stored: StoredRun): void {
    const state = this.#state as Recording;
    const changes = mergeChanges(state.step.changes, this.#log.take());
    const isEndLost = this.run.isTerminal && changes.columns.has('status');
    const isLeaseLost = state.lease === 'held' && stored.lease_token !== this.#version.leaseToken;
    if (isEndLost || !this.run.isTerminal) this.#state = { ...state, end: 'elsewhere' };
    // Its own lease is given up with the next write.
    if (isLeaseLost) this.#setLease('none');
    if (isLeaseLost || isEndLost) {
      this.#refuse(otherEndError(this.run, stored.status, isLeaseLost ? 'lease_lost' : 'conflict'));
    }
    this.#writeOn(stored, changes);
    if (!this.run.isTerminal) followEnd(this.run, runOf(stored));
  }

  /** Goes on from the stored version, which may have the first of the moves already. */
  #goOnFrom(stored: StoredRun): void {
    const { step } = this.#state as Recording;
    this.#writeOn(stored, afterMoveTo(stored.status, step.changes));
  }

  /** Writes the changes, and renews the lease: the write that was to do so found another revision. */
  #writeOn({ revision, seq, status, active }: StoredRun, changes: Changes): void {
    Object.assign(this.#version, { revision, seq, status, active, formerWriter: null });
    const state = this.#state;
    if (state.name === 'recording') this.#due(changes, state.lease === 'held');
  }

  /** The store has refused something for good; the recorder goes on. */
  #refuse(refusal: RunError): void {
    this.#state = { ...(this.#state as Recording), refusal };
    this.#news.refused(refusal, !this.#waiters.isEmpty);
  }

  /** Stops recording: gives up everything that it holds, and settles everything that waits. */
  #leave(next: Exclude<RecorderState, Recording>): void {
    const state = this.#state as Recording;
    this.#setLease('none');
    this.#state = next;
    if (next.name !== 'closed') this.#detach();
    if (state.step.name === 'idle') rememberStored(this.#version, this.run);
    else forgetStored(this.#version, this.#writer);
    this.#leaveAdmission(next);
    const error = errorOf(next);
    if (error === null) this.#waiters.resolveAll();
    else this.#waiters.rejectAll(error);
    this.#host.released(this);
  }

  /** Lets the run execute untracked, unless it is not to be executed at all. */
  #leaveAdmission(next: Exclude<RecorderState, Recording>): void {
    if (next.name === 'closed') this.#admission.refuse(closedError());
    else if (next.name === 'failed' && (this.#isNotLetIn || next.error.code !== 'storage_error')) {
      this.#admission.refuse(next.error);
    } else this.#admission.open();
  }

  #step(step: Step): void {
    this.#state = { ...(this.#state as Recording), step };
  }
}
