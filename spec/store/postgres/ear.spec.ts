import type { EventEmitter } from 'node:events';
import type { PostgresClient, PostgresPool } from 'agent-run/store/postgres';
import type { Pool } from 'pg';
import type { Hearer } from '../../../lib/store/postgres/ear';
import { Ear } from '../../../lib/store/postgres/ear';
import type { TestDatabase } from '../../support/postgres';
import { createDatabase, createPool } from '../../support/postgres';
import { TcpProxy } from '../../support/tcp-proxy';
import { until } from '../contract/test-database';

/** How long a notification to oneself may take. */
const PROBE_MS = 2_000;
const MINUTE_MS = 60_000;

/** Only `setTimeout` waits until the test lets time pass: the server and its driver go on. */
const REAL = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
] as const;

/** Keeps what it is told. */
class Heard implements Hearer {
  readonly payloads: string[] = [];
  readonly changes: boolean[] = [];

  hear(payload: string): void {
    this.payloads.push(payload);
  }

  hearsChanged(hears: boolean): void {
    this.changes.push(hears);
  }

  get hears(): boolean {
    return this.changes.at(-1) ?? false;
  }
}

/** A pool that can be watched, and get in the way. */
class WatchedPool implements PostgresPool {
  /** How often a connection was asked for. */
  asked = 0;
  /** How many of these were refused. */
  refused = 0;
  /** The connections that were lent, each time. */
  readonly lent: PostgresClient[] = [];
  /** Comes before a connection is lent. */
  onLend: (client: PostgresClient, time: number) => Promise<void> | void = () => undefined;
  refuses = (time: number): boolean => time < 1;
  pool: Pool;

  constructor(pool: Pool) {
    this.pool = pool;
  }

  async connect(): Promise<PostgresClient> {
    const time = ++this.asked;
    try {
      if (this.refuses(time)) throw new Error('no more connections');
      const client = await this.pool.connect();
      await this.onLend(client, time);
      this.lent.push(client);
      return client;
    } catch (error) {
      this.refused++;
      throw error;
    }
  }

  on(event: 'error', listener: (error: Error) => void): unknown {
    return this.pool.on(event, listener);
  }

  off(event: 'error', listener: (error: Error) => void): unknown {
    return this.pool.off(event, listener);
  }

  end(): Promise<void> {
    return this.pool.end();
  }
}

/** Settles when the function is called. */
function gate(): [Promise<void>, () => void] {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [opened, open];
}

function emit(client: PostgresClient, event: string, ...values: unknown[]): void {
  (client as unknown as EventEmitter).emit(event, ...values);
}

function passing(pool: WatchedPool): PostgresPool {
  return {
    connect: () => pool.connect(),
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
    end: () => pool.end(),
  };
}

/** No notification arrives, as through a pooler that shares connections between transactions. */
function deafen(client: PostgresClient): void {
  (client as unknown as EventEmitter).on('newListener', (event) => {
    if (event === 'notification') {
      queueMicrotask(() => (client as unknown as EventEmitter).removeAllListeners('notification'));
    }
  });
}

