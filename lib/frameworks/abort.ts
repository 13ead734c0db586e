/** The names that an abort goes by. */
const ABORTS = ['AbortError', 'TimeoutError', 'APIUserAbortError'];

/** Whether a call that failed was aborted, and not refused: its signal says so, or the name of the error. */
export function wasAborted(error: unknown, signal: AbortSignal | null | undefined): boolean {
  if (signal?.aborted === true) return true;
  return error instanceof Error && ABORTS.includes(error.name);
}
