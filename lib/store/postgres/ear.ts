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
  #isTrying = false;
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

  /** @returns a function that stops it; the connection goes back with the last. */
  listen(channel: string, hearer: Hearer): () => void {
    const hearers = this.#hearers.get(channel);
    if (hearers === undefined) this.#hearers.set(channel, new Set([hearer]));
    else hearers.add(hearer);
    if (this.#client === null) this.#begin();
    else if (hearers === undefined) void this.#listenTo(this.#client, channel, hearer);
    else if (this.#hears) hearer.hearsChanged(true);
    return () => this.#leave(channel, hearer);
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
    if (this.#isTrying || !hasSpare) return;
    clearTimeout(this.#timer);
    void this.#connect();
  }

  async #connect(): Promise<void> {
    this.#isTrying = true;
    try {
      const client = await this.#pool.connect();
      if (this.#hearers.size === 0) {
        client.release();
        return;
      }
      await this.#prepare(client);
    } catch {
      if (this.#client === null) this.#tryAgain();
      else this.#lost(this.#client);
    } finally {
      this.#isTrying = false;
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
      else if (this.#client === client) this.#hear(channel, payload);
    });
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.unref?.();
    const timer = setTimeout(onProbe, PROBE_MS, false).unref();
    const [first] = await this.#listenToAll(client);
    this.#notify(client, first ?? '', probe);
    const hears = await heard;
    clearTimeout(timer);
    if (this.#client !== client) return;
    if (!hears) this.yield();
    else this.#begun();
  }

  async #listenToAll(client: PostgresClient): Promise<readonly string[]> {
    const channels = [...this.#hearers.keys()];
    for (const channel of channels) await client.query(`LISTEN "${channel}"`);
    return channels;
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
        const giveBack = (isBroken: boolean) => (): void => {
          client.off('error', ignore);
          // One that came only when the other had gone is closed too: a pooler that has one session
          // for this process would keep it for a connection that nobody uses, and let the others wait.
          client.release(isBroken || this.#client !== listening);
        };
        client.query('SELECT pg_notify($1, $2)', [channel, payload]).then(giveBack(false), giveBack(true));
      },
      () => undefined,
    );
  }

  async #listenTo(client: PostgresClient, channel: string, hearer: Hearer): Promise<void> {
    try {
      await client.query(`LISTEN "${channel}"`);
      if (this.#client === client && this.#hears) hearer.hearsChanged(true);
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
    if (this.#hearers.size > 0) this.#timer = setTimeout(() => void this.#connect(), ms).unref();
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
    for (const hearers of this.#hearers.values()) for (const hearer of hearers) hearer.hearsChanged(hears);
  }

  #leave(channel: string, hearer: Hearer): void {
    const hearers = this.#hearers.get(channel);
    hearers?.delete(hearer);
    if (hearers?.size === 0) this.#hearers.delete(channel);
    if (this.#hearers.size > 0) return;
    clearTimeout(this.#timer);
    this.#drop();
  }
}

function ignore(): void {
  // Nobody waits for the answer: the probe is over after a while.
}
