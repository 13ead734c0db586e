import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<object>();

/** Calls the function so that the run is the current one in it and in everything it starts. */
export function runWith<Result>(run: object, fn: () => Result): Result {
  return storage.run(run, fn);
}

/** The run whose execution this code is part of. */
export function currentRun(): object | undefined {
  return storage.getStore();
}
