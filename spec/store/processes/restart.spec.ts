import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { PostgresServer } from '../../support/postgres-server';
import { WorkerProcess } from '../../support/worker-process';
import { historyOf } from './journal-check';
import { PATIENCE_MS, times } from './scale';
import type { Seen, WorkerCommands } from './worker';

const WRITERS = 2;

describe('a PostgreSQL that is restarted under load', () => {
  let server: PostgresServer;
  let workers: WorkerProcess<WorkerCommands>[];

  beforeAll(async () => {
    server = await PostgresServer.start();
    workers = await WorkerProcess.startMany(WRITERS + 1, join(__dirname, 'worker.ts'));
    const location = { kind: 'postgres', url: server.url() } as const;
    await Promise.all(workers.map((worker) => worker.call('open', location)));
  }, PATIENCE_MS);

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await server.close();
  });

  it(
    'loses no change and no entry of a watch, whether it was shut down or crashed',
    async () => {
      const rounds = times(2, 20);
      const turns = rounds * 200;
      const [watcher, ...writers] = workers;
      const ids = await Promise.all(
        writers.map(async (writer) => (await writer.call('start', 1, 'session-1'))[0]!),
      );
      const total = WRITERS * (2 + 2 * turns);
      const watching = watcher!.call('watch', 0, total);
      const writing = Promise.all(
        writers.map((writer, index) => writer.call('takeSomeTurns', ids[index]!, turns, 2)),
      );
      for (let round = 0; round < rounds; round++) {
        await setTimeout(100 + Math.random() * 200);
        await server.stop(round % 2 === 0 ? 'fast' : 'immediate');
        await setTimeout(Math.random() * 200);
        await server.start();
      }
      expect(await writing).toEqual(ids.map(() => 'ok'));
      await watching;
      const store = new PostgresRunStore({ connectionString: server.url() });
      const histories = await Promise.all(ids.map((id) => historyOf(store, id)));
      for (const { run } of histories) expect(run.turnCount).toBe(turns);
      const stored = histories.flatMap(({ entries }) => entries.map(({ position }) => position));
      expect((watcher!.notes as Seen[]).map(({ position }) => position)).toEqual(
        stored.sort((left, right) => left - right),
      );
      await store.close();
    },
    PATIENCE_MS,
  );
});
