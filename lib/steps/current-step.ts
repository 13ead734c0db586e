import { AsyncLocalStorage } from 'node:async_hooks';
import type { OpenStep } from './open-step';

const storage = new AsyncLocalStorage<OpenStep>();

/** Calls the function so that steps which begin in it, and in everything it starts, are within the step. */
export function withinStep<Result>(step: OpenStep, fn: () => Result): Result {
  return storage.run(step, fn);
}

/**
 * The innermost step around this code that is still open, of whatever run. Steps that have ended are
 * passed over, so that code which a step has left behind keeps no chain of them alive.
 */
export function currentStep(): OpenStep | null {
  const step = storage.getStore() ?? null;
  return step?.isOver === true ? step.around : step;
}
