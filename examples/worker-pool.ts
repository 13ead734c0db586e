/**
 * A pool of worker processes on PostgreSQL. One is killed while it works: the others notice, end the run
 * that it left behind, and do its task again.
 *
 *     DATABASE_URL=postgresql://user:password@127.0.0.1/database npx tsx examples/worker-pool.ts
 *
 * It makes its tables in that database, beginning with `agent_run_`, and removes its runs at the end.
 */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Run, RunError } from 'agent-run';
import { PostgresRunStore } from 'agent-run/store/postgres';

const TASKS = ['index the docs', 'triage issues', 'write notes', 'check links', 'sum up', 'translate'];
const WORKERS = 3;
const LEASE_MS = 1_500;

const [role, sessionId = `pool-${randomUUID()}`] = process.argv.slice(2);
const connectionString = process.env['DATABASE_URL'] ?? '';

if (connectionString === '') {
  console.error('Set DATABASE_URL to a PostgreSQL database that this may make tables in.');
  process.exitCode = 1;
} else {
  void (role === 'worker' ? work : supervise)(new PostgresRunStore({ connectionString }));
}

/** Puts the tasks into the store, starts the workers, kills one of them, and says how it all came out. */
async function supervise(store: PostgresRunStore): Promise<void> {
  await Promise.all(TASKS.map((task) => store.save(new Run({ sessionId, input: { task } }))));
  const workers = Array.from({ length: WORKERS }, startWorker);
  const [victim] = workers;
  victim?.once('message', () => {
    console.log(`worker ${victim.pid} is in the middle of a task, and is killed`);
    victim.kill('SIGKILL');
  });
  for await (const { runId, type, data } of store.watch({ sessionId })) {
    if (type !== 'statusChanged') continue;
    const run = await store.get(runId);
    console.log(run?.input?.['task'], '->', data['to'], run?.error?.['code'] ?? '');
    const { runs } = await store.list({ sessionId, status: 'completed' });
    if (runs.length === TASKS.length) break;
  }
  for (const worker of workers) worker.kill();
  for (const { group, runs, turns, tokenUsage } of await store.summarize({ groupBy: 'status', sessionId })) {
    console.log(`${group['status']}: ${runs} runs, ${turns} turns,`, tokenUsage);
  }
  const { runs } = await store.list({ sessionId });
  await Promise.all(runs.map(({ id }) => store.delete(id)));
  await store.close();
}

function startWorker(): ChildProcess {
  return fork(__filename, ['worker', sessionId], { execArgv: process.execArgv });
}

/** Takes one task after the other, and looks after what dead workers have left. */
async function work(store: PostgresRunStore): Promise<void> {
  process.once('disconnect', () => process.exit());
  for (;;) {
    await doAgainWhatWasLeft(store);
    const run = await claim(store);
    if (run === null) await setTimeout(100);
    else await run.execute(callModel).catch(() => undefined);
  }
}

/** Makes a pending run this process's own: of several that try at once, one gets it. */
async function claim(store: PostgresRunStore): Promise<Run | null> {
  const { runs } = await store.list({ sessionId, status: 'pending' });
  const run = runs[Math.floor(Math.random() * runs.length)];
  if (run === undefined) return null;
  const recorder = store.track(run, { leaseMs: LEASE_MS, onError: () => undefined });
  run.updateStatus('running');
  try {
    await recorder.flush();
    return run;
  } catch (error) {
    if (error instanceof RunError && error.code === 'conflict') return null;
    throw error;
  }
}

async function doAgainWhatWasLeft(store: PostgresRunStore): Promise<void> {
  for (const { id, input } of await store.recover({ staleAfterMs: LEASE_MS })) {
    console.log(`worker ${process.pid} found a run that a dead worker had left`);
    await store.save(new Run({ sessionId, input, metadata: { retryOf: id } }));
  }
}

/** Where the agent would do its work. */
async function callModel({ run, signal }: { run: Run; signal: AbortSignal }): Promise<object> {
  for (let turn = 1; turn <= 3; turn++) {
    await setTimeout(100, undefined, { signal });
    run.incrementTurn().updateTokenUsage({ input_tokens: 100 * turn, output_tokens: 20 });
    process.send?.('busy');
  }
  return { done: run.input?.['task'] };
}
