/** Runs that a store records, many in a batch. */
import type { Run as RunType } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { Run } from '../built';
import { INPUT, METADATA, OUTPUT, USAGE } from '../work';

/** How many runs a batch writes. */
export interface Batch {
  readonly runs: number;
}

let created = 0;

/** A piece of work is one batch: each of so many live runs has a turn and an update of usage. */
export async function changesIn(store: RunStore, { runs }: Batch): Promise<() => Promise<void>> {
  const live = await begin(store, runs);
  return () => change(store, live);
}

/** A piece of work is two batches: so many runs begin; they have a turn and an update of usage, and complete. */
export function livesIn(store: RunStore, { runs }: Batch): () => Promise<void> {
  return async () => complete(store, await begin(store, runs));
}

/** Creates runs, each in a session of its own, and starts them: one batch. */
export async function begin(store: RunStore, count: number): Promise<readonly RunType[]> {
  const runs = Array.from({ length: count }, newRun);
  for (const run of runs) {
    store.track(run);
    run.updateStatus('running');
  }
  await flush(store, runs);
  return runs;
}

/** One batch. */
export function change(store: RunStore, runs: readonly RunType[]): Promise<void> {
  for (const run of runs) run.incrementTurn().updateTokenUsage(USAGE);
  return flush(store, runs);
}

/** One batch. */
export function complete(store: RunStore, runs: readonly RunType[]): Promise<void> {
  for (const run of runs) run.incrementTurn().updateTokenUsage(USAGE).setOutput(OUTPUT);
  return flush(store, runs);
}

function newRun(): RunType {
  created += 1;
  return new Run({ sessionId: `session-${created}`, input: INPUT, metadata: METADATA, provider: 'openai' });
}

async function flush(store: RunStore, runs: readonly RunType[]): Promise<void> {
  await Promise.all(runs.map((run) => store.track(run).flush()));
}
