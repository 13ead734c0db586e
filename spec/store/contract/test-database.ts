import type { RunStore, RunStoreOptions } from 'agent-run/store';

/** An empty database for one test. */
export interface TestDatabase {
  /** A store on it with a connection of its own, as another process would have. */
  connect(options?: RunStoreOptions): RunStore;
  /** Closes every store that was connected, and removes the database. */
  close(): Promise<void>;
}

/** Keeps what was connected, for the end of the test. */
export class ConnectedStores {
  readonly #stores: RunStore[] = [];

  add(store: RunStore): RunStore {
    this.#stores.push(store);
    return store;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#stores.map((store) => store.close()));
  }
}
