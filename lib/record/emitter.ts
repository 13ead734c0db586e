import { EventEmitter } from 'eventemitter3';
import type { Attachment } from './attachment';
import { DeliveryLine, MOST_EVENTS_A_CALL } from './delivery-line';
import { RunError } from './error';
import { Followers } from './followers';
import { freezeEvent } from './freeze';

/** A listener as eventemitter3 5.0 keeps it. Untyped there; a test pins it. */
interface Listener {
  readonly fn: (this: unknown, ...args: readonly unknown[]) => unknown;
  readonly context: unknown;
  readonly once: boolean;
}

/** As eventemitter3's own: an object that inherits nothing, made faster than by `Object.create(null)`. */
class ListenerTable {
  [event: string]: Listener | Listener[] | undefined;
}
Object.setPrototypeOf(ListenerTable.prototype, null);
Reflect.deleteProperty(ListenerTable.prototype, 'constructor');

type Line = DeliveryLine<AnyEmitter>;
type AnyEmitter = object;
type Itself = IsolatedEmitter<object>;

/** The longest list of listeners that is kept without room for more. */
const SHORT_LIST = 8;

const LISTENER_ERROR = 'listenerError';

/** A run has one end and a listener fails once a call: no storm comes from them, and an end must not be refused. */
const UNCOUNTED: ReadonlySet<string> = new Set<string>(['statusChanged', LISTENER_ERROR]);

/** What only the class itself can do. */
interface Reach {
  isHeard(emitter: AnyEmitter, event: string): boolean;
  announce(emitter: AnyEmitter, event: string, payload: unknown): void;
  followersOf(emitter: AnyEmitter): Followers | null;
  follow(emitter: AnyEmitter, follower: Attachment<never>): () => void;
  shareLine(parent: AnyEmitter, child: AnyEmitter): void;
  isFull(emitter: AnyEmitter): boolean;
}

let reach: Reach;

/** For the next emitter that delivers an event. */
let spareLine: Line | null = null;

function takeSpareLine(): Line {
  const line = spareLine ?? new DeliveryLine();
  spareLine = null;
  return line;
}

/**
 * eventemitter3's class, without what its constructor makes of every emitter: a table of listeners and a
 * count that stand among the members of a run, for `structuredClone` and others to find.
 */
const Base = function (): void {
  // Nothing: see the accessors below.
} as unknown as typeof EventEmitter;
Base.prototype = EventEmitter.prototype;
Object.setPrototypeOf(Base, EventEmitter);

/**
 * An eventemitter3 emitter that survives its listeners, and that parts of this package can follow.
 *
 * A listener that throws, or whose promise rejects, stops neither the other listeners nor the one who
 * emits: it surfaces as `listenerError`. An event that is emitted while another is being delivered waits
 * for its turn, so that all listeners hear events in one order, those of a tree of runs too; it goes to
 * the listeners that stand when its own delivery begins.
 *
 * What the package does with it is below, in functions: a subclass may have members of any name.
 *
 * @typeParam Events - Each event's name, with its arguments in a tuple.
 */
export abstract class IsolatedEmitter<Events extends object> extends Base<Events> {
  #table: ListenerTable | null = null;
  #eventsCount = 0;
  #line: Line | null = null;
  #followers: Followers | null = null;

  static {
    const itself = (emitter: AnyEmitter): Itself => emitter as Itself;
    reach = {
      isHeard: (emitter, event) => itself(emitter).#isHeard(event),
      announce: (emitter, event, payload) => itself(emitter).#announce(event, payload),
      followersOf: (emitter) => itself(emitter).#followers,
      follow: (emitter, follower) => (itself(emitter).#followers ??= new Followers()).add(follower),
      shareLine: (parent, child) => {
        const line = (itself(parent).#line ??= new DeliveryLine());
        line.isShared = true;
        itself(child).#line = line;
      },
      isFull: (emitter) => itself(emitter).#line?.isFull(emitter) === true,
    };
    // Where eventemitter3 keeps listeners: on the prototype, so that no emitter shows them.
    Object.defineProperties(this.prototype, {
      _events: {
        get(this: Itself) {
          return (this.#table ??= new ListenerTable());
        },
        set(this: Itself, table: ListenerTable) {
          this.#table = table;
        },
      },
      _eventsCount: {
        get(this: Itself) {
          return this.#eventsCount;
        },
        set(this: Itself, count: number) {
          this.#eventsCount = count;
        },
      },
    });
  }

  /**
   * Calls each listener of the event, with the policy of this class. An event of the run's own that is
   * emitted from outside reaches the listeners, as with any emitter, and nothing else: the run has not
   * changed.
   *
   * @returns whether anybody listens.
   * @throws {RunError} `invalid_operation` past 1,000 events that one call has set off.
   */
  override emit<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    ...args: EventEmitter.EventArgs<Events, Name>
  ): boolean {
    const heard = this.#listenersOf(event as string) !== undefined;
    if (heard) {
      refuseStorm(this);
      this.#dispatch(event as string, args[0], args);
    }
    return heard;
  }

  /** As eventemitter3's, without the room for 17 more that an array keeps when it is added to: runs are many. */
  override on<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    listener: EventEmitter.EventListener<Events, Name>,
    context?: unknown,
  ): this {
    super.on(event, listener, context);
    const listeners = this.#listenersOf(event as string);
    if (Array.isArray(listeners) && listeners.length <= SHORT_LIST) {
      (this.#table as ListenerTable)[event as string] = listeners.slice();
    }
    return this;
  }

  #listenersOf(event: string): Listener | Listener[] | undefined {
    return this.#table === null ? undefined : this.#table[event];
  }

  /** Whether a listener or an attachment would get the event. */
  #hears(event: string): boolean {
    return this.#listenersOf(event) !== undefined || this.#followers?.hear(event) === true;
  }

