import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { RunStore } from 'agent-run/store';
import { WorkerProcess } from '../../support/worker-process';
import type { EmptyDatabase } from './databases';
import { databases, openStore } from './databases';
import { historyOf } from './journal-check';
import { PATIENCE_MS, times } from './scale';
import type { WorkerCommands } from './worker';

const LEASE_MS = 400;

interface Progress {
  readonly id: string;
  readonly turns: number;
}

describe.each(databases)('a process on $name', ({ create }) => {
  let database: EmptyDatabase;
  let store: RunStore;
  let other: WorkerProcess<WorkerCommands>;
  const workers: WorkerProcess<WorkerCommands>[] = [];

  async function startWorker(): Promise<WorkerProcess<WorkerCommands>> {
    const worker = await WorkerProcess.start<WorkerCommands>(join(__dirname, 'worker.ts'));
    workers.push(worker);
    await worker.call('open', database.location);
    return worker;
  }

  /** Waits until a run's lease has run out and somebody could end it. */
  async function recovered(id: string): Promise<void> {
    while (!(await other.call('recover')).includes(id)) await setTimeout(50);
  }

  /** One of many: a process is killed while it takes turns. */
  async function killAtRandom(): Promise<void> {
    const worker = await startWorker();
    const working = worker.call('takeTurns', 'session-kill').catch(() => undefined);
    while (worker.notes.length < 2) await setTimeout(1);
    await setTimeout(Math.random() * 200);
    await worker.kill();
    await working;
    const { id, turns } = worker.notes.at(-1) as Progress;
    const { run, entries } = await historyOf(store, id);
    expect(turns).toBeGreaterThan(0);
    expect(run.turnCount).toBeGreaterThanOrEqual(turns);
    expect(run.status).toBe('running');
    expect(entries.length).toBeGreaterThanOrEqual(1 + 2 * turns);
  }

  beforeAll(async () => {
    database = await create();
    store = openStore(database.location);
    other = await startWorker();
  }, PATIENCE_MS);

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await store.close();
    await database.remove();
  });

  it(
    'is killed at any moment: what flush answered for is there, and the journal has no gap',
    async () => {
      for (let round = 0; round < times(1, 25); round++) {
        await Promise.all(Array.from({ length: 4 }, killAtRandom));
      }
    },
    PATIENCE_MS,
  );

  it(
    'is killed: another one ends its run as orphaned, with its usage',
    async () => {
      const owner = await startWorker();
      const [id] = await owner.call('start', 1, 'session-orphan', { leaseMs: LEASE_MS });
      await owner.call('takeSomeTurns', id!, 3, 0);
      expect(await other.call('recover')).not.toContain(id);
      await owner.kill();
      await recovered(id!);
      const { run } = await historyOf(store, id!);
      expect(run.status).toBe('failed');
      expect(run.error?.['code']).toBe('orphaned');
      expect(run.turnCount).toBe(3);
      expect(run.tokenUsage).toEqual({ input_tokens: 30, output_tokens: 3 });
    },
    PATIENCE_MS,
  );

  it(
    'is stopped for longer than its lease: when it wakes, it is refused and overwrites nothing',
    async () => {
      const owner = await startWorker();
      const [id] = await owner.call('start', 1, 'session-zombie', { leaseMs: LEASE_MS });
      await owner.call('takeSomeTurns', id!, 1, 0);
      owner.signal('SIGSTOP');
      await recovered(id!);
      const { entries } = await historyOf(store, id!);
      owner.signal('SIGCONT');
      const completing = owner.call('complete', [id!]);
      await expect(completing).resolves.toEqual([expect.stringMatching(/^(lease_lost|invalid_transition)$/)]);
      expect(await owner.call('flush', id!)).toBe('lease_lost');
      const after = await historyOf(store, id!);
      expect(after.entries).toEqual(entries);
      expect(after.run.status).toBe('failed');
      expect(after.run.error?.['code']).toBe('orphaned');
      expect(after.run.output).toBeNull();
    },
    PATIENCE_MS,
  );

  it(
    'is stopped for a moment within its lease: when it wakes, it goes on',
    async () => {
      const owner = await startWorker();
      const [id] = await owner.call('start', 1, 'session-pause', { leaseMs: 60_000 });
      owner.signal('SIGSTOP');
      await setTimeout(LEASE_MS);
      expect(await other.call('recover')).not.toContain(id);
      owner.signal('SIGCONT');
      expect(await owner.call('complete', [id!])).toEqual(['ok']);
      expect((await historyOf(store, id!)).run.status).toBe('completed');
    },
    PATIENCE_MS,
  );
});
