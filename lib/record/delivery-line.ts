/** The most events of one emitter that one call may cause. */
export const MOST_EVENTS_A_CALL = 1000;

/** An event that waits for its turn. */
interface Waiting<Emitter> {
  readonly emitter: Emitter;
  readonly event: string;
  readonly payload: unknown;
  /** All arguments of an event that is a user's own; null for one of the run's. */
  readonly args: readonly unknown[] | null;
  next: Waiting<Emitter> | null;
}

/**
 * A queue of events, of one emitter or of several that share it. Each event reaches all of its listeners
 * before the next one begins, and is released at once.
 */
export class DeliveryLine<Emitter extends object> {
  /** Whether an event is being delivered. */
  isBusy = false;
  /** Whether the emitters of a tree share it, and so keep it while it is empty. */
  isShared = false;
  #first: Waiting<Emitter> | null = null;
  #last: Waiting<Emitter> | null = null;
  /** How many events of each emitter the outermost call has caused so far. */
  #setOff: Map<Emitter, number> | null = null;

  /** Puts an event at the end. */
  add(emitter: Emitter, event: string, payload: unknown, args: readonly unknown[] | null): void {
    const waiting = { emitter, event, payload, args, next: null };
    if (this.#last === null) this.#first = waiting;
    else this.#last.next = waiting;
    this.#last = waiting;
  }

  /** Takes the first event out. */
  take(): Waiting<Emitter> | null {
    const first = this.#first;
    this.#first = first?.next ?? null;
    if (this.#first === null) this.#last = null;
    return first;
  }

  /** Counts an event that was emitted while another is being delivered. */
  count(emitter: Emitter): void {
    this.#setOff ??= new Map();
    this.#setOff.set(emitter, (this.#setOff.get(emitter) ?? 0) + 1);
  }

  /** Whether the outermost call has caused as many events of the emitter as it may. */
  isFull(emitter: Emitter): boolean {
    // The first was delivered at once, and is not in the count.
    return this.#setOff !== null && (this.#setOff.get(emitter) ?? 0) >= MOST_EVENTS_A_CALL - 1;
  }

  /** Notes that nothing is being delivered any more. */
  rest(): void {
    this.isBusy = false;
  }

  /** Forgets the counts: the outermost call is over. */
  forget(): void {
    this.#setOff = null;
  }
}
