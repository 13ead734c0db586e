import type { Clock } from '../../lib/store/clock';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A real turn of the event loop: everything that is settled has been told. */
const realTurn = setImmediate;

/** Time that stands still until it is moved, and chance from a seed: the same every time. */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #seed: number;
  readonly #events = new Set<Event>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** How many callbacks are to come. */
  get waiting(): number {
    return this.#events.size;
  }

  now(): number {
    return this.#now;
  }

  epochMs(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const event = { at: this.#now + ms, order: (this.#order += 1), callback };
    this.#events.add(event);
    return () => this.#events.delete(event);
  }

  every(ms: number, callback: () => void): () => void {
    let stop = (): void => undefined;
    const again = (): void => {
      stop = this.after(ms, () => {
        again();
        callback();
      });
    };
    again();
    return () => stop();
  }

  tick(callback: () => void): void {
    this.after(0, callback);
  }

  /** The generator mulberry32. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Lets so many milliseconds pass, and everything happen that falls in them. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    await turn();
    for (let event = this.#next(until); event !== null; event = this.#next(until)) {
      this.#events.delete(event);
      this.#now = Math.max(this.#now, event.at);
      event.callback();
      await turn();
    }
    this.#now = until;
  }

  #next(until: number): Event | null {
    let next: Event | null = null;
    for (const event of this.#events) {
      if (event.at > until) continue;
      if (next === null || event.at < next.at || (event.at === next.at && event.order < next.order)) {
        next = event;
      }
    }
    return next;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    realTurn(resolve);
  });
}
