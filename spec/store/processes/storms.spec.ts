/** Much at once, on real databases: what is idle stays idle, and who waits does not try again and again. */
import { setTimeout } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import type { StoreBackend } from '../../../lib/store/backend';
import { openBackend as openPostgres } from '../../../lib/store/postgres/open';
import { openBackend as openSqlite } from '../../../lib/store/sqlite/open';
import type { CountedBackend } from '../../support/counted-backend';
import { counted, PlainStore } from '../../support/counted-backend';
import type { EmptyDatabase, Location } from './databases';
import { databases, openStore } from './databases';
import { PATIENCE_MS, times } from './scale';

/** Nothing is renewed while a test lasts. */
const LONG_LEASE_MS = 3_600_000;

function backendOf(location: Location): StoreBackend {
  if (location.kind === 'sqlite') return openSqlite({ path: location.path });
  return openPostgres({ connectionString: location.url });
}

describe.each(databases)('a storm on $name', ({ create }) => {
  let database: EmptyDatabase;
  let asked: CountedBackend;
  let store: RunStore;
  let other: RunStore;

  beforeEach(async () => {
    database = await create();
    asked = counted(backendOf(database.location));
    store = new PlainStore(asked.backend, { track: { leaseMs: LONG_LEASE_MS } });
    other = openStore(database.location, { track: { leaseMs: LONG_LEASE_MS } });
  });

  afterEach(async () => {
    await Promise.allSettled([store.close(), other.close()]);
    await database.remove();
  });

  async function startRuns(count: number, sessionId: string): Promise<Run[]> {
    const runs = Array.from({ length: count }, () => new Run({ sessionId }));
    await Promise.all(runs.map((run) => store.track(run.updateStatus('running')).flush()));
    return runs;
  }

  /** Another process writes one run again and again, and many at once. */
  async function othersWrite(): Promise<void> {
    const loud = new Run({ sessionId: 'loud' });
    const recorder = other.track(loud.updateStatus('running'));
    for (let turn = 0; turn < times(20, 200); turn++) {
      loud.incrementTurn();
      await recorder.flush();
      await setTimeout(5);
    }
    for (let batch = 0; batch < times(2, 10); batch++) {
      const many = Array.from({ length: 400 }, () => new Run({ sessionId: 'many' }));
      await Promise.all(many.map((run) => other.track(run).flush()));
    }
    loud.cancel();
    await recorder.flush();
  }

  it(
    'leaves idle live runs alone, however much others write',
    async () => {
      await startRuns(times(100, 2_000), 'idle');
      const before = asked.writes.length;
      await othersWrite();
      expect(asked.writes.length - before).toBe(0);
    },
    PATIENCE_MS,
  );

  it(
    'wakes none of many who watch something else',
    async () => {
      const runs = await startRuns(times(100, 2_000), 'watched');
      const watches = runs.map((run) => store.watch({ runId: run.id, afterSeq: 'end' }));
      const waiting = watches.map((watch) => watch.next());
      const [first, ...rest] = runs;
      first!.incrementTurn();
      expect((await waiting[0])?.value).toMatchObject({ runId: first!.id, type: 'turnIncremented' });
      const before = asked.calls.get('read') ?? 0;
      await othersWrite();
      expect((asked.calls.get('read') ?? 0) - before).toBe(0);
      rest[0]!.incrementTurn();
      expect((await waiting[1])?.value).toMatchObject({ runId: rest[0]!.id });
      await Promise.all(watches.map((watch) => watch.return(undefined)));
    },
    PATIENCE_MS,
  );

  it(
    'lets a herd into its session, one after the other, each with a try or two',
    async () => {
      const runs = Array.from({ length: times(40, 300) }, () => new Run({ sessionId: 'herd' }));
      let [inside, most] = [0, 0];
      const executed = runs.map((run) => {
        store.track(run, { whenBusy: 'queue' });
        return run.execute(async () => {
          inside += 1;
          most = Math.max(most, inside);
          await setTimeout(1);
          inside -= 1;
          return { done: true };
        });
      });
      await Promise.all(executed);
      const tries = asked.writes.filter(({ exclusive }) => exclusive).length;
      expect(most).toBe(1);
      expect(tries).toBeLessThanOrEqual(2 * runs.length);
    },
    PATIENCE_MS,
  );
});
