/** The answer to a statement, as far as the store reads it. */
export interface PostgresResult {
  /** The rows that the statement gave. */
  readonly rows: readonly unknown[];
}

/** What the store needs of a connection. @see https://node-postgres.com/apis/client */
export interface PostgresClient {
  /** Runs one statement, its values bound. */
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
  /** Hears what other connections notify of. */
  on(
    event: 'notification',
    listener: (message: { channel: string; payload?: string | undefined }) => void,
  ): unknown;
  /** Hears of a connection that broke. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Hears of a connection that is gone. */
  on(event: 'end', listener: () => void): unknown;
  /** Hears no longer. */
  off(event: 'error', listener: (error: Error) => void): unknown;
  /** Lets the process end although the connection is open. */
  unref?(): unknown;
  /**
   * Gives the connection back.
   *
   * @param destroy - Whether to close it instead.
   */
  release(destroy?: boolean): void;
}

/** What the store needs of a pool: that of `pg` has it. @see https://node-postgres.com/apis/pool */
export interface PostgresPool {
  /** Lends a connection. */
  connect(): Promise<PostgresClient>;
  /** Hears of idle connections that broke. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Hears no longer. */
  off(event: 'error', listener: (error: Error) => void): unknown;
  /** Closes every connection. */
  end(): Promise<void>;
  /** How many connections nobody uses. */
  readonly idleCount?: number | undefined;
  /** How the pool was made. */
  readonly options?:
    | {
        /** How many connections it has at most; a text, where it comes from the environment. */
        readonly max?: number | string | undefined;
      }
    | undefined;
}
