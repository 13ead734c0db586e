import type { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { PostgresClient, PostgresPool } from 'agent-run/store/postgres';
import type { Pool, PoolConfig } from 'pg';
import { PostgresConnection } from '../../../lib/store/postgres/connection';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase, createPool } from '../../support/postgres';
import { until } from '../contract/test-database';
import { passingPool } from './passing-pool';

/** Time passes where the test lets it: the server and its driver go on. */
const REAL = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
] as const;

const ONE = { text: 'SELECT $1::integer AS one', values: [1] };
const SLEEP = { text: 'SELECT pg_sleep(1000)', values: [] };

describe('PostgresConnection', () => {
  let database: TestDatabase;
  let pool: Pool;
  let starved: number;
  /** What was sent, in order. */
  let sent: string[];
  const pools: Pool[] = [];

  const openPool = (settings: PoolConfig = {}): Pool => {
    const opened = createPool(database.url, { idleTimeoutMillis: 0, ...settings });
    pools.push(opened);
    opened.on('connect', (client) => {
      const query = client.query.bind(client) as (...given: unknown[]) => unknown;
      Object.assign(client, {
        query: (text: string, ...rest: unknown[]) => {
          sent.push(text);
          return query(text, ...rest);
        },
      });
    });
    return opened;
  };
  const connect = (to: PostgresPool, callTimeoutMs = 10_000): PostgresConnection =>
    new PostgresConnection(to, { callTimeoutMs, onStarved: () => (starved += 1) });
  beforeAll(async () => {
    database = await createDatabase();
  });

  beforeEach(() => {
    starved = 0;
    sent = [];
    pool = openPool();
    jest.useFakeTimers({ doNotFake: [...REAL] });
  });

  afterEach(async () => {
    jest.useRealTimers();
    await Promise.all(pools.splice(0).map((opened) => opened.end()));
  });

  afterAll(() => database.drop());

  it('gives a connection back as it was, and uses it again', async () => {
    const connection = connect(pool);
    const clients: PostgresClient[] = [];
    for (let time = 0; time < 3; time++) {
      await connection.attempt('read', (client) => {
        clients.push(client);
        return client.query('SELECT 1');
      });
    }
    expect(new Set(clients).size).toBe(1);
    // The pool's own, while nobody has it.
    expect((clients[0] as unknown as EventEmitter).listenerCount('error')).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
    expect(await connection.query('read', ONE)).toEqual([{ one: 1 }]);
  });

  it('closes a connection on which the work fails, and says what it was', async () => {
    const failing = connect(pool).query('read a run', { text: 'SELECT nothing', values: [] });
    await expect(failing).rejects.toMatchObject({
      code: 'storage_error',
      retryable: false,
      message: expect.stringMatching(/^The store could not read a run: .*nothing/) as unknown,
    });
    expect(pool.totalCount).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('gives an answer up at the deadline, and closes the connection', async () => {
    const sleeping = connect(pool, 700).query('read a run', SLEEP);
    const outcome = sleeping.catch((error: unknown) => error);
    await until(() => sent.length === 1);
    jest.advanceTimersByTime(699);
    await setImmediate();
    expect(pool.totalCount).toBe(1);
    jest.advanceTimersByTime(1);
    expect(await outcome).toMatchObject({
      code: 'storage_error',
      retryable: true,
      details: { timeoutMs: 700 },
      message: 'The store could not read a run: no answer from the database within 700 ms',
    });
    expect(pool.totalCount).toBe(0);
  });

  it('counts the wait for a connection into the deadline', async () => {
    const narrow = openPool({ max: 1 });
    const taken = await narrow.connect();
    const outcome = connect(narrow, 700)
      .query('read a run', SLEEP)
      .catch((error: unknown) => error);
    jest.advanceTimersByTime(500);
    taken.release();
    await until(() => sent.length === 1);
    jest.advanceTimersByTime(199);
    await setImmediate();
    expect(narrow.totalCount).toBe(1);
    jest.advanceTimersByTime(1);
    expect(await outcome).toMatchObject({ details: { timeoutMs: 700 } });
  });

  it('gives up at the deadline where no connection comes, and gives back the one that comes late', async () => {
    const narrow = openPool({ max: 1 });
    const taken = await narrow.connect();
    const outcome = connect(narrow, 700)
      .query('read a run', ONE)
      .catch((error: unknown) => error);
    jest.advanceTimersByTime(700);
    expect(await outcome).toMatchObject({ retryable: true, details: { timeoutMs: 700 } });
    expect(jest.getTimerCount()).toBe(0);
    taken.release();
    await until(() => narrow.idleCount === 1);
    expect(sent).toEqual([]);
  });

  it.each([
    [10_000, 1_000],
    [700, 350],
  ])('with a deadline of %i ms, asks others to make room every %i ms', async (callTimeoutMs, ms) => {
    const narrow = openPool({ max: 1 });
    const taken = await narrow.connect();
    const reading = connect(narrow, callTimeoutMs).query('read', ONE);
    jest.advanceTimersByTime(ms - 1);
    expect(starved).toBe(0);
    jest.advanceTimersByTime(1);
    expect(starved).toBe(1);
    if (callTimeoutMs > 3 * ms) {
      jest.advanceTimersByTime(2 * ms);
      expect(starved).toBe(3);
    }
    taken.release();
    expect(await reading).toEqual([{ one: 1 }]);
    const before = starved;
    jest.advanceTimersByTime(10 * ms);
    expect(starved).toBe(before);
  });

  it('asks nobody to make room where a connection comes in time', async () => {
    await connect(pool).query('read', ONE);
    jest.advanceTimersByTime(100_000);
    expect(starved).toBe(0);
  });

  it('takes a connection that has become idle where the new one does not come', async () => {
    let letThrough: (() => void) | undefined;
    let asked = 0;
    const slow: PostgresPool = {
      ...passingPool(pool),
      get idleCount() {
        return pool.idleCount;
      },
      connect: async () => {
        if (++asked === 1) {
          await new Promise<void>((resolve) => {
            letThrough = resolve;
          });
        }
        return pool.connect();
      },
    };
    const reading = connect(slow).query('read', ONE);
    jest.advanceTimersByTime(1_000);
    // There is none.
    expect(asked).toBe(1);
    (await pool.connect()).release();
    jest.advanceTimersByTime(1_000);
    expect(await reading).toEqual([{ one: 1 }]);
    expect(asked).toBe(2);
    letThrough?.();
    await until(() => pool.idleCount === pool.totalCount);
  });

  it('says what a pool throws at once', async () => {
    const broken: PostgresPool = {
      ...passingPool(pool),
      connect: () => {
        throw Object.assign(new Error('no'), { code: '53300' });
      },
    };
    await expect(connect(broken).query('read', ONE)).rejects.toMatchObject({
      code: 'storage_error',
      retryable: true,
    });
    expect(jest.getTimerCount()).toBe(0);
  });

  describe('on a connection that has not answered yet', () => {
    /** A statement that waits until it is let go on, on a new connection beside idle ones. */
    const waiting = async (connection: PostgresConnection): Promise<{ end: () => Promise<unknown> }> => {
      let finish!: () => void;
      let hasBegun = false;
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const work = connection.attempt('wait', async () => {
        hasBegun = true;
        await finished;
      });
      await until(() => hasBegun);
      return {
        end: () => {
          finish();
          return work;
        },
      };
    };
    const idle = async (count: number): Promise<void> => {
      const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()));
      for (const client of clients) client.release();
    };

    it('closes one that is idle every second, until there is none', async () => {
      const connection = connect(pool);
      const work = await waiting(connection);
      await idle(2);
      jest.advanceTimersByTime(999);
      await setImmediate();
      expect(pool.totalCount).toBe(3);
      for (const left of [2, 1, 1]) {
        jest.advanceTimersByTime(1_000);
        await setImmediate();
        expect(pool.totalCount).toBe(left);
      }
      await work.end();
      await idle(2);
      jest.advanceTimersByTime(100_000);
      await setImmediate();
      expect(pool.totalCount).toBe(2);
    });

    it('closes none once it has answered', async () => {
      const connection = connect(pool);
      await connection.query('read', ONE);
      const work = await waiting(connection);
      await idle(2);
      jest.advanceTimersByTime(5_000);
      await setImmediate();
      expect(pool.totalCount).toBe(3);
      await work.end();
    });

    it('needs no pool that counts what is idle', async () => {
      const work = await waiting(connect(passingPool(pool)));
      await idle(1);
      jest.advanceTimersByTime(5_000);
      await setImmediate();
      expect(pool.totalCount).toBe(2);
      await work.end();
    });
  });

  describe('.transaction()', () => {
    it('commits what it has done', async () => {
      await database.query('CREATE TABLE kept (id text)');
      const result = await connect(pool).transaction('write', async (client) => {
        await client.query("INSERT INTO kept VALUES ('a')");
        return 'done';
      });
      expect(result).toBe('done');
      expect(sent.at(-1)).toBe('COMMIT');
      expect(await database.query('SELECT id FROM kept')).toEqual([{ id: 'a' }]);
    });

    it('undoes what it has done where it throws, and closes its connection', async () => {
      await database.query('CREATE TABLE undone (id text)');
      const error = new Error('no');
      const work = connect(pool).transaction('write', async (client) => {
        await client.query("INSERT INTO undone VALUES ('a')");
        throw error;
      });
      await expect(work).rejects.toMatchObject({ cause: error });
      expect(pool.totalCount).toBe(0);
      await until(
        async () =>
          (await database.query("SELECT FROM pg_locks WHERE relation = 'undone'::regclass")).length === 0,
      );
      expect(await database.query('SELECT id FROM undone')).toEqual([]);
    });
  });

  describe('.write()', () => {
    /** As the function that applies batches refuses an isolation level. */
    const REFUSING = `DO $$ BEGIN
      IF current_setting('transaction_isolation') <> 'read committed' THEN RAISE EXCEPTION USING ERRCODE = 'AR001';
      END IF; END $$`;

    it('sends one statement', async () => {
      expect(await connect(pool).write('write', ONE)).toEqual([{ one: 1 }]);
      expect(sent).toEqual([ONE.text]);
    });

    it('asks for the isolation that it needs once the server has another one, and goes on asking', async () => {
      const strict = openPool({ options: '-c default_transaction_isolation=serializable' });
      const connection = connect(strict);
      const statement = { text: REFUSING, values: [] };
      await connection.write('write', statement);
      const asking = ['BEGIN ISOLATION LEVEL READ COMMITTED', REFUSING, 'COMMIT'];
      expect(sent).toEqual([REFUSING, ...asking]);
      await connection.write('write', statement);
      expect(sent).toEqual([REFUSING, ...asking, ...asking]);
    });

    it('throws what else the server refuses', async () => {
      const connection = connect(pool);
      const statement = { text: 'SELECT nothing', values: [] };
      await expect(connection.write('write', statement)).rejects.toMatchObject({ code: 'storage_error' });
      await expect(connection.write('write', statement)).rejects.toMatchObject({ code: 'storage_error' });
      expect(sent).toEqual([statement.text, statement.text]);
    });
  });
});
