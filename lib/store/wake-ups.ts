import type { Clock } from './clock';

/** What somebody waits for news of: a run, a session, or the whole store. Ids as rows have them. */
export type Subject = { readonly runId: string } | { readonly sessionId: string } | 'all';

/** Which runs and sessions were written. Ids as rows have them. */
export interface Written {
  readonly runIds: readonly string[];
  readonly sessionIds: readonly string[];
}

/** One who waits for news. News that comes while it reads is not lost: its next wait ends at once. */
export class Waiter {
  readonly #clock: Clock;
  readonly #leave: (waiter: Waiter) => void;
  #isAwake = false;
  #wake: (() => void) | null = null;

  constructor(clock: Clock, leave: (waiter: Waiter) => void) {
    this.#clock = clock;
    this.#leave = leave;
  }

  /** Says that a read begins, which will see everything that was told so far. */
  beginToLook(): void {
    this.#isAwake = false;
  }

  /** Settles when there is news since {@link beginToLook}, and after a while at the latest. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isAwake) {
        resolve();
        return;
      }
      const stop = ms === Infinity ? undefined : this.#clock.after(ms, () => this.wake(), false);
      this.#wake = () => {
        stop?.();
        resolve();
      };
    });
  }

  wake(): void {
    this.#isAwake = true;
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  leave(): void {
    this.#leave(this);
    this.wake();
  }
}

/** Wakes those who wait for what was written, and nobody else. */
export class WakeUps {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Set<Waiter>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  /** Somebody who is woken until it leaves. */
  enter(subject: Subject): Waiter {
    const key = keyOf(subject);
    const waiters = this.#waiters.get(key) ?? new Set();
    this.#waiters.set(key, waiters);
    const waiter = new Waiter(this.#clock, (leaver) => {
      if (waiters.delete(leaver) && waiters.size === 0) this.#waiters.delete(key);
    });
    waiters.add(waiter);
    return waiter;
  }

  wake({ runIds, sessionIds }: Written): void {
    // Stryker disable next-line ConditionalExpression: only faster, at every commit of a store that nobody watches
    if (this.isEmpty) return;
    for (const runId of new Set(runIds)) this.#wake(keyOf({ runId }));
    for (const sessionId of new Set(sessionIds)) this.#wake(keyOf({ sessionId }));
    this.#wake(keyOf('all'));
  }

  wakeAll(): void {
    for (const key of this.#waiters.keys()) this.#wake(key);
  }

  #wake(key: string): void {
    for (const waiter of this.#waiters.get(key) ?? []) waiter.wake();
  }
}

function keyOf(subject: Subject): string {
  if (subject === 'all') return '';
  return 'runId' in subject ? `r${subject.runId}` : `s${subject.sessionId}`;
}
