import { startDeadline } from '../execution/deadline';

/**
 * Repeats some work, with jitter, so that two hundred processes do not all do it at the same moment. The
 * timer does not keep the process alive.
 */
export class Sweep {
  readonly #everyMs: number;
  readonly #work: (signal: AbortSignal) => Promise<void>;
  readonly #stopping = new AbortController();
  #stopWaiting: (() => void) | undefined;
  #working: Promise<void> = Promise.resolve();

  /** @param work - Must not reject. */
  constructor(everyMs: number, work: (signal: AbortSignal) => Promise<void>) {
    this.#everyMs = everyMs;
    this.#work = work;
  }

  /** Starts. @param firstMs - When it is done for the first time, in milliseconds from now. */
  start(firstMs: number): this {
    const sweep = (): void => {
      this.#working = this.#work(this.#stopping.signal).finally(() => {
        if (!this.#stopping.signal.aborted) this.start(this.#everyMs * (0.75 + Math.random() / 2));
      });
    };
    this.#stopWaiting = startDeadline(firstMs, sweep, true);
    return this;
  }

  /** Settles when the work is not being done any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopWaiting?.();
    await this.#working;
  }
}
