import type { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers';
import { setImmediate as nextTurn, setTimeout } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import type { PostgresClient, PostgresPool } from 'agent-run/store/postgres';
import { PostgresRunStore } from 'agent-run/store/postgres';
import type { Commit } from '../../../lib/store/backend';
import { Listener } from '../../../lib/store/postgres/listener';
import { writeNotifications } from '../../../lib/store/postgres/notification';
import type { Pool } from 'pg';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase, createPool } from '../../support/postgres';
import { until } from '../contract/test-database';
import { passingPool } from './passing-pool';

const LISTENERS =
  "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";

/** As through a pooler that shares connections between transactions: no notification arrives. */
function deafPool(connectionString: string): PostgresPool {
  const pool = createPool(connectionString);
  const connect = async (): Promise<PostgresClient> => {
    const client = await pool.connect();
    (client as EventEmitter).on('newListener', (event) => {
      if (event === 'notification') queueMicrotask(() => client.removeAllListeners('notification'));
    });
    return client;
  };
  return { ...passingPool(pool), connect };
}

describe('PostgresRunStore hears of other processes', () => {
  let database: TestDatabase;
  let service: PostgresRunStore;

  beforeAll(async () => {
    database = await createDatabase();
    service = new PostgresRunStore({ connectionString: database.url, listen: false });
  });

  afterAll(async () => {
    await service.close();
    await database.drop();
  });

  /** Records a running run, lets another process cancel it, and waits until this one's run has ended. */
  async function cancelElsewhere(store: RunStore): Promise<void> {
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    run.updateStatus('running');
    await recorder.flush();
    await service.cancel(run.id);
    while (!run.isTerminal) await setTimeout(5);
    expect(run.status).toBe('cancelled');
    await recorder.stop();
  }

  async function listeners(): Promise<number[]> {
    return (await database.query(LISTENERS)).map((row) => row['pid'] as number);
  }

  it('by LISTEN, on a connection that it gives back', async () => {
    const store = new PostgresRunStore({ connectionString: database.url });
    await cancelElsewhere(store);
    expect(await listeners()).toHaveLength(1);
    await store.close();
    while ((await listeners()).length > 0) await setTimeout(5);
  });

  it('listening to the errors of every connection that it borrows: one that breaks ends no process', async () => {
    const pool = createPool(database.url);
    const store = new PostgresRunStore({ pool });
    const listening: number[] = [];
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...given: unknown[]) => unknown;
      Object.assign(client, {
        query: (...given: unknown[]) => {
          setImmediate(() => listening.push(client.listenerCount('error')));
          return query(...given);
        },
      });
    });
    // Asked before whoever gets the connection can listen to it.
    pool.on('acquire', (client) => queueMicrotask(() => listening.push(client.listenerCount('error'))));
    await cancelElsewhere(store);
    await store.close();
    await pool.end();
    expect(Math.min(...listening)).toBeGreaterThan(0);
    expect(pool.listenerCount('acquire')).toBe(1);
  });

  it('again, after its connection was ended', async () => {
    const store = new PostgresRunStore({ connectionString: database.url });
    await cancelElsewhere(store);
    const [pid] = await listeners();
    await database.query('SELECT pg_terminate_backend($1)', [pid]);
    await cancelElsewhere(store);
    expect(await listeners()).not.toContain(pid);
    await store.close();
  });

  it.each<[string, () => PostgresPool]>([
    ['a pooler from which no notification arrives', () => deafPool(database.url)],
    ['a pool of one connection', () => createPool(database.url, { max: 1 })],
  ])('by looking, through %s', async (_, makePool) => {
    const pool = makePool();
    const store = new PostgresRunStore({ pool, pollMs: 20 });
    await cancelElsewhere(store);
    await store.close();
    // The pool is its maker's: still open.
    const client = await pool.connect();
    await expect(client.query('SELECT 1')).resolves.toBeDefined();
    client.release();
    await pool.end();
  });

  it('by looking, again and again, where it is told not to listen', async () => {
    const store = new PostgresRunStore({ connectionString: database.url, listen: false, pollMs: 20 });
    await cancelElsewhere(store);
    await cancelElsewhere(store);
    expect(await listeners()).toEqual([]);
    await store.close();
  });

  it('although others talk on its channel', async () => {
    const store = new PostgresRunStore({ connectionString: database.url });
    await cancelElsewhere(store);
    for (const payload of ['', 'hello', '{}', '[1]', '["x", "y"]', 'null']) {
      await database.query('SELECT pg_notify($1, $2)', ['agent_run_', payload]);
    }
    await cancelElsewhere(store);
    await store.close();
  });

  it('of a batch of more runs than a notification can name', async () => {
    const writer = new PostgresRunStore({ connectionString: database.url });
    const watcher = new PostgresRunStore({ connectionString: database.url });
    const runs = Array.from({ length: 400 }, () => new Run({ sessionId: 'many' }));
    const seen = new Set<string>();
    const watching = (async () => {
      for await (const { runId } of watcher.watch({ sessionId: 'many' })) {
        if (seen.add(runId).size === runs.length) return;
      }
    })();
    const recorders = runs.map((run) => writer.track(run));
    for (const run of runs) run.updateStatus('running');
    await Promise.all(recorders.map((recorder) => recorder.flush()));
    await watching;
    expect(seen.size).toBe(runs.length);
    await Promise.all([writer.close(), watcher.close()]);
  });
});

