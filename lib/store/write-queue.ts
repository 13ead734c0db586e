import type { RunError } from '../record/error';
import type { RunWrite, WriteOutcome } from './backend';
import type { Clock } from './clock';
import { sleep } from './clock';
import type { Database } from './database';
import { delayAfter } from './database';
import { asStorageError, timeoutError, storageError } from './storage-error';

/** Who has something to write. */
export interface QueueMember {
  /** What is to be written now, the same write until it is settled; null for nothing. */
  takeWrite(): RunWrite | null;
  /** The write has failed, as far as is known: it may be committed all the same. It will be sent again. */
  unanswered(): void;
  /** Takes the outcome of the write. */
  settle(write: RunWrite, outcome: WriteOutcome): void | Promise<void>;
  /** The database does not answer; the same write will be tried again. */
  delayed(error: RunError, beyondPatience: boolean): void;
  /** The write can never succeed. */
  fail(error: RunError): void;
}

/** What a queue needs of its store. */
export interface QueueHost {
  readonly database: Database;
  readonly clock: Clock;
  /** The longest that a write may be held back, in milliseconds: leases have to be renewed in time. */
  longestPauseMs(): number;
  /** Is told what was committed. */
  applied(writes: readonly RunWrite[]): void;
}

interface Pending {
  readonly member: QueueMember;
  readonly write: RunWrite;
}

/** The failures of a member's writes since its last success. */
interface Trouble {
  readonly since: number;
  readonly failures: number;
}

/** How many characters go out together: a statement of more holds up everybody, and takes memory many times over. */
const MAX_BATCH_LENGTH = 4_000_000;

/**
 * Sends the writes of all recorders of a store, those of one tick as one batch, one batch at a time.
 *
 * While the database is away, everything waits, longer each time. A batch that fails although the database
 * answers is halved again and again, until the write that fails is alone: that one is set aside and tried
 * by itself.
 */
export class WriteQueue {
  readonly #host: QueueHost;
  readonly #members = new Set<QueueMember>();
  readonly #troubles = new Map<QueueMember, Trouble>();
  #isDraining = false;
  #isClosed = false;

  constructor(host: QueueHost) {
    this.#host = host;
  }

