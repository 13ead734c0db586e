import { setTimeout } from 'node:timers/promises';
import { Run, RunError } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { Client } from 'pg';
import type { RunWrite } from '../../../lib/store/backend';
import type { PostgresBackend } from '../../../lib/store/postgres/backend';
import { openBackend } from '../../../lib/store/postgres/open';
import { firstWriteOf } from '../../support/first-write';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase, createPool } from '../../support/postgres';
import { TcpProxy } from '../../support/tcp-proxy';
import { until } from '../contract/test-database';

const RETRYABLE = { code: 'storage_error', retryable: true };

function insertOf(run: Run, write: Partial<RunWrite> = {}): RunWrite {
  return firstWriteOf(run, { entries: [], ...write });
}

/** What a call gives in the end: a machine with much else to do may need longer than a short deadline. */
async function inTheEnd<Result>(call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof RunError && error.retryable)) throw error;
    }
  }
}

function turnOf(run: Run, revision: number): RunWrite {
  return insertOf(run, { revision, nextRevision: revision + 1, columns: { turn_count: revision } });
}

/** The runs of a session, as a watch hears of them, as soon as it has heard of so many. */
async function seenRuns(store: RunStore, sessionId: string, count: number): Promise<Set<string>> {
  const seen = new Set<string>();
  for await (const { runId } of store.watch({ sessionId })) if (seen.add(runId).size === count) break;
  return seen;
}

