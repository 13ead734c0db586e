import type { ManagedRun } from './managed-run';

/** After how long, in milliseconds, a waiting run is no longer kept in memory. */
const HELD_FOR_MS = 1_000;

/**
 * The runs of this process that have not ended, by id. Running ones are kept in memory. One that waits to
 * be executed or answered is kept for a moment, then only referred to weakly: often another process goes on
 * with it, and this one would never hear of its end.
 */
export class LiveRuns {
  readonly #running = new Map<string, ManagedRun>();
  readonly #waiting = new Map<string, ManagedRun>();
  readonly #loose = new Map<string, WeakRef<ManagedRun>>();
  readonly #dropped = new FinalizationRegistry<() => void>((forget) => {
    forget();
  });
  #isTimed = false;

  get size(): number {
    return this.#running.size + this.#waiting.size + this.#loose.size;
  }

  /** How many are running. */
  get runningCount(): number {
    return this.#running.size;
  }

  get(id: string): ManagedRun | undefined {
    return this.#running.get(id) ?? this.#waiting.get(id) ?? this.#loose.get(id)?.deref();
  }

  /** The running ones. */
  running(): Iterable<ManagedRun> {
    return this.#running.values();
  }

  *[Symbol.iterator](): Generator<ManagedRun> {
    yield* this.#running.values();
    yield* this.#waiting.values();
    for (const reference of this.#loose.values()) {
      const run = reference.deref();
      if (run !== undefined) yield run;
    }
  }

  /** The run has started. */
  started(run: ManagedRun): void {
    const { id } = run;
    if (!this.#waiting.delete(id)) this.#forgetLoose(id);
    this.#running.set(id, run);
  }

  /** The run waits. */
  waits(run: ManagedRun): void {
    this.#running.delete(run.id);
    this.#waiting.set(run.id, run);
    if (!this.#isTimed) setTimeout(this.#loosen, HELD_FOR_MS).unref();
    this.#isTimed = true;
  }

  /** The run has ended. */
  remove(id: string): void {
    if (!this.#running.delete(id) && !this.#waiting.delete(id)) this.#forgetLoose(id);
  }

  /** A weak reference costs more memory than a run: only runs that wait for long get one. */
  readonly #loosen = (): void => {
    this.#isTimed = false;
    for (const [id, run] of this.#waiting) {
      const reference = new WeakRef(run);
      this.#loose.set(id, reference);
      this.#dropped.register(run, forgetting(this.#loose, id, reference), reference);
    }
    this.#waiting.clear();
  };

  #forgetLoose(id: string): void {
    const reference = this.#loose.get(id);
    if (reference === undefined) return;
    this.#dropped.unregister(reference);
    this.#loose.delete(id);
  }
}

function forgetting(
  loose: Map<string, WeakRef<ManagedRun>>,
  id: string,
  reference: WeakRef<ManagedRun>,
): () => void {
  return () => {
    if (loose.get(id) === reference) loose.delete(id);
  };
}
