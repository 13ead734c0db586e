import { isError } from '../record/error-payload';

/** The names of errors that mean an abort: those of web signals, and of the clients of model providers. */
const ABORTS = new Set(['AbortError', 'TimeoutError', 'APIUserAbortError', 'APIConnectionTimeoutError']);

/** Whether what was thrown says that something was aborted. */
export function wasAborted(error: unknown): boolean {
  // OpenAI's client names its errors "Error": only their class tells.
  return isError(error) && (ABORTS.has(error.name) || ABORTS.has(error.constructor.name));
}