describe('Ear', () => {
  let database: TestDatabase;
  let nowhere: Pool;
  let watched: WatchedPool;
  let ear: Ear;
  const pools: Pool[] = [];

  const open = (options: Parameters<typeof createPool>[1] = {}, url = database.url): WatchedPool => {
    const pool = createPool(url, options);
    pools.push(pool);
    return new WatchedPool(pool);
  };
  const notify = (channel: string, payload: string): Promise<unknown> =>
    database.query('SELECT pg_notify($1, $2)', [channel, payload]);
  /** Somebody who hears already. */
  const hearing = async (channel = 'one'): Promise<Heard> => {
    const heard = new Heard();
    ear.listen(channel, heard);
    await until(() => heard.hears);
    return heard;
  };
  /** Lets so much time pass, and sees that something comes with the last millisecond of it. */
  const expectAskedAfter = (ms: number, asked: number): void => {
    jest.advanceTimersByTime(ms - 1);
    expect(watched.asked).toBe(asked - 1);
    jest.advanceTimersByTime(1);
    expect(watched.asked).toBe(asked);
  };

  beforeAll(async () => {
    database = await createDatabase();
    const gone = await TcpProxy.open(database.url);
    gone.close();
    nowhere = createPool(gone.urlOf(database.url));
  });

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: [...REAL] });
    // Nor does the pool close what nobody uses.
    watched = open({ idleTimeoutMillis: 0 });
    ear = Ear.of(watched);
  });

  afterEach(async () => {
    jest.useRealTimers();
    // Whoever still listens would keep a connection, and the pool waits for it.
    for (const client of watched.lent) emit(client, 'end');
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });

  afterAll(async () => {
    await nowhere.end();
    await database.drop();
  });

  it('is one for a pool', () => {
    expect(Ear.of(watched)).toBe(ear);
    expect(Ear.of(open())).not.toBe(ear);
  });

  it('tells of what is said on a channel those who listen to it, and nobody else', async () => {
    const [one, other] = [await hearing('one'), await hearing('other')];
    await notify('nobody', 'x');
    await notify('one', 'a');
    await notify('other', 'b');
    await until(() => other.payloads.length > 0);
    expect([one.payloads, other.payloads]).toEqual([['a'], ['b']]);
    expect([one.changes, other.changes]).toEqual([[true], [true]]);
  });

  it('listens to every channel that is asked for before it has a connection', async () => {
    const [one, other] = [new Heard(), new Heard()];
    ear.listen('one', one);
    ear.listen('other', other);
    await until(() => one.hears && other.hears);
    await notify('one', 'a');
    await notify('other', 'b');
    await until(() => one.payloads.length + other.payloads.length === 2);
    expect(watched.asked).toBe(2);
  });

  it('says at once that it hears to whoever comes later', async () => {
    await hearing();
    const later = new Heard();
    ear.listen('one', later);
    expect(later.changes).toEqual([true]);
    expect(watched.asked).toBe(2);
  });

  it('says so to all who have come while it began to listen to another channel', async () => {
    await hearing();
    const [first, second, gone] = [new Heard(), new Heard(), new Heard()];
    ear.listen('other', first);
    ear.listen('other', second);
    ear.listen('other', gone)();
    await until(() => first.hears);
    // What was said before the channel was listened to, they have to look for.
    expect(second.changes.at(-1)).toBe(true);
    expect(second.changes).toHaveLength(2);
    expect(gone.changes).toEqual([true]);
  });

  it('passes over what is said to those who have left', async () => {
    const heard = await hearing();
    const gone = new Heard();
    const leave = ear.listen('other', gone);
    await until(() => gone.hears);
    leave();
    await notify('other', 'x');
    await notify('one', 'a');
    await until(() => heard.payloads.length > 0);
    expect(gone.payloads).toEqual([]);
  });

  it('keeps its connection until the last has left, and closes it then', async () => {
    const heard = new Heard();
    const leave = [ear.listen('one', heard), ear.listen('one', new Heard()), ear.listen('two', new Heard())];
    await until(() => heard.hears && watched.pool.idleCount === 1);
    leave[0]!();
    leave[1]!();
    expect(watched.pool.totalCount).toBe(2);
    leave[2]!();
    expect(watched.pool.totalCount).toBe(1);
    expect(heard.changes).toEqual([true]);
    // Nothing is left that would begin again.
    jest.advanceTimersByTime(2 * MINUTE_MS);
    expect(watched.asked).toBe(2);
  });

  it('gives the connection by which it has tried itself back as it was', async () => {
    await hearing();
    await until(() => watched.pool.idleCount === 1);
    const client = watched.lent[1] as unknown as EventEmitter;
    expect(watched.lent).toHaveLength(2);
    // The pool listens while nobody has it.
    expect(client.listenerCount('error')).toBe(1);
  });

  it('listens on a connection that knows no unref()', async () => {
    watched.onLend = (client) => void Object.assign(client, { unref: undefined });
    expect((await hearing()).hears).toBe(true);
  });

  it.each(['error', 'end'])('comes back 50 ms after its connection said "%s"', async (event) => {
    const heard = await hearing();
    emit(watched.lent[0]!, event, new Error('gone'));
    expect(heard.changes).toEqual([true, false]);
    expectAskedAfter(50, 3);
    await until(() => heard.hears);
    await notify('one', 'a');
    await until(() => heard.payloads.length > 0);
    expect(heard.changes).toEqual([true, false, true]);
  });

  it('comes back after it could not listen to another channel', async () => {
    const heard = await hearing();
    const client = watched.lent[0]!;
    const query = client.query.bind(client);
    client.query = (text) => query(text.replace('LISTEN', 'SELECT'));
    const other = new Heard();
    ear.listen('other', other);
    await until(() => !heard.hears);
    jest.advanceTimersByTime(50);
    await until(() => heard.hears && other.hears);
  });

  it('comes back where its connection broke before it listened', async () => {
    watched.onLend = async (client, time) => {
      if (time === 1) await (client as unknown as { end(): Promise<void> }).end();
    };
    const heard = new Heard();
    ear.listen('one', heard);
    await until(() => watched.pool.totalCount === 0 && watched.lent.length === 1);
    jest.advanceTimersByTime(50);
    await until(() => heard.hears);
    expect(heard.changes).toEqual([true]);
  });

  it('tries to connect after twice as long each time, five seconds at most, and begins anew', async () => {
    const { pool } = watched;
    watched.pool = nowhere;
    const heard = new Heard();
    ear.listen('one', heard);
    for (const [time, ms] of [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000].entries()) {
      await until(() => watched.refused === time + 1);
      expectAskedAfter(ms, time + 2);
    }
    await until(() => watched.refused === 10);
    watched.pool = pool;
    jest.advanceTimersByTime(5000);
    await until(() => heard.hears);
    const { asked } = watched;
    emit(watched.lent[0]!, 'end');
    expectAskedAfter(50, asked + 1);
  });

  it('tries to connect at once where somebody else comes, and no more than once', async () => {
    const { pool } = watched;
    watched.pool = nowhere;
    const [heard, other] = [new Heard(), new Heard()];
    ear.listen('one', heard);
    await until(() => watched.refused === 1);
    watched.pool = pool;
    ear.listen('two', other);
    expect(watched.asked).toBe(2);
    await until(() => heard.hears && other.hears);
    jest.advanceTimersByTime(50);
    expect(watched.asked).toBe(3);
  });

  it('gives up after two seconds where it hears nothing, and tries again after a minute, then two', async () => {
    watched.onLend = deafen;
    const heard = new Heard();
    ear.listen('one', heard);
    for (const [time, minutes] of [1, 2, 4, 8, 16, 16].entries()) {
      // Asked for, lent and given back: the one to talk by.
      await until(() => watched.lent.length === 2 * time + 2 && watched.pool.idleCount === 1);
      jest.advanceTimersByTime(PROBE_MS - 1);
      expect(watched.pool.totalCount).toBe(2);
      jest.advanceTimersByTime(1);
      await until(() => watched.pool.totalCount === 1);
      expectAskedAfter(minutes * MINUTE_MS, 2 * time + 3);
    }
    expect(heard.changes).toEqual([]);
  });

  it('keeps a connection on which it hears itself in time', async () => {
    const heard = await hearing();
    jest.advanceTimersByTime(2 * PROBE_MS);
    expect(heard.changes).toEqual([true]);
  });

  it('gives up on a connection that goes silent before it listens', async () => {
    const proxy = await TcpProxy.open(database.url);
    watched.pool = open({}, proxy.urlOf(database.url)).pool;
    watched.onLend = () => proxy.hold();
    ear.listen('one', new Heard());
    await until(() => watched.lent.length === 1);
    jest.advanceTimersByTime(PROBE_MS);
    await until(() => watched.pool.totalCount === 0);
    expectAskedAfter(MINUTE_MS, 2);
    proxy.close();
  });

  it('takes it for deaf where no other connection can be had', async () => {
    watched.refuses = (time) => time === 2;
    const heard = new Heard();
    ear.listen('one', heard);
    await until(() => watched.refused === 1);
    const later = new Heard();
    ear.listen('one', later);
    ear.listen('two', later);
    // Behind the statement by which it listens.
    await watched.lent[0]!.query('SELECT 1');
    expect(later.changes).toEqual([]);
    jest.advanceTimersByTime(PROBE_MS);
    await until(() => watched.pool.totalCount === 0);
    expectAskedAfter(MINUTE_MS, 3);
    await until(() => heard.hears);
  });

  describe('.yield()', () => {
    it('closes the connection, and comes back after a minute', async () => {
      const heard = await hearing();
      await until(() => watched.pool.idleCount === 1);
      ear.yield();
      expect(watched.pool.totalCount).toBe(1);
      expect(heard.changes).toEqual([true, false]);
      // There is none to give.
      ear.yield();
      expectAskedAfter(MINUTE_MS, 3);
      await until(() => heard.hears);
    });

    it('begins with a minute each time that it has heard', async () => {
      const heard = await hearing();
      for (let time = 1; time <= 3; time++) {
        ear.yield();
        expectAskedAfter(MINUTE_MS, 2 * time + 1);
        await until(() => heard.hears);
      }
    });

    it('closes a connection that comes only then to talk by', async () => {
      const [yielded, lend] = gate();
      watched.onLend = (_, time) => (time === 2 ? yielded : undefined);
      ear.listen('one', new Heard());
      await until(() => watched.pool.totalCount === 2);
      ear.yield();
      lend();
      await until(() => watched.lent.length === 2 && watched.pool.totalCount === 0);
    });
  });

  it('gives a connection back that comes when everybody has left', async () => {
    ear.listen('one', new Heard())();
    await until(() => watched.pool.idleCount === 1);
    expect(watched.asked).toBe(1);
  });

  it('begins for whoever comes right after the last has left, in the middle of an attempt', async () => {
    watched.onLend = (client, time) => (time === 1 ? deafen(client) : undefined);
    const leave = ear.listen('one', new Heard());
    await until(() => watched.lent.length === 2);
    leave();
    const heard = new Heard();
    ear.listen('one', heard);
    await until(() => heard.hears);
    jest.advanceTimersByTime(2 * MINUTE_MS);
    await until(() => watched.pool.idleCount === watched.pool.totalCount - 1);
    expect(heard.changes).toEqual([true]);
  });

  it('tries no more for somebody who has left before it was refused', async () => {
    watched.refuses = () => true;
    ear.listen('one', new Heard())();
    await until(() => watched.refused === 1);
    jest.advanceTimersByTime(MINUTE_MS);
    expect(watched.asked).toBe(1);
  });

  it('keeps one connection where an attempt is overtaken by another', async () => {
    const gates = [gate(), gate()];
    watched.onLend = (_, time) => gates[time - 1]?.[0];
    ear.listen('one', new Heard())();
    const [heard, other] = [new Heard(), new Heard()];
    ear.listen('one', heard);
    await until(() => watched.pool.totalCount === 2);
    gates[0]![1]();
    await until(() => watched.pool.idleCount === 1);
    // The other attempt is under way.
    ear.listen('two', other);
    expect(watched.asked).toBe(2);
    gates[1]![1]();
    await until(() => heard.hears && other.hears);
    await until(() => watched.pool.idleCount === watched.pool.totalCount - 1);
    expect(watched.asked).toBe(3);
    expect(heard.changes).toEqual([true]);
  });

  it('does not use the only connection of a pool', () => {
    for (const max of [1, '1']) {
      const narrow = open({ max: max as number });
      const pool = { ...passing(narrow), options: { max } };
      Ear.of(pool).listen('one', new Heard());
      jest.advanceTimersByTime(2 * MINUTE_MS);
      expect(narrow.asked).toBe(0);
    }
  });

  it('uses the second', async () => {
    watched = open({ max: 2 });
    ear = Ear.of(Object.assign(watched, { options: { max: '2' } }));
    expect((await hearing()).hears).toBe(true);
  });
});
