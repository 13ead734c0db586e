import { EventEmitter } from 'eventemitter3';

/** A listener as eventemitter3 5.0 keeps it. Untyped there; a test pins it. */
interface Listener {
  readonly fn: (this: unknown, payload: unknown) => unknown;
  readonly context: unknown;
  readonly once: boolean;
}

type ListenerTable = Record<string, Listener | Listener[] | undefined>;

interface Delivery {
  readonly event: string;
  readonly payload: unknown;
}

/**
 * An eventemitter3 emitter that survives its listeners.
 *
 * A listener that throws, or whose promise rejects, stops neither the other listeners nor the one
 * who emits: {@link IsolatedEmitter.listenerFailed} is told. An event that is emitted while another
 * is being delivered waits for its turn, so that all listeners hear events in one order; it goes to
 * the listeners that stand when its own delivery begins. Every event has one argument.
 *
 * @typeParam Events - Each event's name, with its single argument in a tuple.
 */
export abstract class IsolatedEmitter<Events extends object> extends EventEmitter<Events> {
  #delivering = false;
  #waiting: Delivery[] | null = null;

  /** What is done about a listener that threw or rejected. @internal */
  protected abstract listenerFailed(event: string, error: unknown, payload: unknown): void;

  /**
   * Calls each listener of the event, with the policy of this class.
   *
   * @returns whether anybody listens.
   */
  override emit<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    ...args: EventEmitter.EventArgs<Events, Name>
  ): boolean {
    const heard = this.hears(event as string);
    if (heard) this.dispatch(event as string, args[0]);
    return heard;
  }

  /** As eventemitter3's, without the room for 17 more that an array keeps when it is added to: runs are many. */
  override on<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
  ): this {
    super.on(event, listener, context);
    const table = tableOf(this);
    const listeners = table[event as string];
    if (Array.isArray(listeners)) table[event as string] = listeners.slice();
    return this;
  }

  /** An event is about to go to the listeners. @internal */
  protected abstract delivering(event: string, payload: unknown): void;

  /** Whether anybody listens: nobody builds a payload for nobody. */
  protected hears(event: string): boolean {
    return listenersOf(this, event) !== undefined;
  }

  /** Delivers an event that somebody listens to, after those that are on their way. */
  protected dispatch(event: string, payload: unknown): void {
    if (this.#delivering) {
      (this.#waiting ??= []).push({ event, payload });
      return;
    }
    this.#delivering = true;
    try {
      this.#deliver(event, payload);
      if (this.#waiting !== null) this.#deliverWaiting(this.#waiting);
    } finally {
      // Only the end of the stack gets past #call; the run is to be heard after that too.
      this.#delivering = false;
    }
  }

  /** Goes on until nothing waits: a listener may add to the list while it is worked off. */
  #deliverWaiting(waiting: readonly Delivery[]): void {
    for (const { event, payload } of waiting) this.#deliver(event, payload);
    this.#waiting = null;
  }

  #deliver(event: string, payload: unknown): void {
    this.delivering(event, payload);
    const listeners = listenersOf(this, event);
    if (listeners === undefined) return;
    if (!Array.isArray(listeners)) {
      this.#call(event, listeners, payload);
      return;
    }
    const { length } = listeners;
    for (let index = 0; index < length; index++) {
      this.#call(event, listeners[index] as Listener, payload);
    }
  }

  #call(event: string, listener: Listener, payload: unknown): void {
    try {
      if (listener.once) this.#forget(event, listener);
      const result = listener.fn.call(listener.context, payload);
      if (isThenable(result)) {
        result.then(undefined, (error: unknown) => {
          this.listenerFailed(event, error, payload);
        });
      }
    } catch (error) {
      this.listenerFailed(event, error, payload);
    }
  }

  #forget(event: string, { fn }: Listener): void {
    (this as EventEmitter).removeListener(event, fn, undefined, true);
  }
}

function listenersOf(emitter: object, event: string): Listener | Listener[] | undefined {
  return tableOf(emitter)[event];
}

function tableOf(emitter: object): ListenerTable {
  return (emitter as { _events: ListenerTable })._events;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
