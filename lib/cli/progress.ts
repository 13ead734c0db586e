import { count } from './format';
import type { Shell } from './shell';

const EVERY_MS = 200;

/** A line on a terminal that says how far a long work is, and how fast it goes. */
export class Progress {
  readonly #shell: Shell;
  readonly #what: string;
  readonly #isShown: boolean;
  readonly #startedAt = Date.now();
  #shownAt = 0;
  #done = 0;

  /**
   * @param what - What is counted: `runs written`.
   * @param isAlone - Whether nothing else is written to the terminal meanwhile.
   */
  constructor(shell: Shell, what: string, isAlone = true) {
    this.#shell = shell;
    this.#what = what;
    this.#isShown = isAlone && shell.errors.isTTY;
  }

  get done(): number {
    return this.#done;
  }

  add(amount: number): void {
    this.#done += amount;
    const now = Date.now();
    if (!this.#isShown || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.#shell.errors.write(`\r\u001b[K${this.text()}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#isShown && this.#shownAt > 0) this.#shell.errors.write('\r\u001b[K');
  }

  text(): string {
    const seconds = (Date.now() - this.#startedAt) / 1000;
    const rate = seconds < 0.5 ? '' : `, ${count(Math.round(this.#done / seconds))} a second`;
    return `${count(this.#done)} ${this.#what}${rate}`;
  }
}
