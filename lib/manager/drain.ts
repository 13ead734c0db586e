import { startDeadline } from '../execution/deadline';
import type { LiveRuns } from './live-runs';
import type { ManagedRun } from './managed-run';
import type { DrainSettings } from './options';

/** Waits until no run is executed any more, and cancels those that take too long. */
export class Drain {
  readonly #live: LiveRuns;
  /** The runs whose functions have not settled, whether the run has ended or not. */
  readonly #executing = new Set<ManagedRun>();
  #onQuiet: (() => void) | null = null;

  constructor(live: LiveRuns) {
    this.#live = live;
  }

  /** The function of a run is called. */
  entered(run: ManagedRun): void {
    this.#executing.add(run);
  }

  /** The function of a run has settled, or was abandoned. */
  left(run: ManagedRun): void {
    this.#executing.delete(run);
    this.changed();
  }

  /** A run has ended or waits. */
  changed(): void {
    if (this.#onQuiet !== null && this.#isQuiet()) this.#onQuiet();
  }

  /** Gives runs the time to end, cancels the rest, and waits for their functions. */
  async within({ graceMs, reason }: DrainSettings): Promise<void> {
    await this.#quiet(graceMs);
    for (const { run } of [...this.#live.running()]) if (!run.isTerminal) run.cancel(reason);
    // Each execution has a grace of its own, after which its function is abandoned.
    await this.#quiet(Infinity);
  }

  #isQuiet(): boolean {
    return this.#executing.size === 0 && this.#live.runningCount === 0;
  }

  #quiet(withinMs: number): Promise<void> {
    if (this.#isQuiet()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        stop();
        this.#onQuiet = null;
        resolve();
      };
      const stop = startDeadline(withinMs, done);
      this.#onQuiet = done;
    });
  }
}