describe('Listener', () => {
  const POLL_MS = 100;
  let database: TestDatabase;
  let pool: Pool;
  let head: number;
  let looks: number;
  let isAway: boolean;
  let told: (Commit | null)[];
  let listener: Listener;

  const open = (listen: boolean): Listener =>
    new Listener(pool, {
      listen,
      pollMs: POLL_MS,
      channel: 'channel',
      head: () => {
        looks += 1;
        return isAway ? Promise.reject(new Error('away')) : Promise.resolve(head);
      },
    });
  const hear = (commit: Commit | null): void => void told.push(commit);
  /** Lets the time until the next look pass, and what it finds be told. */
  const pass = async (ms = POLL_MS): Promise<void> => {
    jest.advanceTimersByTime(ms);
    await nextTurn();
  };

  beforeAll(async () => {
    database = await createDatabase();
  });

  beforeEach(() => {
    pool = createPool(database.url, { idleTimeoutMillis: 0 });
    [head, looks, isAway, told] = [0, 0, false, []];
    listener = open(false);
    const doNotFake = [
      'Date',
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
    ] as const;
    jest.useFakeTimers({ doNotFake: [...doNotFake, 'clearImmediate', 'setInterval', 'clearInterval'] });
  });

  afterEach(async () => {
    jest.useRealTimers();
    listener.close();
    await pool.end();
  });

  afterAll(() => database.drop());

  it('looks every so often, and tells of an end of the journal that is another', async () => {
    listener.subscribe(hear);
    listener.start();
    listener.start();
    await pass(POLL_MS - 1);
    expect(looks).toBe(0);
    await pass(1);
    // Something may have been written before it began.
    expect([looks, told]).toEqual([1, [null]]);
    await pass();
    expect([looks, told]).toEqual([2, [null]]);
    head = 7;
    await pass();
    expect([looks, told]).toEqual([3, [null, null]]);
    await pass();
    expect([looks, told]).toEqual([4, [null, null]]);
  });

  it('looks again although the database was away', async () => {
    listener.subscribe(hear);
    listener.start();
    isAway = true;
    for (let time = 0; time < 3; time++) await pass();
    expect([looks, told]).toEqual([3, []]);
    isAway = false;
    await pass();
    expect([looks, told]).toEqual([4, [null]]);
  });

  it('begins when somebody wants to know, and ends with the last', async () => {
    listener.start();
    await pass();
    expect(looks).toBe(0);
    const leave = [listener.subscribe(hear), listener.subscribe(hear)];
    listener.start();
    await pass();
    expect([looks, told]).toEqual([1, [null, null]]);
    leave[0]!();
    leave[0]!();
    head = 1;
    await pass();
    expect([looks, told]).toEqual([2, [null, null, null]]);
    leave[1]!();
    await pass();
    expect(looks).toBe(2);
    listener.subscribe(hear);
    // Of somebody who has left before.
    leave[1]!();
    listener.start();
    await pass();
    expect(looks).toBe(3);
  });

  it('does not look again once it is closed, in the middle of a look either', async () => {
    listener.subscribe(hear);
    listener.start();
    await pass();
    jest.advanceTimersByTime(POLL_MS);
    head = 1;
    listener.close();
    await nextTurn();
    expect(jest.getTimerCount()).toBe(0);
    expect([looks, told]).toEqual([2, [null]]);
  });

  it('does not look where it hears, and looks until it hears again', async () => {
    let listening: EventEmitter | undefined;
    pool.once('connect', (client: EventEmitter) => {
      listening = client;
    });
    listener = open(true);
    listener.subscribe(hear);
    listener.start();
    await until(() => told.length === 1);
    await pass(10 * POLL_MS);
    expect([looks, told]).toEqual([0, [null]]);
    listening!.emit('end');
    jest.advanceTimersByTime(50);
    await until(() => told.length === 2);
    expect(looks).toBe(0);
    await pass(10 * POLL_MS);
    expect(looks).toBe(0);
  });

  it('looks for as long as it does not hear', async () => {
    // The only connection of a pool cannot listen.
    await pool.end();
    pool = createPool(database.url, { max: 1 });
    listener = open(true);
    listener.subscribe(hear);
    listener.start();
    for (let time = 1; time <= 3; time++) {
      await pass();
      expect(looks).toBe(time);
    }
  });

  it('tells of what others have written, and not of what its own store has', async () => {
    listener = open(true);
    listener.subscribe(hear);
    listener.start();
    await until(() => told.length === 1);
    const say = async (source: string, id: string): Promise<void> => {
      for (const payload of writeNotifications(source, [{ id, sessionId: 'session' }])) {
        await database.query('SELECT pg_notify($1, $2)', ['channel', payload]);
      }
    };
    await say(listener.source, 'mine');
    await say('other', 'theirs');
    await until(() => told.length > 1);
    expect(told).toEqual([null, { runIds: ['theirs'], sessionIds: ['session'] }]);
  });
});
