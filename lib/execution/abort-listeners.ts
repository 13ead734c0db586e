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
 * @throws what the signal throws when it is listened to.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let listener = waiting.get(signal);
  if (listener === undefined) {
    listener = new SignalListener(signal);
    waiting.set(signal, listener);
  }
  return listener.add(callback);
}

/** Whether the signal has aborted; one that does not say has not. */
export function isAborted(signal: AbortSignal): boolean {
  try {
    return signal.aborted;
  } catch {
    return false;
  }
}

/** Why the signal has aborted; undefined where it does not say. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch {
    return undefined;
  }
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
    waiting.delete(this.#signal);
    try {
      this.#signal.removeEventListener('abort', this.#call);
    } catch {
      // A polyfilled signal may throw. That must not keep a promise from settling.
    }
  }
}
