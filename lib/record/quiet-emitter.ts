import { EventEmitter } from 'eventemitter3';

/** A listener as eventemitter3 5.0 keeps it. Untyped there; a test pins it. */
export interface Listener {
  readonly fn: (this: unknown, ...args: readonly unknown[]) => unknown;
  readonly context: unknown;
  readonly once: boolean;
}

/** Those of one event, as eventemitter3 keeps them. */
export type Listeners = Listener | Listener[] | undefined;

/** As eventemitter3's own: an object that inherits nothing, made faster than by `Object.create(null)`. */
class ListenerTable {
  [event: string]: Listeners;
}
Object.setPrototypeOf(ListenerTable.prototype, null);
Reflect.deleteProperty(ListenerTable.prototype, 'constructor');

/** The longest list of listeners that is kept without room for more. */
const SHORT_LIST = 8;

let tableOf: (emitter: object) => ListenerTable | null;

/**
 * eventemitter3's class without its constructor. That would give every run two own members, a table of
 * listeners and a count, for `structuredClone` and others to find.
 */
const Base = function (): void {
  // Nothing: see the accessors below.
} as unknown as typeof EventEmitter;
Base.prototype = EventEmitter.prototype;
Object.setPrototypeOf(Base, EventEmitter);

/**
 * An eventemitter3 emitter that shows nothing of its listeners, and keeps nothing while it has none.
 *
 * @typeParam Events - Each event's name, with its arguments in a tuple.
 */
export abstract class QuietEmitter<Events extends object> extends Base<Events> {
  #table: ListenerTable | null = null;

  static {
    tableOf = (emitter) => (emitter as QuietEmitter<object>).#table;
    // Where eventemitter3 keeps listeners: on the prototype, so that no emitter shows them.
    Object.defineProperties(this.prototype, {
      _events: {
        get(this: QuietEmitter<object>) {
          return (this.#table ??= new ListenerTable());
        },
        set(this: QuietEmitter<object>, table: ListenerTable) {
          this.#table = table;
        },
      },
      // eventemitter3 only asks whether it is 0, 1 or more.
      _eventsCount: {
        get(this: QuietEmitter<object>) {
          return this.#table === null ? 0 : countOf(this.#table);
        },
        set: ignore,
      },
    });
  }

  /**
   * Calls the listener with every later event of the name. One that throws or rejects stops nobody: it
   * surfaces as `listenerError`. An event that a listener causes is heard after the one that it hears.
   *
   * @param context - What `this` is in the listener; the emitter where there is none.
   */
  override on<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
  ): this {
    super.on(event, listener, context);
    // A new array, as long as it has to be: `push` would leave room for 17 more in each of very many runs.
    const listeners = listenersOf(this, event as string);
    if (Array.isArray(listeners) && listeners.length <= SHORT_LIST) {
      (this.#table as ListenerTable)[event as string] = listeners.slice();
    }
    return this;
  }

  /**
   * Calls the listener with the next event of the name, and with no other.
   *
   * @param context - What `this` is in the listener; the emitter where there is none.
   */
  override once<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
  ): this {
    return super.once(event, listener, context);
  }

  /**
   * Calls the listener no more.
   *
   * @param listener - The function that was given to `on` or `once`; all of the event's where there is none.
   * @param context - Only those that were added with it.
   * @param once - Only those that were added by `once`.
   */
  override off<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener?: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
    once?: boolean,
  ): this {
    return super.off(event, listener, context, once);
  }
}

/** The listeners of an event, as they stand. */
export function listenersOf(emitter: object, event: string): Listeners {
  return tableOf(emitter)?.[event];
}

/** Symbols take a closer look, which is not worth it where there are two names. */
function countOf(table: ListenerTable): number {
  const names = Object.keys(table).length;
  return names > 1 ? names : names + Object.getOwnPropertySymbols(table).length;
}

function ignore(): void {
  // The table says how many there are.
}
