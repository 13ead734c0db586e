import { RunError } from '../record/error';
import type { RunWrite, StoreBackend, WriteOutcome } from './backend';
import { storageError } from './storage-error';

/** Who has something to write. */
export interface QueueMember {
  /** What is to be written now; the same until it is settled; null for nothing. @internal */
  takeWrite(): RunWrite | null;
  /** Takes what became of the write. @internal */
  settle(write: RunWrite, outcome: WriteOutcome): void | Promise<void>;
  /** The database does not answer; the same write will be tried again. @internal */
  delayed(error: RunError, beyondPatience: boolean): void;
  /** The write can never succeed. @internal */
  fail(error: RunError): void;
}

/** How a queue deals with a database that does not answer. */
export interface RetryOptions {
  /**
   * How long `flush` and `watch` are patient, in milliseconds. Changes are kept and tried beyond it.
   *
   * @default 30000
   */
  readonly retryForMs?: number | undefined;
}

interface Pending {
  readonly member: QueueMember;
  readonly write: RunWrite;
}

/** How long a database may be away before those who wait for it are told. */
export const RETRY_FOR_MS = 30_000;

const MAX_BATCH = 500;
const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 2_000;

/**
 * Sends what all recorders of a store have to write, what comes in one tick in one batch, one batch
 * at a time. A batch that fails for a while is tried again with growing delays.
 */
export class WriteQueue {
  readonly #backend: StoreBackend;
  readonly #retryForMs: number;
  readonly #onApplied: (writes: readonly RunWrite[]) => void;
  readonly #members = new Set<QueueMember>();
  #draining = false;
  #closed = false;

  /** @param onApplied - Is told what was committed. */
  constructor(
    backend: StoreBackend,
    { retryForMs = RETRY_FOR_MS }: RetryOptions,
    onApplied: (writes: readonly RunWrite[]) => void,
  ) {
    this.#backend = backend;
    this.#retryForMs = retryForMs;
    this.#onApplied = onApplied;
  }

  /** Asks the member for its write at the end of this tick. */
  add(member: QueueMember): void {
    this.#members.add(member);
    if (!this.#draining) this.#schedule();
  }

  /** Gives up: nothing is sent from here on. */
  close(): void {
    this.#closed = true;
  }

  #schedule(): void {
    this.#draining = true;
    setImmediate(() => {
      void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    const batch = this.#takeBatch();
    if (batch.length > 0 && !this.#closed) await this.#send(batch);
    this.#draining = false;
    if (this.#members.size > 0 && !this.#closed) this.#schedule();
  }

  /** An exclusive write goes without any other of its session: each has to see what the other did. */
  #takeBatch(): Pending[] {
    const batch: Pending[] = [];
    const sessions = new Map<string, boolean>();
    for (const member of this.#members) {
      const write = takeFrom(member);
      const other = write === null ? undefined : sessions.get(write.sessionId);
      if (write !== null && other !== undefined && (other || write.exclusive)) continue;
      this.#members.delete(member);
      if (write === null) continue;
      sessions.set(write.sessionId, write.exclusive);
      batch.push({ member, write });
      if (batch.length === MAX_BATCH) break;
    }
    return batch;
  }

  async #send(batch: readonly Pending[]): Promise<void> {
    const startedAt = Date.now();
    for (let delayMs = FIRST_DELAY_MS; !this.#closed; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
      const error = await this.#attempt(batch);
      if (error === null) return;
      if (!error.retryable) return this.#sendSingly(batch, error);
      const beyondPatience = Date.now() - startedAt >= this.#retryForMs;
      for (const { member } of batch) member.delayed(error, beyondPatience);
      await sleep(delayMs, beyondPatience);
    }
  }

  /** Finds the write that a database refuses, so that it does not hold up the others. */
  async #sendSingly(batch: readonly Pending[], error: RunError): Promise<void> {
    const [first] = batch;
    if (batch.length === 1) {
      first?.member.fail(error);
      return;
    }
    for (const pending of batch) await this.#send([pending]);
  }

  async #attempt(batch: readonly Pending[]): Promise<RunError | null> {
    let outcomes: readonly WriteOutcome[];
    try {
      outcomes = await this.#backend.apply(batch.map(({ write }) => write));
    } catch (error) {
      return asStorageError(error);
    }
    this.#onApplied(batch.filter((_, index) => outcomes[index] === 'applied').map(({ write }) => write));
    await Promise.all(batch.map((pending, index) => this.#settle(pending, outcomes[index] ?? 'stale')));
    return null;
  }

  async #settle({ member, write }: Pending, outcome: WriteOutcome): Promise<void> {
    try {
      await member.settle(write, outcome);
    } catch (cause) {
      // The store was closed while somebody looked what had become of a run: nothing is lost by that.
      if (this.#closed) return;
      const error = asStorageError(cause);
      if (!error.retryable) {
        member.fail(error);
        return;
      }
      member.delayed(error, false);
      await sleep(FIRST_DELAY_MS, false);
      this.#members.add(member);
    }
  }
}

function takeFrom(member: QueueMember): RunWrite | null {
  try {
    return member.takeWrite();
  } catch (cause) {
    member.fail(storageError('turn the run into a row', cause, false));
    return null;
  }
}

function asStorageError(error: unknown): RunError {
  return error instanceof RunError ? error : storageError('be reached', error, false);
}

function sleep(ms: number, mayExit: boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    if (mayExit) timer.unref();
  });
}
