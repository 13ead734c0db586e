import type { Clock } from './clock';

/**
 * The clock of one store. When the store is closed, everything that waits for a time is called back at
 * once, and no timer is left to keep the process alive.
 */
export class EndableClock implements Clock {
  readonly #clock: Clock;
  /** What is called back, and how that is taken back. */
  readonly #waiting = new Map<() => void, () => void>();
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  epochMs(): number {
    return this.#clock.epochMs();
  }

  after(ms: number, callback: () => void, mayExit: boolean): () => void {
    const over = (): void => {
      this.#waiting.delete(over);
      callback();
    };
    const stop = this.#clock.after(ms, over, mayExit || this.#isOver);
    this.#waiting.set(over, stop);
    return () => {
      this.#waiting.delete(over);
      stop();
    };
  }

  every(ms: number, callback: () => void): () => void {
    return this.#clock.every(ms, callback);
  }

  tick(callback: () => void): void {
    this.#clock.tick(callback);
  }

  random(): number {
    return this.#clock.random();
  }

  /** Ends all waiting. */
  end(): void {
    this.#isOver = true;
    for (const [over, stop] of [...this.#waiting]) {
      stop();
      over();
    }
  }
}
