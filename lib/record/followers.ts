import type { Attachment, ChangeName } from './attachment';

type Follower = Attachment<never>;

/** An attachment, for a caller that knows that name and event belong together. */
interface Loose {
  changed?(name: string, event: unknown): void;
  deliver?(name: string, event: unknown): void;
}

interface Told {
  readonly name: ChangeName;
  readonly event: unknown;
}

/** The attachments of one run. */
export class Followers {
  #list: readonly Follower[] = [];
  /** Changes that attachments are being told of; null where none is. */
  #telling: Told[] | null = null;

  /** @returns a function that takes it off again. */
  add(follower: Follower): () => void {
    // A list that is being worked off stays as it is.
    this.#list = [...this.#list, follower];
    return () => {
      this.#list = this.#list.filter((each) => each !== follower);
    };
  }

  /** Whether an attachment wants to be told of the change, or to deliver its event. */
  want(name: ChangeName): boolean {
    return this.#list.some(
      (follower) =>
        (follower.changed !== undefined && (follower.changes?.has(name) ?? true)) ||
        follower.hears?.(name) === true,
    );
  }

  /** Whether an attachment wants to deliver the event. */
  hear(name: string): boolean {
    return this.#list.some((follower) => follower.hears?.(name as ChangeName) === true);
  }

  /**
   * Tells every attachment of a change. One that changes the run again does not get ahead of the others:
   * all are told of the first change before any is told of the second, and listeners only then.
   *
   * @param deliver - Goes on to the listeners.
   */
  tell(name: ChangeName, event: unknown, deliver: (name: ChangeName, event: unknown) => void): void {
    const change = { name, event };
    if (this.#telling !== null) {
      this.#telling.push(change);
      return;
    }
    const telling = (this.#telling = [change]);
    for (const told of telling) this.#tellAll(told);
    this.#telling = null;
    for (const told of telling) deliver(told.name, told.event);
  }

  /** Hands an event on, before the run's own listeners get it. */
  deliver(name: string, event: unknown): void {
    for (const follower of this.#list) {
      if (follower.hears?.(name as ChangeName) !== true) continue;
      guarded(() => (follower as Loose).deliver?.(name, event));
    }
  }

  /** Calls the function within all that surrounds it, the first attachment outermost. */
  surround<Result>(fn: () => Result): Result {
    const call = this.#list.reduceRight<() => Result>(
      (inner, follower) =>
        follower.surround === undefined ? inner : () => follower.surround?.(inner) as Result,
      fn,
    );
    return call();
  }

  /** Calls the function of a step within all that surrounds it, the first attachment outermost. */
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

  #tellAll({ name, event }: Told): void {
    for (const follower of this.#list) {
      if (follower.changed === undefined || follower.changes?.has(name) === false) continue;
      guarded(() => (follower as Loose).changed?.(name, event));
    }
  }
}

/** A part of this package that fails surfaces as an uncaught exception, and stops nothing. */
function guarded(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