describe('PostgresRunStore', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  const backends: PostgresBackend[] = [];

  const open = (options: Parameters<typeof openBackend>[0]): PostgresBackend => {
    const backend = openBackend(options);
    backends.push(backend);
    return backend;
  };
  const through = (callTimeoutMs = 300): PostgresBackend =>
    open({ connectionString: proxy.urlOf(database.url), callTimeoutMs });

  beforeAll(async () => {
    database = await createDatabase();
    proxy = await TcpProxy.open(database.url);
    await open({ connectionString: database.url }).head();
  });

  afterEach(async () => {
    await Promise.allSettled(backends.splice(0).map((backend) => backend.close()));
  });

  afterAll(async () => {
    proxy.close();
    await database.drop();
  });

  describe('with a deadline for every call', () => {
    it('gives up on a connection that has gone silent, closes it, and works on the next', async () => {
      const backend = through();
      await inTheEnd(() => backend.head());
      proxy.hold();
      await expect(backend.read('run_1')).rejects.toMatchObject(RETRYABLE);
      proxy.resume();
      await until(() => proxy.connections === 0);
      proxy.hold();
      await expect(backend.update('run_1', () => null)).rejects.toMatchObject(RETRYABLE);
      await expect(backend.apply([insertOf(new Run({ sessionId: 's' }))])).rejects.toThrow('within 300 ms');
      proxy.resume();
      expect(await inTheEnd(() => backend.read('run_1'))).toBeNull();
    });

    it('gives up on a locked table, and writes once it is free', async () => {
      const [backend, locker] = [through(), new Client({ connectionString: database.url })];
      await locker.connect();
      await locker.query('BEGIN; LOCK TABLE agent_run_runs');
      const run = new Run({ sessionId: 'session-1' });
      await expect(backend.apply([insertOf(run)])).rejects.toMatchObject(RETRYABLE);
      await locker.query('COMMIT');
      // The server may have gone on with what was given up: a repetition is told so by its outcome.
      const outcomes = await inTheEnd(() => backend.apply([insertOf(run)]));
      expect(outcomes).toEqual([expect.stringMatching(/applied|stale/)]);
      await until(async () => (await inTheEnd(() => backend.read(run.id))) !== null);
      await locker.end();
    });

    it('gives up on a pool that others use up, and gives back a connection that comes late', async () => {
      const pool = createPool(database.url, { max: 1 });
      const backend = open({ pool, callTimeoutMs: 100 });
      const taken = await pool.connect();
      await expect(backend.read('run_1')).rejects.toMatchObject(RETRYABLE);
      taken.release();
      await until(() => pool.idleCount === 1);
      expect(await inTheEnd(() => backend.read('run_1'))).toBeNull();
      await pool.end();
    });

    it('says that a server that is gone may come back', async () => {
      const backend = through();
      await inTheEnd(() => backend.head());
      proxy.hold();
      const reading = backend.read('run_1');
      proxy.drop();
      proxy.resume();
      await expect(reading).rejects.toMatchObject(RETRYABLE);
      expect(await inTheEnd(() => backend.read('run_1'))).toBeNull();
    });
  });

  describe('.update()', () => {
    it('comes to its end although others write the run all the time, from far away too', async () => {
      const [far, near] = [through(10_000), open({ connectionString: database.url })];
      const run = new Run({ sessionId: 'busy' });
      await near.apply([insertOf(run)]);
      const end = new AbortController();
      let revision = 1;
      const writing = (async () => {
        while (!end.signal.aborted) {
          const stored = await near.read(run.id);
          revision = stored!.revision;
          await near.apply([turnOf(run, revision)]);
        }
      })();
      await far.head();
      proxy.delayMs = 20;
      for (let time = 0; time < 5; time++) {
        const outcome = await far.update(run.id, (row) => turnOf(run, row!.revision));
        expect(outcome).toBe('applied');
      }
      end.abort();
      proxy.delayMs = 0;
      await writing;
    });

    it('writes nothing where it decides to, and throws what it throws', async () => {
      const backend = open({ connectionString: database.url });
      const run = new Run({ sessionId: 'session-1' });
      expect(await backend.update(run.id, () => null)).toBeNull();
      const error = new Error('no');
      const refusal = backend.update(run.id, () => {
        throw error;
      });
      await expect(refusal).rejects.toBe(error);
      expect(await backend.update(run.id, () => insertOf(run))).toBe('applied');
      expect(await backend.update(run.id, () => insertOf(run))).toBe('stale');
      expect((await backend.read(run.id))?.revision).toBe(1);
    });
  });

  describe('on few connections', () => {
    it.each([
      [2, 2],
      [3, 3],
      [3, 2],
      [2, '1'],
    ])('%s stores on a pool of %j all store, and hear of each other', async (count, max) => {
      const pool = createPool(database.url, { max: max as number });
      const stores = Array.from({ length: count }, () => new PostgresRunStore({ pool, pollMs: 20 }));
      const sessionId = `pool-${count}-${max}`;
      const watching = stores.map((store) => seenRuns(store, sessionId, count));
      const runs = stores.map(() => new Run({ sessionId }));
      const recorders = stores.map((store, index) => store.track(runs[index]!));
      for (const run of runs) run.incrementTurn();
      await Promise.all(recorders.map((recorder) => recorder.flush()));
      for (const runIds of await Promise.all(watching)) expect(runIds.size).toBe(count);
      await Promise.all(stores.map((store) => store.close()));
      await pool.end();
    });

    it('through a pooler in session mode that has one', async () => {
      const narrow = await TcpProxy.open(database.url);
      narrow.atMost = 1;
      // Longer than a test may take: what is stored was not tried twice.
      const connectionString = narrow.urlOf(database.url);
      const store = new PostgresRunStore({ connectionString, callTimeoutMs: 100_000 });
      const run = new Run({ sessionId: 'narrow' });
      const recorder = store.track(run.updateStatus('running'));
      await recorder.flush();
      run.incrementTurn();
      await recorder.flush();
      expect((await store.get(run.id))?.turnCount).toBe(1);
      await recorder.stop();
      await store.close();
      narrow.close();
    });
  });

  describe.each(['repeatable read', 'serializable'])('where the default isolation is %s', (isolation) => {
    let strict: TestDatabase;

    beforeAll(async () => {
      strict = await createDatabase();
      const name = new URL(strict.url).pathname.slice(1);
      await strict.query(`ALTER DATABASE ${name} SET default_transaction_isolation TO '${isolation}'`);
    });

    afterAll(() => strict.drop());

    it('lets one run into a session all the same', async () => {
      const stores = [1, 2].map(() => open({ connectionString: strict.url }));
      await stores[0]!.head();
      for (let round = 0; round < 20; round++) {
        const runs = stores.map(() => new Run({ sessionId: `session-${round}` }).updateStatus('running'));
        const outcomes = await Promise.all(
          stores.map((store, index) => store.apply([insertOf(runs[index]!, { exclusive: true })])),
        );
        expect(outcomes.flat().sort()).toEqual(['applied', 'busy']);
      }
    });
  });

  it('keeps the process alive when the server ends connections that it has lent', async () => {
    const backend = open({ connectionString: database.url });
    const sleeping = Promise.allSettled([backend.update('run_none', () => null)]);
    await database.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await sleeping;
    await setTimeout(50);
    expect(await inTheEnd(() => backend.read('run_none'))).toBeNull();
  });
});
