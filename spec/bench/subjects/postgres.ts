/** Runs that are recorded in PostgreSQL, as users record them. */
import type { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { setImmediate } from 'node:timers/promises';
import { Pool } from 'pg';
import { postgresStore } from '../built';
import type { Subject } from '../subject';
import { repeatedOnTheClock } from '../subject';
import type { Batch } from './recording';
import { begin, change, livesIn } from './recording';

/** Where, and how many runs a batch writes. */
export interface Writing extends Batch {
  readonly url: string;
}

/** How many runs live at once: batches take one part of them after the other. */
export const FLEET = 5_000;
/** Longer than the benchmark: what is measured has no renewals in it. */
const LEASE_MS = 3_600_000;
const RUNS_AT_ONCE = 100;

interface Fleet {
  readonly store: RunStore;
  /** The runs of the next batch. */
  next(): readonly Run[];
  close(): Promise<void>;
}

/** A piece of work is one batch, which is waited for. */
export async function changes(writing: Writing): Promise<Subject> {
  const { store, next, close } = await openFleet(writing);
  return { ...repeatedOnTheClock(() => change(store, next())), close };
}

/** The same for changes that come in while the batch before is under way, as they do in a service. */
export async function steadyChanges(writing: Writing): Promise<Subject> {
  const { store, next, close } = await openFleet(writing);
  return { ...steady(() => change(store, next())), close };
}

/** A piece of work is two batches: runs begin; they are changed and completed. */
export function lives({ url, runs }: Writing): Subject {
  const { store, close } = openStore(url);
  return { ...repeatedOnTheClock(livesIn(store, { runs })), close };
}

/** A piece of work begins while the one before is under way, so that a batch is ready when that ends. */
function steady(work: () => Promise<unknown>): Subject {
  return {
    async slice(iterations) {
      const start = performance.now();
      let underWay = work();
      for (let index = 1; index < iterations; index++) {
        await isSent();
        const following = work();
        await underWay;
        underWay = following;
      }
      await underWay;
      return Math.max(1, 1e6 * (performance.now() - start));
    },
  };
}

/** How many statements the store sends for so many changed runs. */
export async function statementsOf({ url, runs }: Writing): Promise<number> {
  const pool = new Pool({ connectionString: url });
  const store = new (postgresStore().PostgresRunStore)({ pool });
  const live = await begin(store, runs);
  let statements = 0;
  // What a connection of the pool is asked, by the pool or by whoever has borrowed it.
  pool.on('acquire', () => (statements += 1));
  await change(store, live);
  await store.close();
  await pool.end();
  return statements;
}

async function openFleet({ url, runs }: Writing): Promise<Fleet> {
  const { store, pool, close } = openStore(url);
  const fleet: Run[] = [];
  while (fleet.length < FLEET) fleet.push(...(await begin(store, RUNS_AT_ONCE)));
  await pool.query('VACUUM ANALYZE');
  let place = 0;
  return {
    store,
    next() {
      const part = fleet.slice(place, place + runs);
      place = (place + runs) % FLEET;
      return part;
    },
    close,
  };
}

function openStore(url: string): { store: RunStore; pool: Pool; close: () => Promise<void> } {
  const pool = new Pool({ connectionString: url });
  const store = new (postgresStore().PostgresRunStore)({ pool, track: { leaseMs: LEASE_MS } });
  return { store, pool, close: () => store.close().then(() => pool.end()) };
}

/** The store sends a batch at the end of a turn of the event loop. */
async function isSent(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
