import { portOf } from '../attachment';
import { RunError } from '../record/error';
import type { StatusChangedEvent } from '../run-events';
import type { AnyRun } from '../run';
import { isTerminalStatus } from '../record/status';
import type { WhenBusy } from './options';

/** What can be done about the running runs of a session. */
export interface SessionControl {
  /** Ends those whose process has died; whether there were any. */
  endOrphans(sessionId: string): Promise<boolean>;
  /** Cancels those but one. */
  cancelOthers(run: AnyRun): Promise<void>;
  /** Settles after so many milliseconds, or when anything was written. */
  pause(ms: number): Promise<void>;
}

const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 200;

/**
 * The way of one run into its session. The database decides, when the run is written as running; this
 * says what happens when it decides against it, and holds the execution back until it is for it.
 */
export class Admission {
  readonly #whenBusy: WhenBusy;
  readonly #session: SessionControl;
  #admitted = false;
  #waitMs = FIRST_WAIT_MS;
  #open: () => void = ignore;
  #refuse: (error: RunError) => void = ignore;

  constructor(whenBusy: WhenBusy, session: SessionControl) {
    this.#whenBusy = whenBusy;
    this.#session = session;
  }

  /** Whether the run may only be written as running when no other run of its session is. */
  get isExclusive(): boolean {
    return this.#whenBusy !== 'allow' && !this.#admitted;
  }

  /** Holds back the function of `execute` until the run is let in, or has ended. */
  guard(run: AnyRun): void {
    if (!this.isExclusive || run.isTerminal) return;
    const opened = new Promise<void>((resolve, reject) => {
      this.#open = resolve;
      this.#refuse = reject;
    });
    opened.catch(() => undefined);
    // What `execute` hands to a scope is asynchronous: that its result comes later changes nothing.
    portOf(run).attach({
      surround: <Result>(fn: () => Result) => opened.then(fn) as Result,
      changed: (name, event) => {
        if (name === 'statusChanged') this.#onStatusChanged(event);
      },
    });
  }

  /** The run is stored as running. */
  admit(): void {
    this.#admitted = true;
    this.#open();
  }

  /**
   * The session is busy: does what the policy says.
   *
   * @returns null when it is worth another try, otherwise why not.
   */
  async wait(run: AnyRun): Promise<RunError | null> {
    try {
      if (await this.#session.endOrphans(run.sessionId)) return null;
      if (this.#whenBusy === 'reject') return busyError(run);
      if (this.#whenBusy === 'cancel-previous') await this.#session.cancelOthers(run);
      else await this.#pause();
    } catch (error) {
      if (!(error instanceof RunError && error.retryable)) return asRunError(error);
      await this.#pause();
    }
    return null;
  }

  #onStatusChanged({ run, to }: StatusChangedEvent): void {
    if (!isTerminalStatus(to)) return;
    this.#refuse(new RunError('invalid_operation', `Run ${run.id} ended before its session let it in`));
  }

  /** Waits a while, up to twice as long the next time; not all that wait at the same moments. */
  #pause(): Promise<void> {
    const ms = this.#waitMs * (0.5 + Math.random() / 2);
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
    return this.#session.pause(ms);
  }
}

function busyError({ id, sessionId }: AnyRun): RunError {
  return new RunError('session_busy', `Run ${id} cannot start: its session has a running run`, {
    details: { runId: id, sessionId },
    retryable: true,
  });
}

function asRunError(error: unknown): RunError {
  return error instanceof RunError
    ? error
    : new RunError('storage_error', 'The session could not be looked at', { cause: error });
}

function ignore(): void {
  // Nobody is held back.
}
