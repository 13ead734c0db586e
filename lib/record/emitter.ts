import type { EventEmitter } from 'eventemitter3';
import type { Attachment } from './attachment';
import { DeliveryLine, MOST_EVENTS_A_CALL } from './delivery-line';
import { RunError } from './error';
import { Followers } from './followers';
import { copyOfEvent, freezeInside } from './event-copy';
import type { Listener, Listeners } from './quiet-emitter';
import { listenersOf, QuietEmitter } from './quiet-emitter';

type Line = DeliveryLine<AnyEmitter>;
type AnyEmitter = object;
type Itself = IsolatedEmitter<object>;

const LISTENER_ERROR = 'listenerError';

/**
 * The events that are not counted: they cannot go on for ever, since a run ends once and a listener fails
 * once for each call. An end must never be refused.
 */
const UNCOUNTED: ReadonlySet<string> = new Set<string>(['statusChanged', LISTENER_ERROR]);

/** What only the class can do, for the functions below. */
interface Reach {
  isHeard(emitter: AnyEmitter, event: string): boolean;
  announce(emitter: AnyEmitter, event: string, payload: unknown): void;
  followersOf(emitter: AnyEmitter): Followers | null;
  follow(emitter: AnyEmitter, follower: Attachment<never>): () => void;
  shareLine(parent: AnyEmitter, child: AnyEmitter): void;
  isFull(emitter: AnyEmitter): boolean;
}

const reach = {} as Reach;

/** Marks an emitter that delivers an event while no other waits: it needs no line of its own. */
const BUSY: Line = new DeliveryLine();

/** Marks a user's own event with a single argument, as most have: no list is kept for it. */
const ONLY_ONE: readonly unknown[] = Object.freeze([undefined]);

/**
 * An eventemitter3 emitter that survives its listeners, and that parts of this package can follow.
 *
 * A listener that throws, or whose promise rejects, stops neither the other listeners nor the caller of
 * `emit`: it surfaces as `listenerError`. An event that is emitted while another is being delivered waits
 * for its turn, so that all listeners hear events in one order, those of a tree of runs too; it goes to the
 * listeners that stand when its own delivery begins.
 *
 * The package's own methods are functions below and not members, so that a subclass may have members of any
 * name.
 *
 * @typeParam Events - Each event's name, with its arguments in a tuple.
 */
export abstract class IsolatedEmitter<Events extends object> extends QuietEmitter<Events> {
  #line: Line | null = null;
  #followers: Followers | null = null;

  static {
    const itself = (emitter: AnyEmitter): Itself => emitter as Itself;
    Object.assign(reach, {
      isHeard: (emitter, event) =>
        listenersOf(emitter, event) !== undefined || itself(emitter).#followers?.want(event) === true,
      announce: (emitter, event, payload) => itself(emitter).#announce(event, payload),
      followersOf: (emitter) => itself(emitter).#followers,
      follow: (emitter, follower) => (itself(emitter).#followers ??= new Followers()).add(follower),
      shareLine: (parent, child) => {
        itself(child).#line = itself(parent).#lineToShare();
      },
      isFull: (emitter) => itself(emitter).#line?.isFull(emitter) === true,
    } satisfies Reach);
  }

  /**
   * Calls each listener of the event, with the policy of this class. An event of the run's own that is
   * emitted from outside reaches the listeners, as with any emitter, and nothing else: the run has not
   * changed.
   *
   * @returns whether anybody listens.
   * @throws {RunError} `invalid_operation` past 1,000 events that one call has set off.
   * @hidden
   */
  override emit<Name extends EventEmitter.EventNames<Events>>(
    event: Name,
    ...args: EventEmitter.EventArgs<Events, Name>
  ): boolean {
    const listeners = listenersOf(this, event as string);
    if (listeners === undefined) return false;
    // Stryker disable next-line ConditionalExpression: only faster, by a fifth; the list says the same.
    const kept = (args as readonly unknown[]).length === 1 ? ONLY_ONE : args;
    // Stryker disable next-line ConditionalExpression: only faster; the other way delivers alone too.
    if (this.#line === null) {
      this.#deliverAlone(listeners, event as string, args[0], kept);
    } else {
      refuseStorm(this);
      this.#dispatch(event as string, args[0], kept);
    }
    return true;
  }

  /** Whether a listener or an attachment would get the event. */
  #hears(event: string): boolean {
    return listenersOf(this, event) !== undefined || this.#followers?.hear(event) === true;
  }

  #announce(event: string, payload: unknown): void {
    if (this.#followers === null) this.#dispatch(event, payload, null);
    else this.#tell(this.#followers, event, payload);
  }

