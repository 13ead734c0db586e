/** The longest delay that a timer of Node's takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls back once, after a delay of any length.
 *
 * @param delayMs - Milliseconds; `Infinity` never calls back.
 * @param mayExit - Whether the process may end before.
 * @returns a function that stops it.
 */
export function startDeadline(delayMs: number, onPassed: () => void, mayExit = false): () => void {
  if (delayMs === Infinity) return () => undefined;
  let remainingMs = delayMs;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const stepMs = Math.min(remainingMs, LONGEST_TIMER_MS);
    remainingMs -= stepMs;
    timer = setTimeout(remainingMs > 0 ? arm : onPassed, stepMs);
    if (mayExit) timer.unref();
  };
  arm();
  return () => {
    clearTimeout(timer);
  };
}
