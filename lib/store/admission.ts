import { RunError } from '../record/error';
import type { AnyRun } from '../run';
import type { Clock } from './clock';
import { sleep } from './clock';
import { encodeText } from './column-text';
import { Deferred } from './deferred';
import type { WhenBusy } from './options';
import type { SessionLines, Ticket } from './session-lines';
import { asStorageError } from './storage-error';
import type { Subject, Waiter } from './wake-ups';

/** What can be done about the running runs of a session. */
export interface SessionControl {
  readonly clock: Clock;
  readonly lines: SessionLines;
  /** Ends those whose process has died; resolves with whether there were any. */
  endOrphans(sessionId: string): Promise<boolean>;
  /** Cancels all of them but this one. */
  cancelOthers(run: AnyRun): Promise<void>;
  /** Wakes up when something of the session is written. */
  enter(subject: Subject): Waiter;
}

/** How a run is admitted to its session. */
export interface AdmissionSettings {
  readonly whenBusy: WhenBusy;
  /** Whether the function of `execute` waits until the store has taken the run in, in any case. */
  readonly asksFirst: boolean;
  /** Whether the stored run holds its session already: it is recorded again, or goes on after a crash. */
  readonly holdsSession: boolean;
}

/**
 * ```text
 * open ◄── admitted; the run has ended; the recorder has stopped, failed, or was closed ── shut
 *    └──────────────────────────── the run is parked: it has left its session ─────────────► │
 * ```
 */
type AdmissionState = { readonly name: 'open' } | Shut;

interface Shut {
  readonly name: 'shut';
  /** What `execute` waits for. */
  readonly gate: Deferred;
  /** The run's place among those that queue; null before it queues. */
  ticket: Ticket | null;
  /** Is woken by news of the session; null before there is one. */
  waiter: Waiter | null;
  tries: number;
}

const OPEN: AdmissionState = { name: 'open' };
const FIRST_GAP_MS = 5;
const LONGEST_GAP_MS = 100;
const LONGEST_WAIT_MS = 1_000;

/**
 * The admission of one run to its session. The database decides, when the run is written as running. This
 * holds the execution back until it is admitted, and says what happens when it is not.
 */
export class Admission {
  readonly #run: AnyRun;
  readonly #settings: AdmissionSettings;
  readonly #session: SessionControl;
  readonly #onTurn: () => void;
  #holdsSession: boolean;
  #state: AdmissionState;

  /** @param onTurn - Called when a run that had to wait may try again. */
  constructor(run: AnyRun, settings: AdmissionSettings, session: SessionControl, onTurn: () => void) {
    this.#run = run;
    this.#settings = settings;
    this.#session = session;
    this.#onTurn = onTurn;
    this.#holdsSession = settings.holdsSession;
    this.#state = run.isTerminal ? OPEN : this.#initial();
  }

  /** Whether the run may only be written as running when no other run of its session is. */
  get isExclusive(): boolean {
    return this.#state.name === 'shut' && this.#wantsSession && !this.#holdsSession;
  }

  /** Whether the run is held back. */
  get isShut(): boolean {
    return this.#state.name === 'shut';
  }

  /** Calls the function of `execute`, once the run is admitted. */
  surround<Result>(fn: () => Result): Result {
    if (this.#state.name === 'open') return fn();
    // `execute` awaits what this gives back, so a promise does as well.
    return this.#state.gate.promise.then(fn) as Result;
  }

  /** Whether it is this run's turn to try. Of those that queue in this process, one tries. */
  mayTry(): boolean {
    const state = this.#state;
    if (state.name === 'open' || !this.#wantsSession || this.#holdsSession) return true;
    state.waiter ??= this.#session.enter({ sessionId: encodeText(this.#run.sessionId) });
    state.waiter.beginToLook();
    if (this.#settings.whenBusy !== 'queue') return true;
    state.ticket ??= this.#session.lines.join(
      this.#run.sessionId,
      (isBusy) => void this.#itsTurn(state, isBusy),
    );
    return state.ticket.isFirst;
  }

  /** The run was admitted. */
  admit(): void {
    this.#open((gate) => gate.resolve(), true);
  }

  /** Stops holding the run back, admitted or not. */
  open(): void {
    this.#open((gate) => gate.resolve());
  }

  /** The run is not admitted: `execute` rejects. */
  refuse(error: RunError): void {
    this.#open((gate) => gate.reject(error));
  }

  /** The run waits for an answer, and does not hold its session meanwhile. */
  parked(): void {
    // One that is executed unrecorded, and recorded again, may stand in line yet.
    this.open();
    this.#holdsSession = false;
    this.#state = this.#initial();
  }

  /**
   * The session is busy: does what the policy says.
   *
   * @returns null when it is worth another try, otherwise why not.
   */
  async wait(): Promise<RunError | null> {
    const state = this.#state;
    if (state.name === 'open') return null;
    state.tries += 1;
    try {
      const isFirstTry = state.tries === 1;
      if (isFirstTry && (await this.#endOrphans())) return null;
      if (this.#settings.whenBusy === 'reject') return busyError(this.#run);
      if (this.#settings.whenBusy === 'cancel-previous') await this.#session.cancelOthers(this.#run);
      else if (!(await this.#heardNews(state.waiter))) await this.#endOrphans();
    } catch (error) {
      if (!(error instanceof RunError && error.retryable)) return asStorageError(error);
    }
    // Not more often than this, however often the session is written.
    if (this.#state === state && state.tries > 1) await this.#pause(state.tries);
    return null;
  }

  get #wantsSession(): boolean {
    return this.#settings.whenBusy !== 'allow' && this.#run.parentRunId === null;
  }

  #initial(): AdmissionState {
    if (!this.#wantsSession && !this.#settings.asksFirst) return OPEN;
    return { name: 'shut', gate: new Deferred(), ticket: null, waiter: null, tries: 0 };
  }

  #open(settle: (gate: Deferred) => void, isIn = false): void {
    const state = this.#state;
    if (state.name === 'open') return;
    this.#state = OPEN;
    settle(state.gate);
    state.waiter?.leave();
    state.ticket?.leave(isIn);
  }

  /**
   * Waits for this run's turn. Where the one before has just been admitted, it is no use to try before
   * there is news of it.
   */
  async #itsTurn(state: Shut, isBusy: boolean): Promise<void> {
    if (isBusy) {
      state.waiter?.beginToLook();
      await this.#heardNews(state.waiter);
    }
    if (this.#state === state) this.#onTurn();
  }

  #endOrphans(): Promise<boolean> {
    return this.#session.endOrphans(this.#run.sessionId);
  }

  async #heardNews(waiter: Waiter | null): Promise<boolean> {
    const { clock } = this.#session;
    const startedAt = clock.now();
    await waiter?.wait(LONGEST_WAIT_MS * (0.5 + clock.random() / 2));
    return clock.now() - startedAt < LONGEST_WAIT_MS / 2;
  }

  #pause(tries: number): Promise<void> {
    const { clock } = this.#session;
    const gapMs = Math.min(FIRST_GAP_MS * 2 ** (tries - 2), LONGEST_GAP_MS);
    return sleep(clock, gapMs * (0.5 + clock.random() / 2));
  }
}

function busyError({ id, sessionId }: AnyRun): RunError {
  return new RunError('session_busy', `Run ${id} cannot start: its session has a running run`, {
    details: { runId: id, sessionId },
    retryable: true,
  });
}
