/** The names of errors that mean an abort: those of web signals, and of the clients of model providers. */
const ABORTS = ['AbortError', 'TimeoutError', 'APIUserAbortError'];

/** Whether what was thrown says that something was aborted. */
export function wasAborted(error: unknown): boolean {
  return error instanceof Error && ABORTS.includes(error.name);
}
