/** What waits for each signal. The signals are held weakly: they are the callers'. */
const waiting = new WeakMap<AbortSignal, SignalListener>();

/**
 * Calls back when the signal aborts.
 *
 * A signal gets one listener, however many wait for it, and loses it with the last of them: Node
 * warns from the eleventh listener on, and adding or removing one takes longer the more there are.
 *
 * @param signal - One that has not aborted.
 * @returns a function that stops waiting.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let listener = waiting.get(signal);
  if (listener === undefined) waiting.set(signal, (listener = new SignalListener(signal)));
  return listener.add(callback);
}

/** The one listener on a signal. */
class SignalListener {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#call);
  }

  add(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => {
      if (this.#callbacks.delete(callback) && this.#callbacks.size === 0) this.#leave();
    };
  }

  readonly #call = (): void => {
    const callbacks = [...this.#callbacks];
    this.#leave();
    for (const callback of callbacks) callback();
  };

  #leave(): void {
    this.#callbacks.clear();
    this.#signal.removeEventListener('abort', this.#call);
    waiting.delete(this.#signal);
  }
}
