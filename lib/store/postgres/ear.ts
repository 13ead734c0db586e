import { randomUUID } from 'node:crypto';
import type { PostgresClient, PostgresPool } from './client';
import { perhapsAny } from './notification';

/** Who listens to a channel. */
export interface Hearer {
  /** Handed the payload of each notification. */
  hear(payload: string): void;
  /** Told whether notifications arrive, whenever that changes. */
  hearsChanged(hears: boolean): void;
}

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 5_000;
/** How long a notification to oneself may take. Without one by then, the connection counts as deaf. */
const PROBE_MS = 2_000;
/** After how long a connection that got no notification is tried again; twice as long each time. */
const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 960_000;

const ears = new WeakMap<PostgresPool, Ear>();

/**
 * The one connection by which all stores of a pool listen. It is lent by the pool, made again when it
 * breaks, and given back where it hears nothing (behind a pooler that shares connections) or others
 * need it (a pool, or a pooler, with too few).
 *
 * ```text
 * idle ── listen() ──► connecting ── own notification arrives ──► hearing
 *                          ▲  │                                      │
 *                          │  └── it does not, or yield() ──► deaf   │
 *                          ├──────── after a while ────────────┘     │
 *                          └──────── connection lost ────────────────┘
 * ```
 */
export class Ear {
  readonly #pool: PostgresPool;
  readonly #hearers = new Map<string, Set<Hearer>>();
  #client: PostgresClient | null = null;
  #hears = false;
  /** The attempt to connect that is under way: an earlier one gives its connection back. */
  #attempt: symbol | null = null;
  #timer: NodeJS.Timeout | undefined;
  #delayMs = FIRST_DELAY_MS;
  #retryMs = FIRST_RETRY_MS;

  private constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  static of(pool: PostgresPool): Ear {
    const known = ears.get(pool);
    if (known !== undefined) return known;
    const ear = new Ear(pool);
    ears.set(pool, ear);
    return ear;
  }

  /** @returns a function that stops it, to be called once; the connection goes back with the last. */
  listen(channel: string, hearer: Hearer): () => void {
    const known = this.#hearers.get(channel);
    const hearers = (known ?? new Set()).add(hearer);
    this.#hearers.set(channel, hearers);
    if (this.#client === null) this.#begin();
    else if (known === undefined) void this.#listenTo(this.#client, channel);
    else if (this.#hears) hearer.hearsChanged(true);
    return () => this.#leave(channel, hearers, hearer);
  }

  /** Gives the connection back for a while: others wait for one. */
  yield(): void {
    if (this.#client === null) return;
    this.#drop();
    this.#tryLater(this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  #begin(): void {
    // The only connection of a pool cannot listen and serve.
    const hasSpare = Number(this.#pool.options?.max ?? Infinity) > 1;
    if (this.#attempt !== null || !hasSpare) return;
    clearTimeout(this.#timer);
    void this.#connect();
  }

  async #connect(): Promise<void> {
    const attempt = Symbol('attempt');
    let client: PostgresClient | null = null;
    this.#attempt = attempt;
    try {
      client = await this.#pool.connect();
      if (this.#attempt === attempt) await this.#prepare(client);
      else client.release();
    } catch {
      if (client !== null) this.#lost(client);
      else if (this.#attempt === attempt) this.#tryAgain();
    } finally {
      if (this.#attempt === attempt) this.#attempt = null;
    }
  }

  async #prepare(client: PostgresClient): Promise<void> {
    this.#client = client;
    let onProbe!: (hears: boolean) => void;
    const heard = new Promise<boolean>((resolve) => {
      onProbe = resolve;
    });
    const probe = perhapsAny(randomUUID());
    client.on('notification', ({ channel, payload = '' }) => {
      if (payload === probe) onProbe(true);
      else this.#hear(channel, payload);
    });
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.unref?.();
    const timer = setTimeout(onProbe, PROBE_MS, false).unref();
    const probing = this.#listenToAll(client).then((channel) => {
      this.#notify(client, channel, probe);
      return heard;
    });
    // A connection that has gone silent answers nothing: then the time is over before it listens.
    const hears = await Promise.race([probing, heard]);
    clearTimeout(timer);
    if (this.#client !== client) return;
    if (!hears) this.yield();
    else this.#begun();
  }

  /** @returns one of the channels. */
  async #listenToAll(client: PostgresClient): Promise<string> {
    const channels = [...this.#hearers.keys()];
    for (const channel of channels) await client.query(`LISTEN "${channel}"`);
    return channels[0] as string;
  }

  /**
   * Sends a notification by another connection. Behind a pooler, one that is sent on the listening
   * connection itself may arrive at once although later ones never do.
   */
  #notify(listening: PostgresClient, channel: string, payload: string): void {
    this.#pool.connect().then(
      (client) => {
        // Without a listener, a connection that breaks meanwhile would end the process.
        client.on('error', ignore);
        // One that came only when the other had gone is closed: a pooler that has one session for this
        // process would keep it for a connection that nobody uses, and let the others wait.
        const giveBack = (): void => {
          client.off('error', ignore);
          client.release(this.#client !== listening);
        };
        client.query('SELECT pg_notify($1, $2)', [channel, payload]).then(giveBack, giveBack);
      },
      () => undefined,
    );
  }

  async #listenTo(client: PostgresClient, channel: string): Promise<void> {
    try {
      await client.query(`LISTEN "${channel}"`);
      if (this.#hears) this.#tellOf(channel, true);
    } catch {
      this.#lost(client);
    }
  }

  #begun(): void {
    this.#delayMs = FIRST_DELAY_MS;
    this.#retryMs = FIRST_RETRY_MS;
    this.#hears = true;
    this.#tell(true);
  }

  #hear(channel: string, payload: string): void {
    for (const hearer of this.#hearers.get(channel) ?? []) hearer.hear(payload);
  }

  #lost(client: PostgresClient): void {
    if (this.#client !== client) return;
    this.#drop();
    this.#tryAgain();
  }

  #tryAgain(): void {
    this.#tryLater(this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, LONGEST_DELAY_MS);
  }

  #tryLater(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), ms).unref();
  }

  /** A connection that has listened is closed: in the pool it would go on getting notifications. */
  #drop(): void {
    const client = this.#client;
    this.#client = null;
    client?.release(true);
    if (!this.#hears) return;
    this.#hears = false;
    this.#tell(false);
  }

  #tell(hears: boolean): void {
    for (const channel of this.#hearers.keys()) this.#tellOf(channel, hears);
  }

  #tellOf(channel: string, hears: boolean): void {
    for (const hearer of this.#hearers.get(channel) ?? []) hearer.hearsChanged(hears);
  }

  #leave(channel: string, hearers: Set<Hearer>, hearer: Hearer): void {
    hearers.delete(hearer);
    if (hearers.size === 0) this.#hearers.delete(channel);
    if (this.#hearers.size > 0) return;
    clearTimeout(this.#timer);
    this.#attempt = null;
    this.#drop();
  }
}

function ignore(): void {
  // Nobody waits for the answer: the probe is over after a while.
}
