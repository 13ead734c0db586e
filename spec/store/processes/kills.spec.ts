import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { RunManager } from 'agent-run/manager';
import type { RunStore } from 'agent-run/store';
import { RunHistory } from '../../../lib/http/page/model/history';
import { entryAnswer } from '../../../lib/http/wire';
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
    'is killed in its steps: what flush answered for is there, and which of them were open',
    async () => {
      const owner = await startWorker();
      const id = await owner.call('enterSteps', 'session-steps', { leaseMs: LEASE_MS });
      await owner.kill();
      const before = await historyOf(store, id);
      expect(before.entries.map(({ type }) => type)).toEqual([
        'created',
        'statusChanged',
        'stepStarted',
        'stepEnded',
        'stepStarted',
        'stepStarted',
        'noted',
      ]);
      expect(before.entries[3]?.data).toMatchObject({
        step: { index: 1, status: 'completed', output: { found: 3 } },
      });
      await recovered(id);
      const { run, entries } = await historyOf(store, id);
      expect(run.error?.['code']).toBe('orphaned');
      expect(entries.slice(0, -1)).toEqual(before.entries);
      const history = new RunHistory();
      for (const entry of entries) history.add(entryAnswer(entry));
      expect([...history.steps.values()]).toMatchObject([
        { index: 1, parent: null, name: 'done', status: 'completed' },
        { index: 2, parent: null, name: 'outer', status: 'unknown' },
        { index: 3, parent: 2, name: 'inner', status: 'unknown', input: { page: 1 } },
      ]);
    },
    PATIENCE_MS,
  );

  it(
    'is killed between the answer to a run that waits and its resumption: nothing is lost',
    async () => {
      const asker = await startWorker();
      const id = await asker.call('park', 'session-wait');
      await asker.kill();
      const answerer = await startWorker();
      expect(await answerer.call('answer', id, { approved: true })).toBe('ok');
      await answerer.kill();
      expect(await other.call('recover')).not.toContain(id);
      const { runs: waiting } = await store.list({ awaiting: 'resume' });
      expect(waiting.map((run) => run.id)).toContain(id);
      const runs = new RunManager({ store, recoverEveryMs: 0 });
      await runs.resume(id, async ({ run, resumed }) => {
        run.incrementTurn().updateTokenUsage({ input_tokens: 5 });
        await run.step('send', () => undefined);
        return { resumed };
      });
      await runs.close();
      const { run, entries } = await historyOf(store, id);
      expect(run.toJSON()).toMatchObject({
        status: 'completed',
        output: { resumed: { reason: 'approval', state: { at: 1 }, answer: { approved: true } } },
        turn_count: 2,
        token_usage: { input_tokens: 15 },
      });
      const steps = entries.filter(({ type }) => type === 'stepStarted').map(({ data }) => data['step']);
      expect(steps).toMatchObject([
        { index: 1, name: 'ask' },
        { index: 2, name: 'send' },
      ]);
    },
    PATIENCE_MS,
  );

  it(
    'is killed while it answers a run that waits: the answer is whole, or it is not there',
    async () => {
      for (let round = 0; round < times(1, 25); round++) {
        const answerer = await startWorker();
        const id = await answerer.call('park', `session-answer-${round}`);
        const answering = answerer.call('answer', id, { by: 'killed' }).catch(() => 'gone');
        await setTimeout(Math.random() * 20);
        await answerer.kill();
        const outcome = await answering;
        const again = await other.call('answer', id, { by: 'other' });
        expect(again).toBe(outcome === 'ok' ? 'invalid_operation' : again);
        const { run, entries } = await historyOf(store, id);
        expect(run.awaiting?.answer).toEqual({ by: again === 'ok' ? 'other' : 'killed' });
        expect(entries.filter(({ type }) => type === 'answered')).toHaveLength(1);
      }
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
