/**
 * A fleet and its database, which is away for longer than leases last. Here leases and outages last as
 * long as they do, so it is played on request (`npm run test:soak`); spec/store/outage.spec.ts plays the
 * same in virtual time.
 */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PostgresServer } from '../../support/postgres-server';
import { WorkerProcess } from '../../support/worker-process';
import { isSoak, PATIENCE_MS } from './scale';
import type { WorkerCommands } from './worker';

const WORKERS = 3;
const RUNS = 80;
const LEASE_MS = 3_000;
const OUTAGE_MS = 5_000;

interface Outage {
  readonly name: string;
  begin(server: PostgresServer): Promise<void>;
  end(server: PostgresServer): Promise<void>;
}

const OUTAGES: readonly Outage[] = [
  { name: 'stands still', begin: (server) => server.freeze(), end: (server) => server.thaw() },
  { name: 'is stopped', begin: (server) => server.stop('fast'), end: (server) => server.start() },
  { name: 'crashes', begin: (server) => server.stop('immediate'), end: (server) => server.start() },
];

(isSoak ? describe : describe.skip).each(OUTAGES)('a fleet whose PostgreSQL $name', ({ begin, end }) => {
  let server: PostgresServer;
  let workers: WorkerProcess<WorkerCommands>[];

  beforeAll(async () => {
    server = await PostgresServer.start();
    workers = await WorkerProcess.startMany(WORKERS, join(__dirname, 'worker.ts'));
    const location = { kind: 'postgres', url: server.url() } as const;
    await Promise.all(workers.map((worker) => worker.call('open', location)));
  }, PATIENCE_MS);

  afterAll(async () => {
    await server.thaw().catch(() => undefined);
    await Promise.all(workers.map((worker) => worker.kill()));
    await server.close();
  });

  it(
    'loses no healthy run to whoever recovers first, and finds the one process that has died',
    async () => {
      const started = await Promise.all(
        workers.map((worker) => worker.call('start', RUNS, 'session-1', { leaseMs: LEASE_MS })),
      );
      await begin(server);
      await setTimeout(OUTAGE_MS);
      const [dead, ...living] = workers;
      await dead!.kill();
      await end(server);
      const ended: string[] = [];
      const recoverAll = async (): Promise<void> => {
        for (const ids of await Promise.all(living.map((worker) => worker.call('recover')))) {
          ended.push(...ids);
        }
      };
      while (ended.length < RUNS) await recoverAll();
      await setTimeout(LEASE_MS);
      await recoverAll();
      expect(ended.sort()).toEqual([...started[0]!].sort());
      for (const [index, worker] of living.entries()) {
        const statuses = await Promise.all(started[index + 1]!.map((id) => worker.call('statusOf', id)));
        expect(new Set(statuses)).toEqual(new Set(['running']));
      }
    },
    PATIENCE_MS,
  );
});
