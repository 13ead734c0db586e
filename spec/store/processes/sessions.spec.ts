import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { RunStatus } from 'agent-run';
import type { JournalEntry, TrackOptions } from 'agent-run/store';
import { WorkerProcess } from '../../support/worker-process';
import type { EmptyDatabase } from './databases';
import { databases, openStore } from './databases';
import { PATIENCE_MS, times } from './scale';
import type { Outcome, WorkerCommands } from './worker';

const PROCESSES = 20;

let workers: WorkerProcess<WorkerCommands>[];

beforeAll(async () => {
  workers = await WorkerProcess.startMany(PROCESSES, join(__dirname, 'worker.ts'));
}, PATIENCE_MS);

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
});

describe.each(databases)('twenty processes on $name', ({ create }) => {
  let database: EmptyDatabase;

  beforeAll(async () => {
    database = await create();
  });

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.call('close')));
    await database.remove();
  });

  /** All of them execute a run in one session, as nearly at the same moment as can be. */
  function executeAll(sessionId: string, options: TrackOptions, forMs: number | null): Promise<Outcome>[] {
    return workers.map((worker) => worker.call('execute', sessionId, options, forMs));
  }

  /** Executes in all, and lets the one that goes on complete once all others have ended. @returns how they did */
  async function endedButOne(sessionId: string, options: TrackOptions): Promise<Outcome[]> {
    const ended: Outcome[] = [];
    const attempts = executeAll(sessionId, options, null).map(async (attempt) => {
      ended.push(await attempt.catch(String));
    });
    while (ended.length < PROCESSES - 1) await setTimeout(10);
    const others = ended.slice(0, PROCESSES - 1);
    await Promise.all(workers.map((worker) => worker.call('finish', sessionId)));
    await Promise.all(attempts);
    expect(ended.at(-1)).toBe('ok');
    return others;
  }

  async function statusesIn(sessionId: string): Promise<RunStatus[]> {
    const store = openStore(database.location);
    const { runs } = await store.list({ sessionId, limit: 100 });
    await store.close();
    return runs.map(({ status }) => status).sort();
  }

  /** The entries of the runs that were let in, in the order of their commits. */
  async function journalOf(sessionId: string): Promise<JournalEntry[]> {
    const store = openStore(database.location);
    const { runs } = await store.list({ sessionId, limit: 100 });
    const admitted = runs.filter(({ error }) => error?.['code'] !== 'session_busy');
    const journals = await Promise.all(admitted.map(({ id }) => store.events(id)));
    await store.close();
    return journals.flat().sort((left, right) => left.position - right.position);
  }

  /** How many runs of the session were running at once, at most. */
  async function mostAtOnce(sessionId: string): Promise<number> {
    let running = 0;
    let most = 0;
    for (const { type, data } of await journalOf(sessionId)) {
      if (type !== 'statusChanged') continue;
      if (data['to'] === 'running') running += 1;
      else if (data['from'] === 'running') running -= 1;
      most = Math.max(most, running);
    }
    return most;
  }

  it(
    'start at once on an empty database: each makes or finds its tables',
    async () => {
      const opened = workers.map((worker) => worker.call('open', database.location));
      await expect(Promise.all(opened)).resolves.toHaveLength(PROCESSES);
    },
    PATIENCE_MS,
  );

  it(
    'reject a second run in a session',
    async () => {
      for (let round = 0; round < times(1, 20); round++) {
        const others = await endedButOne(`reject-${round}`, { whenBusy: 'reject' });
        expect(others).toEqual(Array<Outcome>(PROCESSES - 1).fill('session_busy'));
        expect(await mostAtOnce(`reject-${round}`)).toBe(1);
      }
    },
    PATIENCE_MS,
  );

  it(
    'queue: every run gets its turn, one at a time',
    async () => {
      for (let round = 0; round < times(1, 10); round++) {
        const outcomes = await Promise.all(executeAll(`queue-${round}`, { whenBusy: 'queue' }, 5));
        expect(outcomes).toEqual(outcomes.map(() => 'ok'));
        expect(await mostAtOnce(`queue-${round}`)).toBe(1);
      }
    },
    PATIENCE_MS,
  );

  it(
    'cancel the run before: one at a time, and the last one stays',
    async () => {
      for (let round = 0; round < times(1, 10); round++) {
        const options = { whenBusy: 'cancel-previous', leaseMs: 3_000 } as const;
        const others = await endedButOne(`cancel-${round}`, options);
        expect(others).toEqual(Array<Outcome>(PROCESSES - 1).fill('cancelled'));
        expect(await statusesIn(`cancel-${round}`)).toEqual([
          ...Array<RunStatus>(PROCESSES - 1).fill('cancelled'),
          'completed',
        ]);
        expect(await mostAtOnce(`cancel-${round}`)).toBe(1);
      }
    },
    PATIENCE_MS,
  );
});
