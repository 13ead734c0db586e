/** Runs that are recorded in PostgreSQL, as users record them. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
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
  const pool = new Pool({ connectionString: url });
  const store = openStore(pool);
  const fleet = Array.from({ length: FLEET }, (_, index) => record(store, index));
  await flush(fleet);
  await pool.query('VACUUM ANALYZE');
  let next = 0;
  return {
    async slice(iterations) {
      const start = performance.now();
      for (let index = 0; index < iterations; index++) {
        const part = fleet.slice(next, next + batch);
        next = (next + batch) % FLEET;
        for (const { run } of part) change(run);
        await flush(part);
      }
      return nanosecondsOf(performance.now() - start);
    },
    close: () => end(store, pool),
  };
}

/** A batch of runs, each created, started and changed once, then all are waited for. */
export async function newRuns({ url, batch }: Batches): Promise<Subject> {
  const pool = new Pool({ connectionString: url });
  const store = openStore(pool);
  await flush(Array.from({ length: FLEET }, (_, index) => record(store, index)));
  await pool.query('VACUUM ANALYZE');
  let count = FLEET;
  return {
    async slice(iterations) {
      const start = performance.now();
      for (let index = 0; index < iterations; index++) {
        const part = Array.from({ length: batch }, () => record(store, count++));
        for (const { run } of part) change(run);
        await flush(part);
      }
      return nanosecondsOf(performance.now() - start);
    },
    close: () => end(store, pool),
  };
}

export function openStore(pool: Pool): Postgres.PostgresRunStore {
  return new PostgresRunStore({ pool, track: { leaseMs: LEASE_MS } });
}

function record(store: Postgres.PostgresRunStore, index: number): Recorded {
  const run = new Run({
    sessionId: `session-${Math.floor(index / RUNS_A_SESSION)}`,
    input: INPUT,
    metadata: { ...METADATA, previous: OUTPUT },
    provider: 'openai',
  });
  const recorder = store.track(run);
  run.updateStatus('running');
  return { run, recorder };
}

function change(run: RunType): void {
  run.incrementTurn().updateTokenUsage(USAGE);
}

async function flush(recorded: readonly Recorded[]): Promise<void> {
  await Promise.all(recorded.map(({ recorder }) => recorder.flush()));
}

async function end(store: Postgres.PostgresRunStore, pool: Pool): Promise<void> {
  await store.close();
  await pool.end();
}

export function nanosecondsOf(milliseconds: number): number {
  return Math.max(1, milliseconds * 1e6);
}
