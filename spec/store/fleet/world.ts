/** Time and chance of a simulation: nothing in it waits for real time, and a seed says all that happens. */
interface Event {
  readonly at: number;
  readonly order: number;
  readonly skewMs: number;
  readonly happen: () => void;
}

/** When a simulation begins, in milliseconds since the epoch. */
const BEGIN_MS = Date.UTC(2026, 0, 1);

/** An event loop of virtual time. */
export class World {
  readonly seed: number;
  #state: number;
  #now = 0;
  #order = 0;
  /** How far the clock of the machine that acts now is from the true time. */
  #skewMs = 0;
  readonly #events: Event[] = [];

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed * 0x9e3779b1 + 1;
  }

  /** Milliseconds since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** What `Date.now()` is to give while a machine acts: its own clock. */
  get epochMs(): number {
    return BEGIN_MS + this.#now + this.#skewMs;
  }

  /** From 0 to below 1 (mulberry32). */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  /** A whole number from the least to the most. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item;
  }

  /** @param skewMs - How far the clock of the machine that acts is from the true time; 0 for the database. */
  at(delayMs: number, happen: () => void, skewMs = 0): void {
    const event = { at: this.#now + Math.max(0, delayMs), order: (this.#order += 1), skewMs, happen };
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isLater(this.#events[middle] as Event, event)) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  /** Lets everything happen until a moment, each event with all that its promises set off. */
  async runUntil(moment: number): Promise<void> {
    for (;;) {
      const next = this.#events.at(-1);
      if (next === undefined || next.at > moment) break;
      this.#events.pop();
      this.#now = next.at;
      this.#skewMs = next.skewMs;
      next.happen();
      await settled();
    }
    this.#now = Math.max(this.#now, moment);
    this.#skewMs = 0;
  }
}

/** Once all promises have told those who wait for them: the ticks of a process come after its promises. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

/** The next event stands last. */
function isLater(one: Event, other: Event): boolean {
  return one.at === other.at ? one.order > other.order : one.at > other.at;
}
