import { setTimeout as sleep } from 'node:timers/promises';
import type { RunStatus } from 'agent-run';
import { Run } from 'agent-run';
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

/** A run of a record, with what a test cares about. */
export function runOf(record: Readonly<Record<string, unknown>> = {}): Run {
  const status = (record['status'] ?? 'pending') as RunStatus;
  const hasEnded = status !== 'pending' && status !== 'running';
  return Run.fromJSON({
    id: new Run({ sessionId: 'any' }).id,
    session_id: 'session-1',
    status,
    started_at: '2026-03-01T12:00:00.000Z',
    ended_at: hasEnded ? '2026-03-01T12:00:05.000Z' : null,
    ...record,
  });
}

/** Settles when the condition holds; fails a test that waits for ever. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 25_000;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error('it never came');
    await sleep(5);
  }
}

/** The first so many of what comes. */
export async function take<Item>(items: AsyncIterable<Item>, count: number): Promise<Item[]> {
  const taken: Item[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}
