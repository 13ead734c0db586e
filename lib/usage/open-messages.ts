import type { StreamedEvent } from './reading';
import { unreadable } from './unreadable';

/** A message of a stream, of which more events may come. */
export interface OpenMessage {
  readonly id: string;
  readonly model: string;
  /** Its input tokens: events that repeat them are recognised by it. */
  readonly input: number | null;
  /** Whether an event of it has come since it began. */
  readonly hasGrown: boolean;
  /** Whether it has said that it ends. */
  readonly isOver: boolean;
}

/** How many agents' streams are followed at once under a key, and messages in each. */
const MOST_STREAMS = 200;
const MOST_MESSAGES = 20;

/**
 * The messages under one key whose streams are still open. An event of a stream does not name its message:
 * it belongs to the one that its agent has open. Where two are open at once, an event that ends a message
 * belongs to either; with two of one model that makes no difference to the sum.
 */
export class OpenMessages {
  readonly #streams: Map<string, OpenMessage[]>;

  constructor(streams: ReadonlyMap<string, readonly OpenMessage[]> = new Map()) {
    this.#streams = new Map([...streams].map(([agent, messages]) => [agent, [...messages]]));
  }

  /** The streams by agent. */
  get streams(): ReadonlyMap<string, readonly OpenMessage[]> {
    return this.#streams;
  }

  /** A message begins. Those before it of which an event was counted are closed. */
  begin(agent: string, message: OpenMessage): void {
    const others = this.#of(agent).filter(({ id, hasGrown }) => !hasGrown && id !== message.id);
    this.#set(agent, [...others, message].slice(-MOST_MESSAGES));
  }

  /**
   * The message that an event is of; null where none has begun.
   *
   * @throws {RunError} `validation_error` where that cannot be told.
   */
  messageOf({ agent, isLast }: StreamedEvent, input: number | undefined): OpenMessage | null {
    const all = this.#of(agent);
    const alike = (input ?? 0) > 0 ? all.filter((message) => message.input === input) : [];
    if (alike.length === 1) return alike[0] ?? null;
    const [first, ...others] = all.filter(({ isOver }) => !isOver);
    if (first === undefined || others.length === 0) return first ?? all.at(-1) ?? null;
    if (isLast && others.every(({ model }) => model === first.model)) return others.at(-1) ?? null;
    throw unreadable('is of one of several messages that are open at once: name each stream with `key`');
  }

  /** An event of the message has been counted. */
  grow(agent: string, { id }: OpenMessage, isLast: boolean): void {
    const messages = this.#of(agent).map((message) =>
      message.id === id ? { ...message, hasGrown: true, isOver: message.isOver || isLast } : message,
    );
    this.#set(agent, messages);
  }

  #of(agent: string): OpenMessage[] {
    return this.#streams.get(agent) ?? [];
  }

  #set(agent: string, messages: OpenMessage[]): void {
    this.#streams.delete(agent);
    this.#streams.set(agent, messages);
    for (const oldest of this.#streams.keys()) {
      if (this.#streams.size <= MOST_STREAMS) return;
      this.#streams.delete(oldest);
    }
  }
}
