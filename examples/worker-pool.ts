/**
 * A pool of worker processes on pg-boss and one PostgreSQL. pg-boss decides when and where a task is done,
 * the manager that it is done once and is known: the id of the job is the id of the run. One worker is
 * killed in the middle of a task; pg-boss hands the job out again, and another worker does it.
 *
 *     DATABASE_URL=postgresql://user:password@127.0.0.1/database npx tsx examples/worker-pool.ts
 *
 * It makes its tables in that database (`agent_run_…`, and the schema `pgboss`), and removes its runs at
 * the end; the queue stays.
 */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from 'agent-run';
import { RunError } from 'agent-run';
import type { ManagedContext } from 'agent-run/manager';
import { RunManager } from 'agent-run/manager';
import { PostgresRunStore } from 'agent-run/store/postgres';
import PgBoss from 'pg-boss';

interface Task {
  task: string;
}

const TASKS = ['index the docs', 'triage issues', 'write notes', 'check links', 'sum up', 'translate'];
const WORKERS = 3;
const LEASE_MS = 1_500;
const QUEUE = 'agent-tasks';

const [role, sessionId = `pool-${randomUUID()}`] = process.argv.slice(2);
const connectionString = process.env['DATABASE_URL'] ?? '';

if (connectionString === '') {
  console.error('Set DATABASE_URL to a PostgreSQL database that this may make tables in.');
  process.exitCode = 1;
} else {
  const store = new PostgresRunStore({ connectionString });
  const boss = new PgBoss({ connectionString, supervise: role !== 'worker', maintenanceIntervalSeconds: 1 });
  boss.on('error', (error) => console.error(`pg-boss: ${error.message}`));
  void (role === 'worker' ? work : supervise)(store, boss);
}

/** Puts the tasks into the queue, starts the workers, kills one of them, and says how it all came out. */
async function supervise(store: PostgresRunStore, boss: PgBoss): Promise<void> {
  await boss.start();
  await boss.createQueue(QUEUE);
  // A job that is not done in two seconds, or fails, comes again.
  for (const task of TASKS) {
    await boss.send(QUEUE, { task }, { expireInSeconds: 2, retryLimit: 10, retryDelay: 1 });
  }
  const workers = Array.from({ length: WORKERS }, startWorker);
  const [victim] = workers;
  victim?.once('message', () => {
    console.log(`worker ${victim.pid} is in the middle of a task, and is killed`);
    victim.kill('SIGKILL');
  });
  for await (const { runId, type, data } of store.watch({ sessionId })) {
    if (type !== 'statusChanged') continue;
    const run = await store.get<Task>(runId);
    console.log(run?.input?.task, '->', data['to'], run?.error?.['code'] ?? '');
    const { runs } = await store.list({ sessionId, status: 'completed' });
    if (runs.length === TASKS.length) break;
  }
  for (const worker of workers) worker.kill('SIGTERM');
  for (const { group, runs, turns, tokenUsage } of await store.summarize({ groupBy: 'status', sessionId })) {
    console.log(`${String(group['status'])}: ${runs} runs, ${turns} turns,`, tokenUsage);
  }
  const { runs } = await store.list({ sessionId });
  await Promise.all(runs.map(({ id }) => store.delete(id)));
  await boss.stop({ graceful: false });
  await store.close();
}

function startWorker(): ChildProcess {
  return fork(__filename, ['worker', sessionId], { execArgv: process.execArgv });
}

/** Does one job after the other, and looks after what dead workers have left. */
async function work(store: PostgresRunStore, boss: PgBoss): Promise<void> {
  const runs = new RunManager({ store, recoverEveryMs: 500, track: { leaseMs: LEASE_MS } });
  runs.on('runRecovered', () => console.log(`worker ${process.pid} found a run that a dead worker had left`));
  process.once('disconnect', () => process.exit());
  process.once('SIGTERM', () => void stop(store, boss, runs));
  await boss.start();
  await boss.work<Task>(QUEUE, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
    if (job !== undefined) await doOnce(runs, job);
  });
}

/**
 * The run of a job that comes again is there already. Where it is done, so is the job; where a worker
 * executes it, the job comes again; where that worker has died, the next try is another run.
 */
async function doOnce(runs: RunManager, { id, data }: PgBoss.Job<Task>, attempt = 1): Promise<void> {
  try {
    await runs.execute({ sessionId, id: `${id}-${attempt}`, input: data }, callModel);
  } catch (error) {
    const status =
      error instanceof RunError && error.code === 'already_exists' ? error.details['status'] : '';
    if (status === 'failed') return doOnce(runs, { id, data } as PgBoss.Job<Task>, attempt + 1);
    if (status !== 'completed') throw error;
  }
}

/** Where the agent would do its work. */
async function callModel({ run, signal }: ManagedContext<Run<Task>>): Promise<object> {
  for (let turn = 1; turn <= 3; turn++) {
    await sleep(100, undefined, { signal });
    run.incrementTurn().updateTokenUsage({ input_tokens: 100 * turn, output_tokens: 20 });
    process.send?.('busy');
  }
  return { done: run.input?.task };
}

/** No more jobs, then no more runs, then the database. */
async function stop(store: PostgresRunStore, boss: PgBoss, runs: RunManager): Promise<void> {
  await boss.stop({ graceful: false });
  await runs.drain({ graceMs: 1_000 });
  await store.close();
  process.exit();
}
