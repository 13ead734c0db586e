import type { ValidationIssue } from 'agent-run';
import { RunError } from 'agent-run';

/** The `RunError` that the call throws; anything else fails the test. */
export function refusalOf(call: () => unknown): RunError {
  try {
    call();
  } catch (error) {
    if (error instanceof RunError) return error;
    throw error;
  }
  throw new Error('The call was not refused');
}

/** What a refused call says is wrong, each as `path: message`. */
export function issuesOf(call: () => unknown): string[] {
  const { code, details } = refusalOf(call);
  expect(code).toBe('validation_error');
  return (details['issues'] as ValidationIssue[]).map(({ path, message }) => `${path}: ${message}`);
}
