import { AsyncLocalStorage } from 'node:async_hooks';
import type { RunView } from '../record/run-view';

const storage = new AsyncLocalStorage<RunView>();

/** Calls the function so that the run is the current one in it and in everything it starts. */
export function runWith<Result>(run: RunView, fn: () => Result): Result {
  return storage.run(run, fn);
}

/** The run whose execution this code is part of. */
export function currentRun(): RunView | undefined {
  return storage.getStore();
}
