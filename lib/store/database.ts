import type { RunError } from '../record/error';
import type { StoreBackend } from './backend';
import type { Clock } from './clock';
import { sleep } from './clock';
import { Deferred } from './deferred';
import type { RetryOptions } from './options';
import { CALL_TIMEOUT_MS, RETRY_FOR_MS } from './options';
import { asStorageError, closedError, timeoutError } from './storage-error';

const MOST_WRITES = 500;
const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 1_000;

/** A call that took this long counts as an outage: a frozen server reports no error. */
const SLOW_MS = 1_000;

/** The pause before the next attempt: longer each time. */
export function delayAfter(failures: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
}

/**
 * The database behind a store. Each attempt has a deadline, and errors that may pass are tried again for a
 * while. Remembers when the database was last away.
 */
export class Database {
  readonly #backend: StoreBackend;
  readonly #clock: Clock;
  readonly #retryForMs: number;
  readonly #callTimeoutMs: number;
  #isClosed = false;
  #isAway = false;
  /** How many attempts are on their way. */
  #calls = 0;
  /** Settles with the last of them; null where nobody waits for that. */
  #idle: Deferred | null = null;
  /** When it answered again after it was last away. */
  #backAt: number | null = null;

  constructor(backend: StoreBackend, options: RetryOptions, clock: Clock) {
    this.#backend = backend;
    this.#clock = clock;
    this.#retryForMs = options.retryForMs ?? RETRY_FOR_MS;
    this.#callTimeoutMs = options.callTimeoutMs ?? CALL_TIMEOUT_MS;
  }

  get retryForMs(): number {
    return this.#retryForMs;
  }

  get callTimeoutMs(): number {
    return this.#callTimeoutMs;
  }

  /** How many writes a batch has at most. */
  get mostWrites(): number {
    return this.#backend.mostWrites ?? MOST_WRITES;
  }

  /**
   * For how long, in milliseconds, the database has been reachable since this process last saw it fail; 0
   * while it is away, undefined where it never failed.
   */
  get reachableForMs(): number | undefined {
    if (this.#isAway) return 0;
    return this.#backAt === null ? undefined : this.#clock.now() - this.#backAt;
  }

  /**
   * Tries nothing again from here on. Settles when no attempt is on its way any more, or after a deadline.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#calls === 0) return;
    const idle = (this.#idle = new Deferred());
    const patienceMs = Math.min(this.#retryForMs, this.#callTimeoutMs);
    const stop = this.#clock.after(patienceMs, () => idle.resolve(), false);
    await idle.promise;
    stop();
  }

  /**
   * One attempt.
   *
   * @param what - What it is for: `read a run`.
   * @throws {RunError} what the backend throws; `storage_error`, `retryable`, at the deadline.
   */
  async attempt<Result>(
    what: string,
    call: (backend: StoreBackend) => Promise<Result>,
    timeoutMs = this.#callTimeoutMs,
  ): Promise<Result> {
    const startedAt = this.#clock.now();
    this.#calls += 1;
    try {
      const result = await this.#inTime(what, call, timeoutMs);
      this.#answered(startedAt);
      return result;
    } catch (cause) {
      const error = asStorageError(cause);
      if (error.retryable) this.#isAway = true;
      throw error;
    } finally {
      this.#calls -= 1;
      if (this.#calls === 0) this.#idle?.resolve();
    }
  }

  /**
   * Attempts until it succeeds, fails for good, or `retryForMs` have passed.
   *
   * @throws {RunError} as {@link attempt}; the signal's reason; `invalid_operation` once the store is closed.
   */
  async patiently<Result>(
    what: string,
    call: (backend: StoreBackend) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const giveUpAt = this.#clock.now() + this.#retryForMs;
    for (let failures = 1; ; failures++) {
      signal?.throwIfAborted();
      if (this.#isClosed) throw closedError();
      const delayMs = delayAfter(failures) * (0.5 + this.#clock.random() / 2);
      try {
        return await this.attempt(what, call, this.#timeoutUntil(giveUpAt));
      } catch (error) {
        const { retryable: mayPass } = error as RunError;
        if (!mayPass || this.#clock.now() + delayMs >= giveUpAt) throw error;
      }
      await sleep(this.#clock, delayMs);
    }
  }

  /** How long this attempt may take: no longer than the caller is patient, unless that is over already. */
  #timeoutUntil(giveUpAt: number): number {
    const leftMs = giveUpAt - this.#clock.now();
    return leftMs > 0 ? Math.min(this.#callTimeoutMs, leftMs) : this.#callTimeoutMs;
  }

  #inTime<Result>(
    what: string,
    call: (backend: StoreBackend) => Promise<Result>,
    timeoutMs: number,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const expire = (): void => reject(this.#isClosed ? closedError() : timeoutError(what, timeoutMs));
      const stop = this.#clock.after(timeoutMs, expire, false);
      const answer = new Promise<Result>((settle) => {
        settle(call(this.#backend));
      });
      // An answer after the deadline is dropped: the call is repeated, and harmless when done twice.
      answer.finally(stop).then(resolve, reject);
    });
  }

  #answered(startedAt: number): void {
    const now = this.#clock.now();
    if (this.#isAway || now - startedAt >= SLOW_MS) this.#backAt = now;
    this.#isAway = false;
  }
}
