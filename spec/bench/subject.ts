/** What is measured, in a process of its own. */
export interface Subject {
  /** Does the work so many times; returns the nanoseconds that count, never 0. */
  slice(iterations: number): number | Promise<number>;
  /** Frees what the process would otherwise leave behind: a file, a connection. */
  close?(): void | Promise<void>;
}

/** Makes a subject; the parameters come from the part that measures it. */
export type SubjectFactory<Parameters = never> = (parameters: Parameters) => Subject | Promise<Subject>;

/** Where a process finds its subject. */
export interface SubjectAddress {
  /** What the tables call it. */
  readonly name: string;
  /** The module below `spec/bench`, without its ending: `subjects/floor`. */
  readonly module: string;
  /** The factory that the module exports. */
  readonly factory: string;
  /** JSON, handed to the factory. */
  readonly parameters?: object;
}

/** What the last piece of work left: assigned, so that no compiler takes the work away. */
export let lastResult: unknown;

/**
 * A subject that does one piece of work after the other. What counts is the processor's time of the
 * whole process, its garbage collector included: a busy machine stretches the wall clock.
 */
export function repeated(work: () => unknown): Subject {
  return {
    slice(iterations) {
      const start = process.cpuUsage();
      for (let index = 0; index < iterations; index++) lastResult = work();
      return nanosecondsSince(start);
    },
  };
}

/** As {@link repeated}, for work that may have to be awaited. */
export function repeatedAsync(work: () => unknown): Subject {
  return {
    async slice(iterations) {
      const start = process.cpuUsage();
      for (let index = 0; index < iterations; index++) lastResult = await work();
      return nanosecondsSince(start);
    },
  };
}

/** As {@link repeatedAsync}, for work that a disk or another process has a part in: by the wall clock. */
export function repeatedOnTheClock(work: () => unknown): Subject {
  return {
    async slice(iterations) {
      const start = performance.now();
      for (let index = 0; index < iterations; index++) lastResult = await work();
      return Math.max(1, 1e6 * (performance.now() - start));
    },
  };
}

/** Nanoseconds of the processor. */
export function nanosecondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return 1000 * Math.max(1, user + system);
}
