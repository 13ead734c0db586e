import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { RunStore } from 'agent-run/store';
import { WorkerProcess } from '../../support/worker-process';
import type { EmptyDatabase } from './databases';
import { databases, openStore } from './databases';
import { PATIENCE_MS, times } from './scale';
import type { Seen, WorkerCommands } from './worker';

const WRITERS = 3;

describe.each(databases)('a watcher on $name', ({ create }) => {
  let database: EmptyDatabase;
  let store: RunStore;
  let writers: WorkerProcess<WorkerCommands>[];

  beforeAll(async () => {
    database = await create();
    store = openStore(database.location);
    writers = await WorkerProcess.startMany(WRITERS, join(__dirname, 'worker.ts'));
    await Promise.all(writers.map((writer) => writer.call('open', database.location)));
  }, PATIENCE_MS);

  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.kill()));
    await store.close();
    await database.remove();
  });

  it(
    'that is killed and comes again gets exactly what follows, in order, whoever writes meanwhile',
    async () => {
      const turns = times(100, 3_000);
      const ids = await Promise.all(
        writers.map(async (writer, index) => (await writer.call('start', 1, `session-${index}`))[0]!),
      );
      const writing = Promise.all(
        writers.map((writer, index) => writer.call('takeSomeTurns', ids[index]!, turns, 2)),
      );
      const total = WRITERS * (2 + 2 * turns);
      const seen: Seen[] = [];
      while (seen.length < total) {
        const watcher = await WorkerProcess.start<WorkerCommands>(join(__dirname, 'worker.ts'));
        await watcher.call('open', database.location);
        const watching = watcher.call('watch', seen.at(-1)?.position ?? 0, total).catch(() => undefined);
        // Killed while it reads, at about a third of what there is to come.
        const enough = Math.min(total - seen.length, 1 + Math.floor((Math.random() * total) / 1.5));
        while (watcher.notes.length < enough) await setTimeout(1);
        await watcher.kill();
        await watching;
        seen.push(...(watcher.notes as Seen[]));
      }
      expect(await writing).toEqual(ids.map(() => 'ok'));
      const stored = (await Promise.all(ids.map((id) => journalOf(id)))).flat();
      expect(seen).toEqual(stored.sort((left, right) => left.position - right.position));
    },
    PATIENCE_MS,
  );

  async function journalOf(id: string): Promise<Seen[]> {
    const entries: Seen[] = [];
    for (;;) {
      const page = await store.events(id, { afterSeq: entries.length });
      if (page.length === 0) return entries;
      entries.push(...page.map(({ position, runId, seq }) => ({ position, runId, seq })));
    }
  }
});
