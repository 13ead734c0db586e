import { randomUUID } from 'node:crypto';
import type { PostgresClient, PostgresPool } from './client';
import { readNotification, writeNotification } from './notification';

/** Told which runs have new entries; null for "perhaps any". */
export type CommitListener = (runIds: readonly string[] | null) => void;

/** How {@link Listener} hears of commits. */
export interface ListenerSettings {
  readonly channel: string;
  /** Whether to try `LISTEN`. */
  readonly listen: boolean;
  /** How often to look where `LISTEN` is of no use, in milliseconds. */
  readonly pollMs: number;
  /** The last position that can be read. */
  readonly lastPosition: () => Promise<number>;
}

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 5_000;
/** How long a notification to oneself may take before the connection counts as one that gets none. */
const PROBE_MS = 2_000;
/** After how long a connection that got no notification is tried again. */
const RETRY_LISTEN_MS = 60_000;

/**
 * Hears of commits while somebody wants to know: by `LISTEN` on a connection of its own, which is
 * made again when it breaks, and by looking at the journal's end where no notification arrives.
 *
 * ```text
 * idle ── start() ──► connecting ── own notification arrives ──► listening
 *                                  ▲  │                                      │
 *                                  │  └── it does not ──► polling            │
 *                                  └──────── connection lost ────────────────┘
 * ```
 * Whatever could have been missed on the way is told as null: subscribers read the journal.
 */
export class Listener {
  /** Marks this process's own notifications, which are no news to it. */
  readonly source = randomUUID();
  readonly #pool: PostgresPool;
  readonly #settings: ListenerSettings;
  readonly #subscribers = new Set<CommitListener>();
  #client: PostgresClient | null = null;
  #timer: NodeJS.Timeout | undefined;
  #delayMs = FIRST_DELAY_MS;
  #lastPosition = -1;
  #isStarted = false;
  /** Counts the times that somebody began to listen; what an earlier time started, ends. */
  #term = 0;

  constructor(pool: PostgresPool, settings: ListenerSettings) {
    this.#pool = pool;
    this.#settings = settings;
  }

  subscribe(onCommit: CommitListener): () => void {
    // A function of its own: the same listener may subscribe twice.
    const subscriber: CommitListener = (runIds) => onCommit(runIds);
    this.#subscribers.add(subscriber);
    return () => {
      if (this.#subscribers.delete(subscriber) && this.#subscribers.size === 0) this.#stop();
    };
  }

  /** Begins to listen, unless it has begun or nobody wants to know. */
  start(): void {
    if (this.#isStarted || this.#subscribers.size === 0) return;
    this.#isStarted = true;
    // The only connection of a pool cannot listen and serve.
    if (this.#settings.listen && this.#pool.options?.max !== 1) void this.#connect(this.#term);
    else this.#poll(this.#term, Infinity);
  }

  close(): void {
    this.#subscribers.clear();
    this.#stop();
  }

  #stop(): void {
    this.#isStarted = false;
    this.#term += 1;
    clearTimeout(this.#timer);
    this.#drop();
  }

  async #connect(term: number): Promise<void> {
    let client: PostgresClient;
    try {
      client = await this.#pool.connect();
    } catch {
      this.#connectLater(term);
      return;
    }
    if (term !== this.#term) {
      client.release();
      return;
    }
    this.#client = client;
    try {
      const hears = await this.#listen(client);
      if (this.#client !== client) return;
      this.#delayMs = FIRST_DELAY_MS;
      this.#tell(null);
      if (!hears) this.#poll(term, Date.now() + RETRY_LISTEN_MS);
    } catch {
      this.#lost(client);
    }
  }

  /** @returns whether notifications arrive: through a pooler that shares connections they do not. */
  async #listen(client: PostgresClient): Promise<boolean> {
    const { channel } = this.#settings;
    const probe = writeNotification(this.source, [randomUUID()]);
    let onProbe!: (hears: boolean) => void;
    const heard = new Promise<boolean>((resolve) => {
      onProbe = resolve;
    });
    client.on('notification', ({ payload = '' }) => {
      if (payload === probe) onProbe(true);
      else if (this.#client === client) this.#hear(payload);
    });
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.unref?.();
    await client.query(`LISTEN "${channel}"`);
    await this.#pool.query('SELECT pg_notify($1, $2)', [channel, probe]);
    const timer = setTimeout(onProbe, PROBE_MS, false);
    timer.unref();
    const hears = await heard;
    clearTimeout(timer);
    return hears;
  }

  #lost(client: PostgresClient): void {
    if (this.#client !== client) return;
    this.#drop();
    this.#connectLater(this.#term);
  }

  #connectLater(term: number): void {
    if (term !== this.#term) return;
    this.#timer = setTimeout(() => void this.#connect(term), this.#delayMs).unref();
    this.#delayMs = Math.min(this.#delayMs * 2, LONGEST_DELAY_MS);
  }

  /** A connection that has listened is closed: in the pool it would go on getting notifications. */
  #drop(): void {
    const client = this.#client;
    this.#client = null;
    client?.release(true);
  }

  /** @param untilMs - When to try `LISTEN` again: the probe may have been late for once. */
  #poll(term: number, untilMs: number): void {
    if (term !== this.#term) return;
    this.#drop();
    const step = (): void => void (Date.now() < untilMs ? this.#look(term, untilMs) : this.#connect(term));
    this.#timer = setTimeout(step, this.#settings.pollMs).unref();
  }

  async #look(term: number, untilMs: number): Promise<void> {
    try {
      const position = await this.#settings.lastPosition();
      if (position !== this.#lastPosition) this.#tell(null);
      this.#lastPosition = position;
    } catch {
      // The database is away: look again.
    }
    this.#poll(term, untilMs);
  }

  #hear(payload: string): void {
    const notification = readNotification(payload);
    if (notification.source !== this.source) this.#tell(notification.runIds);
  }

  #tell(runIds: readonly string[] | null): void {
    for (const subscriber of this.#subscribers) subscriber(runIds);
  }
}