  #tell(followers: Followers, event: string, payload: unknown): void {
    const others = followers.tell(event, payload);
    if (others === null) return;
    if (this.#hears(event)) this.#dispatch(event, payload, null);
    for (const other of others) if (this.#hears(other.name)) this.#dispatch(other.name, other.event, null);
  }

  /** Delivers an event that somebody listens to, after those that are on their way. */
  #dispatch(event: string, payload: unknown, args: readonly unknown[] | null): void {
    if (this.#line === null) this.#deliverAlone(listenersOf(this, event), event, payload, args);
    else this.#deliverInLine(this.#lineWithRoom(this.#line), event, payload, args);
  }

  /** Delivers an event without a line: most events cause no other. */
  #deliverAlone(
    listeners: Listeners,
    event: string,
    payload: unknown,
    args: readonly unknown[] | null,
  ): void {
    this.#line = BUSY;
    try {
      this.#deliver(listeners, event, payload, args);
    } finally {
      // Only a stack overflow gets past #call. It leaves events behind, which the next call delivers.
      // Stryker disable next-line ConditionalExpression: only faster; BUSY has nothing to work off.
      if (this.#line === BUSY) this.#line = null;
      else this.#line.rest();
    }
    if (this.#line !== null) this.#workOff(this.#line);
  }

  #deliverInLine(line: Line, event: string, payload: unknown, args: readonly unknown[] | null): void {
    if (line.isBusy && !UNCOUNTED.has(event)) line.count(this);
    line.add(this, event, payload, args);
    if (!line.isBusy) this.#workOff(line);
  }

  #workOff(line: Line): void {
    line.isBusy = true;
    try {
      for (let next = line.take(); next !== null; next = line.take()) {
        const emitter = next.emitter as Itself;
        emitter.#deliver(listenersOf(emitter, next.event), next.event, next.payload, next.args);
      }
    } finally {
      line.rest();
    }
    line.forget();
    if (!line.isShared) this.#line = null;
  }

  /** The emitter's line, made where there is none yet. */
  #lineWithRoom(line: Line): Line {
    if (line !== BUSY) return line;
    const own: Line = new DeliveryLine();
    own.isBusy = true;
    this.#line = own;
    return own;
  }

  /** The line for a child to share. A tree of emitters keeps it. */
  #lineToShare(): Line {
    const line = (this.#line = this.#line === null ? new DeliveryLine() : this.#lineWithRoom(this.#line));
    line.isShared = true;
    return line;
  }

  #deliver(listeners: Listeners, event: string, payload: unknown, args: readonly unknown[] | null): void {
    if (args === null && this.#followers !== null) this.#handOn(this.#followers, event, payload, listeners);
    if (listeners === undefined) return;
    if (!Array.isArray(listeners)) this.#call(event, listeners, payload, args);
    else if (args === null) this.#callWithCopies(event, listeners, payload as object);
    else this.#callEach(event, listeners, payload, args);
  }

  #handOn(followers: Followers, event: string, payload: unknown, listeners: Listeners): void {
    if (!followers.hear(event)) return;
    if (listeners === undefined) {
      followers.deliver(event, payload);
    } else {
      freezeInside(event, payload as object);
      followers.deliver(event, copyOfEvent(event, payload as object));
    }
  }

  /** Gives each listener a copy of the event: what one does to it no other sees. */
  #callWithCopies(event: string, listeners: readonly Listener[], payload: object): void {
    const last = listeners.length - 1;
    freezeInside(event, payload);
    for (let index = 0; index <= last; index++) {
      const own = index < last ? copyOfEvent(event, payload) : payload;
      this.#call(event, listeners[index] as Listener, own, null);
    }
  }

  #callEach(event: string, listeners: readonly Listener[], payload: unknown, args: readonly unknown[]): void {
    const { length } = listeners;
    for (let index = 0; index < length; index++) {
      this.#call(event, listeners[index] as Listener, payload, args);
    }
  }

  #call(event: string, listener: Listener, payload: unknown, args: readonly unknown[] | null): void {
    try {
      if (listener.once) this.#forget(event, listener);
      const result =
        args === null || args === ONLY_ONE
          ? listener.fn.call(listener.context, payload)
          : listener.fn.apply(listener.context, args as unknown[]);
      if (isThenable(result)) this.#follow(event, result, payload, args);
    } catch (error) {
      this.#listenerFailed(event, error, payload, args);
    }
  }

  /** A listener may return a promise, which may reject later. */
  #follow(
    event: string,
    result: PromiseLike<unknown>,
    payload: unknown,
    args: readonly unknown[] | null,
  ): void {
    result.then(undefined, (error: unknown) => {
      this.#listenerFailed(event, error, payload, args);
    });
  }

  #listenerFailed(event: string, error: unknown, payload: unknown, args: readonly unknown[] | null): void {
    if (event !== LISTENER_ERROR && this.#hears(LISTENER_ERROR)) {
      // An event of the package's own names its run: the emitter may be a manager.
      const { run } = args === null ? (payload as { run: unknown }) : { run: this };
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

/** Whether anybody listens to a change. Where nobody does, no payload is built. */
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

/**
 * Puts the events of a child into its parent's line, so that the events of a tree are heard in their order.
 */
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
