import type { Attachment, ChangeName } from './attachment';

type Follower = Attachment<never>;

/** An attachment without the pairing of names and events in its types: the caller has seen to that. */
interface Loose {
  changed(name: string, event: unknown): void;
  deliver?(name: string, event: unknown): void;
}

interface Told {
  readonly name: string;
  readonly event: unknown;
}

/** The attachments of one run. */
export class Followers {
  #list: readonly Follower[] = [];
  /** The changes that were made while attachments are being told of another; null while they are not. */
  #telling: Told[] | null = null;

  get all(): readonly Follower[] {
    return this.#list;
  }

  /** @returns a function that takes it off again. */
  add(follower: Follower): () => void {
    // A new list: somebody may be in the middle of the old one.
    this.#list = [...this.#list, follower];
    return () => {
      this.#list = this.#list.filter((each) => each !== follower);
    };
  }

  /** Whether an attachment wants to be told of the change, or to deliver its event. */
  want(name: string): boolean {
    for (const follower of this.#list) if (isTold(follower, name) || hears(follower, name)) return true;
    return false;
  }

  /** Whether an attachment wants to deliver the event. */
  hear(name: string): boolean {
    for (const follower of this.#list) if (hears(follower, name)) return true;
    return false;
  }

  /**
   * Tells every attachment of a change. One that changes the run again does not get ahead of the others:
   * all are told of the first change before any is told of the second, and listeners only then.
   *
   * @returns what listeners are to hear of after this change; null where that comes later.
   */
  tell(name: string, event: unknown): readonly Told[] | null {
    if (this.#telling !== null) {
      this.#telling.push({ name, event });
      return null;
    }
    const others: Told[] = [];
    this.#telling = others;
    try {
      this.#tellAll(name, event);
      // The list grows while it is gone through.
      for (const other of others) this.#tellAll(other.name, other.event);
    } finally {
      // Only a stack overflow gets past #tellAll.
      this.#telling = null;
    }
    return others;
  }

  /** Hands an event on, before the run's own listeners get it. */
  deliver(name: string, event: unknown): void {
    for (const follower of this.#list) {
      if (hears(follower, name)) guarded(() => (follower as Loose).deliver?.(name, event));
    }
  }

  /**
   * Calls the function inside the `surround` of every attachment, the first outermost. One that is attached
   * while another waits takes part too.
   */
  surround<Result>(fn: () => Result): Result {
    return this.#enter(fn, []);
  }

  /** Calls the function of a step inside the `surroundStep` of every attachment, the first outermost. */
  surroundStep<Result>(index: number, fn: () => Result): Result {
    const call = this.#list.reduceRight<() => Result>(
      (inner, follower) =>
        follower.surroundStep === undefined ? inner : () => follower.surroundStep?.(index, inner) as Result,
      fn,
    );
    return call();
  }

  /** Says that an execution is over. */
  executionOver(): void {
    for (const follower of this.#list) guarded(() => follower.executionOver?.());
  }

  #enter<Result>(fn: () => Result, entered: readonly Follower[]): Result {
    const next = this.#list.find((each) => each.surround !== undefined && !entered.includes(each));
    return next?.surround === undefined ? fn() : next.surround(() => this.#enter(fn, [...entered, next]));
  }

  #tellAll(name: string, event: unknown): void {
    for (const follower of this.#list) {
      if (!isTold(follower, name)) continue;
      try {
        (follower as Loose).changed(name, event);
      } catch (error) {
        throwLater(error);
      }
    }
  }
}

/** Whether the attachment is to be told of the change. */
function isTold(follower: Follower, name: string): boolean {
  return follower.changed !== undefined && follower.changes?.has(name as ChangeName) !== false;
}

/** Whether the attachment wants to deliver the event. */
function hears(follower: Follower, name: string): boolean {
  return follower.hears?.(name as ChangeName) === true;
}

/** A part of this package that fails surfaces as an uncaught exception, and stops nothing. */
function guarded(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    throwLater(error);
  }
}

function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
