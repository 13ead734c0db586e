/** Calls a user's callback. What it throws stops nothing: it surfaces as an uncaught exception. */
export function tellSafely<Event>(callback: ((event: Event) => void) | undefined, event: Event): void {
  try {
    callback?.(event);
  } catch (thrown) {
    process.nextTick(() => {
      throw thrown;
    });
  }
}
