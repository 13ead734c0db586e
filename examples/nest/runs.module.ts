import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import { RunManager } from 'agent-run/manager';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import { RunsController } from './runs.controller';

/** One store and one manager for the whole application. */
@Module({
  controllers: [RunsController],
  providers: [
    {
      provide: SqliteRunStore,
      useFactory: () => new SqliteRunStore({ path: process.env['RUNS_DB'] ?? 'runs.db' }),
    },
    {
      provide: RunManager,
      inject: [SqliteRunStore],
      useFactory: (store: SqliteRunStore) => new RunManager({ store, defaults: { timeoutMs: 60_000 } }),
    },
  ],
})
export class RunsModule implements BeforeApplicationShutdown {
  readonly #runs: RunManager;
  readonly #store: SqliteRunStore;

  constructor(@Inject(RunManager) runs: RunManager, @Inject(SqliteRunStore) store: SqliteRunStore) {
    this.#runs = runs;
    this.#store = store;
  }

  /**
   * The right hook: Nest closes the server between this one and `onApplicationShutdown`, and waits there
   * for every open event stream. The store's end closes them.
   */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#runs.drain({ graceMs: 2_000, reason: 'The service is shutting down' });
    await this.#store.close();
  }
}
