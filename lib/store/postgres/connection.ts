import type { RunError } from '../../record/error';
import { timeoutError } from '../storage-error';
import type { PostgresClient, PostgresPool } from './client';
import { driverError } from './driver-error';
import type { Statement } from './queries';

/** How a {@link PostgresConnection} reaches the database. */
export interface ConnectionSettings {
  /** How long one attempt may take, in milliseconds, the wait for a connection included. */
  readonly callTimeoutMs: number;
  /** Called when a connection was waited for longer than a pool with a free one would take. */
  readonly onStarved: () => void;
}

/** How long a pool may take for a connection, or a new connection for its first answer, before others make room. */
const STARVED_MS = 1_000;

/** The SQLSTATE with which the function that applies batches refuses an isolation level. */
const WRONG_ISOLATION = 'AR001';

const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';

/**
 * Runs every statement of a store. Each attempt has a deadline, after which its connection is closed,
 * whatever it still does.
 */
export class PostgresConnection {
  readonly #pool: PostgresPool;
  readonly #settings: ConnectionSettings;
  /**
   * Whether the server's default isolation is not the one that a batch needs, and each transaction has to
   * ask for it.
   */
  #asksForIsolation = false;
  /** Connections that have answered once. */
  readonly #answering = new WeakSet<PostgresClient>();

  constructor(pool: PostgresPool, settings: ConnectionSettings) {
    this.#pool = pool;
    this.#settings = settings;
  }

  /** The rows of one statement. */
  async query(what: string, { text, values }: Statement): Promise<readonly unknown[]> {
    const { rows } = await this.attempt(what, (client) => client.query(text, values));
    return rows;
  }

  /** The rows of one statement that has to see what is committed while it runs. */
  async write(what: string, statement: Statement): Promise<readonly unknown[]> {
    if (!this.#asksForIsolation) {
      try {
        return await this.query(what, statement);
      } catch (error) {
        if (codeOf((error as RunError).cause) !== WRONG_ISOLATION) throw error;
        this.#asksForIsolation = true;
      }
    }
    const { rows } = await this.transaction(what, (client) => client.query(statement.text, statement.values));
    return rows;
  }

  /** Does the work in one transaction, which is rolled back when it throws. */
  transaction<Result>(what: string, work: (client: PostgresClient) => Promise<Result>): Promise<Result> {
    return this.attempt(what, async (client) => {
      await client.query(BEGIN);
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    });
  }

  /** Does the work on a connection, which is closed where that fails or takes too long. */
  async attempt<Result>(what: string, work: (client: PostgresClient) => Promise<Result>): Promise<Result> {
    const { callTimeoutMs } = this.#settings;
    const giveUpAt = Date.now() + callTimeoutMs;
    try {
      const client = await this.#connect(what);
      return await this.#use(client, work, () => timeoutError(what, callTimeoutMs), giveUpAt - Date.now());
    } catch (error) {
      throw driverError(what, error);
    }
  }

  /** A connection; one that comes too late is given back. */
  #connect(what: string): Promise<PostgresClient> {
    const { callTimeoutMs, onStarved } = this.#settings;
    return new Promise((resolve, reject) => {
      let isWaiting = true;
      const starved = setInterval(
        () => {
          onStarved();
          // A pool goes on waiting for a new connection although one has become idle, and a pooler may let
          // it wait for as long as that one is there.
          if (this.#hasIdle) ask();
        },
        Math.min(STARVED_MS, callTimeoutMs / 2),
      );
      const timer = setTimeout(() => settle(() => reject(timeoutError(what, callTimeoutMs))), callTimeoutMs);
      const settle = (answer: () => void): void => {
        isWaiting = false;
        clearTimeout(timer);
        clearInterval(starved);
        answer();
      };
      const ask = (): void => {
        // A pool may throw at once: it reads its connection string when it first connects.
        const connecting = new Promise<PostgresClient>((begun) => {
          begun(this.#pool.connect());
        });
        connecting.then(
          (client) => (isWaiting ? settle(() => resolve(client)) : client.release()),
          (error: unknown) => settle(() => reject(driverError(what, error))),
        );
      };
      ask();
    });
  }

  async #use<Result>(
    client: PostgresClient,
    work: (client: PostgresClient) => Promise<Result>,
    lateError: () => RunError,
    ms: number,
  ): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    let isDone = false;
    const unanswered = this.#answering.has(client)
      ? undefined
      : setInterval(() => this.#makeRoom(), STARVED_MS);
    // Without a listener, a connection that breaks meanwhile would end the process.
    client.on('error', ignore);
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(lateError()), ms);
      });
      const working = work(client);
      working.catch(ignore);
      const result = await Promise.race([working, late]);
      isDone = true;
      this.#answering.add(client);
      return result;
    } finally {
      clearTimeout(timer);
      clearInterval(unanswered);
      client.off('error', ignore);
      // One that has failed half-way is closed: whatever was open on it is rolled back.
      client.release(!isDone);
    }
  }

  /**
   * Closes a connection that is idle. Behind a pooler that keeps a session for each, a new connection may
   * wait for the session of one that nobody uses.
   */
  #makeRoom(): void {
    if (this.#hasIdle) this.#pool.connect().then((idle) => idle.release(true), ignore);
  }

  get #hasIdle(): boolean {
    return (this.#pool.idleCount ?? 0) > 0;
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function ignore(): void {
  // The call that needs the connection says what is wrong.
}
