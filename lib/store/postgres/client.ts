/** The answer to a statement, as far as the store reads it. */
export interface PostgresResult {
  readonly rows: readonly unknown[];
}

/** What the store needs of a connection. @see https://node-postgres.com/apis/client */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
  on(event: 'notification', listener: (message: { payload?: string | undefined }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  /** Lets the process end although the connection is open. */
  unref?(): unknown;
  /** @param destroy - Whether to close the connection instead of giving it back. */
  release(destroy?: boolean): void;
}

/** What the store needs of a pool: that of `pg` has it. @see https://node-postgres.com/apis/pool */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
  connect(): Promise<PostgresClient>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  end(): Promise<void>;
  readonly options?: { readonly max?: number | undefined } | undefined;
}
