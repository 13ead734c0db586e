import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { WorkerProcess } from '../../support/worker-process';
import type { EmptyDatabase } from './databases';
import { databases, openStore } from './databases';
import { historyOf } from './journal-check';
import { PATIENCE_MS, times } from './scale';
import type { WorkerCommands } from './worker';

const RUNS_AT_ONCE = 50;

/** By how much the service is ahead of the executor, from round to round. */
const HEAD_STARTS_MS = [0, 2, 8, 30];

describe.each(databases)('two processes on $name', ({ create }) => {
  let database: EmptyDatabase;
  let workers: WorkerProcess<WorkerCommands>[];

  beforeAll(async () => {
    database = await create();
    workers = await WorkerProcess.startMany(2, join(__dirname, 'worker.ts'));
    await Promise.all(workers.map((worker) => worker.call('open', database.location)));
  }, PATIENCE_MS);

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await database.remove();
  });

  it(
    'cancel and complete the same runs: one of the two wins each, and row and journal agree',
    async () => {
      const [executor, service] = workers;
      const store = openStore(database.location);
      let cancelled = 0;
      let raced = 0;
      const rounds = times(4, 10_000 / RUNS_AT_ONCE);
      // On until each of the two has been first: without that these were no races.
      const isOneSided = (): boolean => cancelled === 0 || cancelled === raced;
      for (let round = 0; round < rounds || (isOneSided() && round < rounds * 10); round++) {
        const ids = await executor!.call('start', RUNS_AT_ONCE, `session-${round}`);
        raced += ids.length;
        const cancels = service!.call('cancel', ids);
        // One message completes them all; a cancel each takes longer to come through.
        await setTimeout(HEAD_STARTS_MS[round % HEAD_STARTS_MS.length]);
        const [completing, cancelling] = await Promise.all([executor!.call('complete', ids), cancels]);
        for (const [index, id] of ids.entries()) {
          const { run } = await historyOf(store, id);
          const isCancelled = run.status === 'cancelled';
          // Who executes the run may have heard of its end before it set the output.
          const lost = completing[index] === 'invalid_transition' ? 'invalid_transition' : 'conflict';
          expect([run.status, completing[index], cancelling[index]]).toEqual(
            isCancelled ? ['cancelled', lost, 'ok'] : ['completed', 'ok', 'invalid_transition'],
          );
          expect(run.output === null).toBe(isCancelled);
          if (isCancelled) cancelled += 1;
        }
      }
      expect(isOneSided()).toBe(false);
      await store.close();
    },
    PATIENCE_MS,
  );
});
