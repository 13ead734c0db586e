import type { Context } from '@opentelemetry/api';
import { context, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { messageOf } from '../record/error-payload';

/**
 * Calls what is not ours, a tracer or a meter, so that nothing it throws reaches the run. What it threw
 * goes where OpenTelemetry's own troubles go: to the `diag` logger.
 *
 * @returns what it returned; undefined where it threw.
 */
export function guarded<Result>(what: string, fn: () => Result): Result | undefined {
  try {
    return fn();
  } catch (error) {
    report(what, error);
    return undefined;
  }
}

/** The active context; the root's where the context manager throws. */
export function activeContext(): Context {
  return guarded('reading the active context', () => context.active()) ?? ROOT_CONTEXT;
}

/** Calls the function exactly once: in the context, or as it is where the context manager throws. */
export function callWithin<Result>(within: Context, fn: () => Result): Result {
  let outcome: (() => Result) | undefined;
  const callOnce = (): void => {
    outcome ??= outcomeOf(fn);
  };
  guarded('activating a span', () => {
    context.with(within, callOnce);
  });
  return (outcome ?? fn)();
}

function outcomeOf<Result>(fn: () => Result): () => Result {
  try {
    const result = fn();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function report(what: string, error: unknown): void {
  try {
    diag.error(`agent-run: ${what} failed: ${messageOf(error)}`);
  } catch {
    // A logger that throws leaves nowhere to say so.
  }
}
