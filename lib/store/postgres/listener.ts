import { randomUUID } from 'node:crypto';
import type { Commit } from '../backend';
import type { PostgresPool } from './client';
import { Ear } from './ear';
import { readNotification } from './notification';

/** Told what has new entries; null for "perhaps any". */
export type CommitListener = (commit: Commit | null) => void;

/** How {@link Listener} hears of commits. */
export interface ListenerSettings {
  readonly channel: string;
  /** Whether to try `LISTEN`. */
  readonly listen: boolean;
  /** How often to look where `LISTEN` is of no use, in milliseconds. */
  readonly pollMs: number;
  /** The last position that can be read. */
  readonly head: () => Promise<number>;
}

/**
 * Hears of a store's commits while somebody wants to know: by `LISTEN`, on a connection that all stores
 * of a pool share, and by looking at the journal's end where no notification arrives.
 *
 * Where something may have been missed, it tells null: subscribers then read the journal.
 */
export class Listener {
  /** Marks this store's own notifications, which are no news to it. */
  readonly source = randomUUID();
  readonly #pool: PostgresPool;
  readonly #settings: ListenerSettings;
  readonly #subscribers = new Set<CommitListener>();
  #leave: (() => void) | null = null;
  #hears = false;
  #timer: NodeJS.Timeout | undefined;
  #head = -1;

  constructor(pool: PostgresPool, settings: ListenerSettings) {
    this.#pool = pool;
    this.#settings = settings;
  }

  subscribe(onCommit: CommitListener): () => void {
    // A function of its own: the same listener may subscribe twice.
    const subscriber: CommitListener = (commit) => onCommit(commit);
    this.#subscribers.add(subscriber);
    return () => {
      if (this.#subscribers.delete(subscriber) && this.#subscribers.size === 0) this.#stop();
    };
  }

  /** Begins to listen, unless it has begun or nobody wants to know. */
  start(): void {
    if (this.#leave !== null || this.#subscribers.size === 0) return;
    const { channel, listen } = this.#settings;
    this.#leave = listen
      ? Ear.of(this.#pool).listen(channel, {
          hear: (payload) => this.#hear(payload),
          hearsChanged: (hears) => this.#hearsChanged(hears),
        })
      : ignore;
    if (!this.#hears) this.#lookLater();
  }

  close(): void {
    this.#subscribers.clear();
    this.#stop();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#leave?.();
    this.#leave = null;
    this.#hears = false;
  }

  #hearsChanged(hears: boolean): void {
    this.#hears = hears;
    clearTimeout(this.#timer);
    if (hears) this.#tell(null);
    else this.#lookLater();
  }

  #hear(payload: string): void {
    const { source, commit } = readNotification(payload);
    if (source !== this.source) this.#tell(commit);
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), this.#settings.pollMs).unref();
  }

  async #look(): Promise<void> {
    try {
      const head = await this.#settings.head();
      if (head !== this.#head) this.#tell(null);
      this.#head = head;
    } catch {
      // The database is away: look again.
    }
    if (this.#leave !== null && !this.#hears) this.#lookLater();
  }

  #tell(commit: Commit | null): void {
    for (const subscriber of this.#subscribers) subscriber(commit);
  }
}

function ignore(): void {
  // Nothing was begun.
}
