import { constants } from 'node:os';

/** A wish to stop, from outside the process. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** What the process ends with, by convention 128 and the signal's number; null where nobody interrupted. */
  readonly exitCode: number | null;
}

/** Ctrl-C, or a polite kill, aborts the signal; the second time it ends the process. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  const interrupt = { signal: controller.signal, exitCode: null as number | null };
  for (const [signal, reason] of [
    ['SIGINT', 'Stopped with Ctrl-C'],
    ['SIGTERM', 'Stopped with SIGTERM'],
  ] as const) {
    process.once(signal, () => {
      interrupt.exitCode = 128 + constants.signals[signal];
      controller.abort(new Error(reason));
    });
  }
  return interrupt;
}