  /** Asks the member for its write at the end of this tick. */
  add(member: QueueMember): void {
    this.#members.add(member);
    if (!this.#isDraining) this.#schedule();
  }

  /** Gives up: nothing is sent from here on. */
  close(): void {
    this.#isClosed = true;
    this.#members.clear();
    this.#troubles.clear();
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#isDraining = true;
    this.#host.clock.tick(() => {
      void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    const batch = this.#isClosed ? [] : this.#takeBatch();
    if (batch.length > 0) await this.#send(batch);
    this.#isDraining = false;
    if (this.#members.size > 0) this.#schedule();
  }

  /**
   * An exclusive write goes without any other of its session, and a write without any other of its
   * run: each has to see what the other did.
   */
  #takeBatch(): Pending[] {
    const { mostWrites } = this.#host.database;
    const batch: Pending[] = [];
    const sessions = new Map<string, boolean>();
    const runIds = new Set<string>();
    let length = 0;
    for (const member of this.#members) {
      const write = takeFrom(member);
      if (write !== null && !fits(write, sessions, runIds)) continue;
      this.#members.delete(member);
      if (write === null) continue;
      sessions.set(write.sessionId, write.exclusive);
      runIds.add(write.id);
      batch.push({ member, write });
      length += lengthOf(write);
      if (batch.length === mostWrites || length >= MAX_BATCH_LENGTH) break;
    }
    return batch;
  }

  async #send(batch: readonly Pending[]): Promise<void> {
    const startedAt = this.#host.clock.now();
    const error = await this.#attempt(batch);
    if (error === null || this.#isClosed) return;
    for (const { member } of batch) member.unanswered();
    const isReachable = !error.retryable || (await this.#isReachable());
    if (isReachable && batch.length > 1) await this.#sendHalves(batch);
    else if (!error.retryable) for (const { member } of batch) this.#giveUp(member, error);
    else if (isReachable) void this.#setAside(batch, error, startedAt);
    else await this.#setAside(batch, error, startedAt);
  }

  async #sendHalves(batch: readonly Pending[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await this.#send(batch.slice(0, middle));
    if (!this.#isClosed) await this.#send(batch.slice(middle));
  }

  /** Whether the database answers at all: then it was the batch that failed. */
  async #isReachable(): Promise<boolean> {
    const look = this.#host.database.attempt('be reached', (backend) => backend.head());
    const [{ status }] = await Promise.allSettled([look]);
    return status === 'fulfilled';
  }

  /** Settles when those of the batch stand in the queue again. */
  async #setAside(batch: readonly Pending[], error: RunError, startedAt: number): Promise<void> {
    const { clock } = this.#host;
    const troubles = batch.map(({ member }) => this.#fails(member, error, startedAt));
    const failures = Math.max(...troubles.map((trouble) => trouble.failures));
    const delayMs = Math.min(delayAfter(failures), this.#host.longestPauseMs());
    await sleep(clock, delayMs, !troubles.some((trouble) => this.#isPatient(trouble)));
    for (const { member } of batch) this.add(member);
  }

  #fails(member: QueueMember, error: RunError, startedAt: number): Trouble {
    const { since, failures } = this.#troubles.get(member) ?? { since: startedAt, failures: 0 };
    const trouble = { since, failures: failures + 1 };
    this.#troubles.set(member, trouble);
    member.delayed(error, !this.#isPatient(trouble));
    return trouble;
  }

  #isPatient({ since }: Trouble): boolean {
    return this.#host.clock.now() - since < this.#host.database.retryForMs;
  }

  #giveUp(member: QueueMember, error: RunError): void {
    this.#troubles.delete(member);
    member.fail(error);
  }

  async #attempt(batch: readonly Pending[]): Promise<RunError | null> {
    const writes = batch.map(({ write }) => write);
    let outcomes: readonly WriteOutcome[];
    const stopImpatience = this.#beginImpatience(batch);
    try {
      outcomes = await this.#host.database.attempt('write runs', (backend) => backend.apply(writes));
    } catch (error) {
      return asStorageError(error);
    } finally {
      stopImpatience();
    }
    this.#host.applied(writes.filter((_, index) => outcomes[index] === 'applied'));
    await Promise.all(batch.map((pending, index) => this.#settle(pending, outcomes[index] ?? 'stale')));
    return null;
  }

  /** An attempt may outlast the patience of those who wait, and some may begin to wait only now. */
  #beginImpatience(batch: readonly Pending[]): () => void {
    const { clock, database } = this.#host;
    const { retryForMs, callTimeoutMs } = database;
    if (retryForMs === 0 || retryForMs >= callTimeoutMs) return () => undefined;
    const tellLater = (): (() => void) => clock.after(retryForMs, tell, true);
    const tell = (): void => {
      stop = tellLater();
      const error = timeoutError('write runs', retryForMs);
      for (const { member } of batch) member.delayed(error, true);
    };
    let stop = tellLater();
    return () => stop();
  }

  async #settle({ member, write }: Pending, outcome: WriteOutcome): Promise<void> {
    try {
      await member.settle(write, outcome);
      this.#troubles.delete(member);
    } catch (cause) {
      // The store was closed while a member looked up the stored run. Nothing is lost.
      if (this.#isClosed) return;
      const error = asStorageError(cause);
      if (error.retryable) void this.#setAside([{ member, write }], error, this.#host.clock.now());
      else this.#giveUp(member, error);
    }
  }
}

function fits(write: RunWrite, sessions: ReadonlyMap<string, boolean>, runIds: ReadonlySet<string>): boolean {
  const other = sessions.get(write.sessionId);
  if (other !== undefined && (other || write.exclusive)) return false;
  return !runIds.has(write.id);
}

function lengthOf({ columns, entries }: RunWrite): number {
  let length = 0;
  for (const value of Object.values(columns)) if (typeof value === 'string') length += value.length;
  for (const { data } of entries) length += data.length;
  return length;
}

function takeFrom(member: QueueMember): RunWrite | null {
  try {
    return member.takeWrite();
  } catch (cause) {
    member.fail(storageError('turn the run into a row', cause, false));
    return null;
  }
}
