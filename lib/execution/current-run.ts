import { AsyncLocalStorage } from 'node:async_hooks';
import type { AnyRun } from '../run';

const storage = new AsyncLocalStorage<AnyRun>();

/** Calls the function so that the run is the current one in it and in everything it starts. */
export function runWith<Result>(run: AnyRun, fn: () => Result): Result {
  return storage.run(run, fn);
}

/** The run whose execution this code is part of. */
export function currentRun(): AnyRun | undefined {
  return storage.getStore();
}
