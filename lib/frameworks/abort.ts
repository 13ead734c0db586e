/** The names that an abort goes by: of the web's signals, of clients of model providers. */
const ABORTS = ['AbortError', 'TimeoutError', 'APIUserAbortError'];

/** Whether what was thrown says that something was aborted. */
export function wasAborted(error: unknown): boolean {
  return error instanceof Error && ABORTS.includes(error.name);
}
