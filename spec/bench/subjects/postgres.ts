/** Runs that are recorded in PostgreSQL, as users record them. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Run as RunType } from 'agent-run';
import type { RunRecorder } from 'agent-run/store';
import type * as Postgres from 'agent-run/store/postgres';
import { Pool } from 'pg';
import { PROJECT, Run } from '../built';
import type { Subject } from '../subject';
import { INPUT, METADATA, OUTPUT, USAGE } from '../work';

const { PostgresRunStore } = createRequire(join(PROJECT, 'package.json'))(
  './dist/store/postgres',
) as typeof Postgres;

/** Where, and how many changes go together. */
export interface Batches {
  readonly url: string;
  readonly batch: number;
}

/** How many runs live at once: batches take one part of them after the other. */
export const FLEET = 5_000;
/** Longer than the benchmark: what is measured has no renewals in it. */
const LEASE_MS = 3_600_000;
export const RUNS_A_SESSION = 5;

interface Recorded {
  readonly run: RunType;
  readonly recorder: RunRecorder;
}

/** A turn and an update of usage for each run of a batch, then all are waited for. */
export async function changes({ url, batch }: Batches): Promise<Subject> {
  const { fleet, ...opened } = await openFleet(url);
  let next = 0;
  return {
    async slice(iterations) {
      const start = performance.now();
      for (let index = 0; index < iterations; index++) {
        const part = fleet.slice(next, next + batch);
        next = (next + batch) % FLEET;
        await flush(part.map(change));
      }
      return nanosecondsOf(performance.now() - start);
    },
    close: () => end(opened),
  };
}

/** The same for changes that come in while the batch before is under way, as they do in a service. */
export async function steadyChanges({ url, batch }: Batches): Promise<Subject> {
  const { fleet, ...opened } = await openFleet(url);
  let next = 0;
  const changePart = (): Promise<void> => {
    const part = fleet.slice(next, next + batch);
    next = (next + batch) % FLEET;
    return flush(part.map(change));
  };
  return {
    async slice(iterations) {
      const start = performance.now();
      let underWay = changePart();
      for (let index = 1; index < iterations; index++) {
        await sent();
        const following = changePart();
        await underWay;
        underWay = following;
      }
      await underWay;
      return nanosecondsOf(performance.now() - start);
    },
    close: () => end(opened),
  };
}

/** A batch of runs that are recorded from here on, each started and changed once, then all are waited for. */
export async function newRuns({ url, batch }: Batches): Promise<Subject> {
  const { store, pool } = await openFleet(url);
  let count = FLEET;
  return {
    async slice(iterations) {
      const batches = Array.from({ length: iterations }, () =>
        Array.from({ length: batch }, () => createRun(count++)),
      );
      const start = performance.now();
      for (const runs of batches) await flush(runs.map((run) => change(record(store, run))));
      return nanosecondsOf(performance.now() - start);
    },
    close: () => end({ store, pool }),
  };
}

interface Opened {
  readonly store: Postgres.PostgresRunStore;
  readonly pool: Pool;
}

async function openFleet(url: string): Promise<Opened & { readonly fleet: readonly Recorded[] }> {
  const pool = new Pool({ connectionString: url, idleTimeoutMillis: 0 });
  const store = openStore(pool);
  const fleet: Recorded[] = [];
  while (fleet.length < FLEET) {
    const part = Array.from({ length: 100 }, (_, index) => record(store, createRun(fleet.length + index)));
    await flush(part);
    fleet.push(...part);
  }
  await pool.query('VACUUM ANALYZE');
  return { pool, store, fleet };
}

export function openStore(pool: Pool): Postgres.PostgresRunStore {
  return new PostgresRunStore({ pool, track: { leaseMs: LEASE_MS } });
}

function createRun(index: number): RunType {
  return new Run({
    sessionId: `session-${Math.floor(index / RUNS_A_SESSION)}`,
    input: INPUT,
    metadata: { ...METADATA, previous: OUTPUT },
    provider: 'openai',
  });
}

function record(store: Postgres.PostgresRunStore, run: RunType): Recorded {
  const recorder = store.track(run);
  run.updateStatus('running');
  return { run, recorder };
}

function change(recorded: Recorded): Recorded {
  recorded.run.incrementTurn().updateTokenUsage(USAGE);
  return recorded;
}

async function flush(recorded: readonly Recorded[]): Promise<void> {
  await Promise.all(recorded.map(({ recorder }) => recorder.flush()));
}

/** The queue sends a batch at the end of a turn of the event loop. */
async function sent(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

async function end({ store, pool }: Opened): Promise<void> {
  await store.close();
  await pool.end();
}

export function nanosecondsOf(milliseconds: number): number {
  return Math.max(1, milliseconds * 1e6);
}
