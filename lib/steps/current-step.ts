import { AsyncLocalStorage } from 'node:async_hooks';
import type { OpenStep } from './open-step';

const storage = new AsyncLocalStorage<OpenStep>();

/** Calls the function so that steps which begin in it, and in everything it starts, are within the step. */
export function withinStep<Result>(step: OpenStep, fn: () => Result): Result {
  return storage.run(step, fn);
}

/** The innermost step around this code, of whatever run. In code that a step has left behind it is over. */
export function currentStep(): OpenStep | null {
  return storage.getStore() ?? null;
}