  #isHeard(event: string): boolean {
    return this.#listenersOf(event) !== undefined || this.#followers?.want(event) === true;
  }

  #announce(event: string, payload: unknown): void {
    if (this.#followers === null) {
      this.#dispatch(event, payload, null);
    } else {
      const others = this.#followers.tell(event, payload);
      if (others === null) return;
      if (this.#hears(event)) this.#dispatch(event, payload, null);
      for (const other of others) if (this.#hears(other.name)) this.#dispatch(other.name, other.event, null);
    }
  }

  /** Delivers an event that somebody listens to, after those that are on their way. */
  #dispatch(event: string, payload: unknown, args: readonly unknown[] | null): void {
    const line = (this.#line ??= takeSpareLine());
    if (line.isBusy) {
      if (!UNCOUNTED.has(event)) line.count(this);
      line.add(this, event, payload, args);
      return;
    }
    line.isBusy = true;
    try {
      // Only what got past #call, the end of the stack, leaves something behind.
      if (line.isEmpty) this.#deliver(event, payload, args);
      else line.add(this, event, payload, args);
      for (let next = line.take(); next !== null; next = line.take()) {
        (next.emitter as Itself).#deliver(next.event, next.payload, next.args);
      }
    } finally {
      line.rest();
      this.#letGoOf(line);
    }
  }

  /** A line that nobody shares goes to the next emitter: most runs have none while nothing happens. */
  #letGoOf(line: Line): void {
    if (line.isShared || !line.isEmpty) return;
    this.#line = null;
    spareLine = line;
  }

  #deliver(event: string, payload: unknown, args: readonly unknown[] | null): void {
    const listeners = this.#listenersOf(event);
    if (args === null) {
      const isPassedOn = this.#followers?.hear(event) === true;
      if (Array.isArray(listeners) || isPassedOn) freezeEvent(payload as object);
      if (isPassedOn) this.#followers?.deliver(event, payload);
    }
    if (listeners === undefined) return;
    if (!Array.isArray(listeners)) {
      this.#call(event, listeners, payload, args);
      return;
    }
    const { length } = listeners;
    for (let index = 0; index < length; index++) {
      this.#call(event, listeners[index] as Listener, payload, args);
    }
  }

  #call(event: string, listener: Listener, payload: unknown, args: readonly unknown[] | null): void {
    try {
      if (listener.once) this.#forget(event, listener);
      const result =
        args === null || args.length === 1
          ? listener.fn.call(listener.context, payload)
          : listener.fn.apply(listener.context, args as unknown[]);
      if (isThenable(result)) {
        result.then(undefined, (error: unknown) => {
          this.#listenerFailed(event, error, args === null ? payload : null);
        });
      }
    } catch (error) {
      this.#listenerFailed(event, error, args === null ? payload : null);
    }
  }

  /** @param payload - Of an event of the package's own, which names the run; null of a user's. */
  #listenerFailed(event: string, error: unknown, payload: unknown): void {
    if (event !== LISTENER_ERROR && this.#hears(LISTENER_ERROR)) {
      const { run } = (payload ?? { run: this }) as { run: unknown };
      this.#dispatch(LISTENER_ERROR, { run, event, error }, null);
    } else {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #forget(event: string, { fn }: Listener): void {
    (this as EventEmitter).removeListener(event, fn, undefined, true);
  }
}

/** Whether anybody would be told of a change: nobody builds a payload for nobody. */
export function isHeard(emitter: AnyEmitter, event: string): boolean {
  return reach.isHeard(emitter, event);
}

/** Tells the attachments of a change, then the listeners. */
export function announce(emitter: AnyEmitter, event: string, payload: object): void {
  reach.announce(emitter, event, payload);
}

/** The attachments; null for none. */
export function followersOf(emitter: AnyEmitter): Followers | null {
  return reach.followersOf(emitter);
}

/** @returns a function that stops following. */
export function follow(emitter: AnyEmitter, follower: Attachment<never>): () => void {
  return reach.follow(emitter, follower);
}

/** Puts the events of a child into the line of its parent: what comes first is heard first. */
export function shareLine(parent: AnyEmitter, child: AnyEmitter): void {
  reach.shareLine(parent, child);
}

/**
 * Stops a listener that answers an event with another for ever, before the call that would make the next
 * one changes anything.
 *
 * @throws {RunError} `invalid_operation`
 */
export function refuseStorm(emitter: AnyEmitter): void {
  if (!reach.isFull(emitter)) return;
  throw new RunError(
    'invalid_operation',
    `One call has set off ${MOST_EVENTS_A_CALL} events: a listener answers each with another`,
    { details: { allowed: MOST_EVENTS_A_CALL } },
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
