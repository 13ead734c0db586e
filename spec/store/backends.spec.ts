import { setTimeout } from 'node:timers/promises';
import type {
  Commit,
  JournalQuery,
  Lease,
  Pruned,
  PruneKey,
  RunWrite,
  StoreBackend,
} from '../../lib/store/backend';
import { ALL_COLUMNS } from '../../lib/store/columns';
import { MemoryBackend } from '../../lib/store/memory/backend';
import type { PostgresBackend } from '../../lib/store/postgres/backend';
import { openBackend as openPostgres } from '../../lib/store/postgres/open';
import { openBackend as openSqlite } from '../../lib/store/sqlite/open';
import { firstWriteOf } from '../support/first-write';
import type { TestDatabase } from '../support/postgres';
import { createDatabase } from '../support/postgres';
import { describeQueries } from './contract/queries';
import { runOf, until } from './contract/test-database';

const LEASE: Lease = { token: 'token', owner: 'worker-1', ms: 60_000 };

function insertOf(record: Readonly<Record<string, unknown>>, write: Partial<RunWrite> = {}): RunWrite {
  return firstWriteOf(runOf(record), write);
}

function ended(id: string, endedAt: string, more: Readonly<Record<string, unknown>> = {}): RunWrite {
  return insertOf({ id, status: 'completed', ended_at: endedAt, ...more });
}

/** Prunes pass by pass, in the smallest batches, as long as that removes something. */
async function pruneAll(backend: StoreBackend, endedBefore: string, journalOnly = false): Promise<string[]> {
  const removed: string[] = [];
  for (;;) {
    const before = removed.length;
    let after: PruneKey | null = null;
    do {
      const batch = await backend.prune({
        endedBeforeMs: Date.parse(endedBefore),
        journalOnly,
        after,
        limit: 2,
      });
      removed.push(...batch.runIds);
      after = batch.next;
    } while (after !== null);
    if (removed.length === before || journalOnly) return removed;
  }
}

function describeBackend(
  name: string,
  open: () => Promise<{ backend: StoreBackend; close: () => Promise<void> }>,
): void {
  describe(name, () => {
    let backend: StoreBackend;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ backend, close } = await open());
    });

    afterEach(() => close());

    const staleIds = async (query: Partial<Parameters<StoreBackend['stale']>[0]> = {}): Promise<string[]> =>
      (await backend.stale({ unleasedQuietMs: null, limit: 10, ...query })).map(({ id }) => id);

    describeQueries(() => backend);

    describe('.apply()', () => {
      const insert = (id: string, more: Partial<RunWrite> = {}, record: object = {}): RunWrite =>
        insertOf({ id, ...record }, more);
      const update = (id: string, more: Partial<RunWrite> = {}): RunWrite => ({
        ...insertOf({ id }),
        revision: 1,
        nextRevision: 2,
        columns: { turn_count: 9 },
        entries: [],
        ...more,
      });
      const running = { status: 'running', running_at: '2026-03-01T12:00:00.000Z' };
      const exclusive = { exclusive: true };

      it('writes nothing of a run that has another revision, and the others of the batch', async () => {
        await backend.apply([insert('a'), insert('b')]);
        const entries = [{ seq: 2, type: 'noted', data: '{}', at: 0 }];
        expect(
          await backend.apply([
            insert('a'),
            update('b', { revision: 2, nextRevision: 3, entries }),
            update('none', { entries }),
            insert('c'),
          ]),
        ).toEqual(['stale', 'stale', 'stale', 'applied']);
        expect(await backend.read('b')).toMatchObject({ revision: 1, seq: 1, turn_count: 0 });
        expect(await backend.read('none')).toBeNull();
        expect((await backend.journal({ limit: 10 })).entries.map(({ run_id: id }) => id)).toEqual([
          'a',
          'b',
          'c',
        ]);
        expect(await backend.apply([])).toEqual([]);
      });

      it('changes the columns that it is given, and keeps the others', async () => {
        const metadata = { plan: 'pro' };
        await backend.apply([insert('a', { lease: LEASE }, { turn_count: 3, input: { a: 1 }, metadata })]);
        const before = (await backend.read('a'))!;
        await backend.apply([update('a', { columns: { provider: 'openai' }, writer: 'other' })]);
        const after = (await backend.read('a'))!;
        const changed = ALL_COLUMNS.filter((name) => after[name] !== before[name] && name !== 'touched_ms');
        expect(changed).toEqual(['provider', 'revision', 'writer']);
        expect(after).toMatchObject({ provider: 'openai', revision: 2, writer: 'other' });
        const found = await backend.list({ metadata: [{ name: 'plan', value: '"pro"' }], limit: 5 }, ['id']);
        expect(found).toHaveLength(1);
      });

      it('renews a lease without another revision', async () => {
        await backend.apply([insert('a', { lease: { ...LEASE, ms: 50 } })]);
        const before = (await backend.read('a'))!;
        await setTimeout(5);
        const renewal = update('a', { nextRevision: 1, columns: {}, lease: LEASE });
        expect(await backend.apply([renewal])).toEqual(['applied']);
        const after = (await backend.read('a'))!;
        expect(after).toMatchObject({ revision: 1, seq: 1, lease_ms: 60_000 });
        expect(after.lease_expires_ms).toBeGreaterThan(before.lease_expires_ms! + 50_000);
        expect(after.touched_ms).toBeGreaterThan(before.touched_ms);
      });

      it('gives a lease to another once it has run out, and to nobody else before', async () => {
        await backend.apply([
          insert('held', { lease: LEASE }),
          insert('left', { lease: { ...LEASE, ms: 0 } }),
        ]);
        await setTimeout(5);
        const other = { lease: { ...LEASE, token: 'other', owner: 'worker-2' } };
        expect(await backend.apply([update('held', other), update('left', other)])).toEqual([
          'leased',
          'applied',
        ]);
        expect(await backend.read('held')).toMatchObject({ lease_token: 'token', turn_count: 0 });
        expect(await backend.read('left')).toMatchObject({ lease_token: 'other', lease_owner: 'worker-2' });
        // Who takes none may write.
        expect(
          await backend.apply([update('held'), update('left', { revision: 2, nextRevision: 3 })]),
        ).toEqual(['applied', 'applied']);
        expect(await backend.read('held')).toMatchObject({ lease_token: 'token', turn_count: 9 });
      });

      it('lets an exclusive one into a session in which nobody else is active', async () => {
        await backend.apply([
          insert('active', {}, { session_id: 's', ...running }),
          insert('waits', {}, { session_id: 's' }),
          insert('alone', {}, { session_id: 't', ...running }),
          insert('child', {}, { session_id: 'u', parent_run_id: 'p', ...running }),
        ]);
        const into = (id: string, sessionId: string, more: Partial<RunWrite> = {}): RunWrite =>
          update(id, { sessionId, columns: { active: 1 }, ...exclusive, ...more });
        expect(await backend.apply([into('waits', 's')])).toEqual(['busy']);
        expect(await backend.apply([insert('new', exclusive, { session_id: 's', ...running })])).toEqual([
          'busy',
        ]);
        expect(await backend.read('new')).toBeNull();
        expect(await backend.apply([into('alone', 't')])).toEqual(['applied']);
        for (const sessionId of ['u', 'v']) {
          const first = insert(`first ${sessionId}`, exclusive, { session_id: sessionId, ...running });
          expect(await backend.apply([first])).toEqual(['applied']);
        }
        expect(await backend.apply([update('active', { columns: { active: 0 } })])).toEqual(['applied']);
        expect(await backend.apply([into('waits', 's', { lease: LEASE })])).toEqual(['applied']);
        expect(await backend.read('waits')).toMatchObject({ active: 1, lease_token: 'token' });
      });

      it('says that a run is leased rather than that its session is busy', async () => {
        await backend.apply([insert('a', { lease: LEASE }), insert('b', {}, running)]);
        const other = update('a', { ...exclusive, lease: { ...LEASE, token: 'other' } });
        expect(await backend.apply([other])).toEqual(['leased']);
        expect(await backend.apply([{ ...other, lease: LEASE }])).toEqual(['busy']);
        expect(await backend.apply([{ ...other, lease: 'release' }])).toEqual(['busy']);
        expect(await backend.apply([{ ...other, revision: 7, nextRevision: 8 }])).toEqual(['stale']);
      });

      it('gives positions in the order of the writes, to as many entries as there are', async () => {
        const counts = [0, 1, 7, 8, 9, 63, 64, 65, 73, 130];
        const entries = (count: number): RunWrite['entries'] =>
          Array.from({ length: count }, (_, index) => ({
            seq: index + 1,
            type: `t${index}`,
            data: `{"n":${index}}`,
            at: index,
          }));
        await backend.apply(counts.map((count) => insert(`run_${count}`, { entries: entries(count) })));
        const all = (await backend.journal({ limit: 1000 })).entries;
        expect(all.map(({ run_id: id, seq, type, data, at }) => ({ id, seq, type, data, at }))).toEqual(
          counts.flatMap((count) => entries(count).map((entry) => ({ id: `run_${count}`, ...entry }))),
        );
        const positions = all.map(({ position }) => position);
        expect(new Set(positions).size).toBe(positions.length);
        expect(positions).toEqual([...positions].sort((left, right) => left - right));
        expect(await backend.read('run_0')).toMatchObject({ revision: 1, seq: 0 });
        expect(await backend.read('run_130')).toMatchObject({ revision: 1, seq: 130 });
      });

      it('puts the members of new metadata in the place of those before', async () => {
        const has = async (name: string): Promise<number> =>
          (await backend.list({ metadata: [{ name, value: '1' }], limit: 5 }, ['id'])).length;
        await backend.apply([
          insert('a', {}, { metadata: { x: 1 } }),
          insert('b', {}, { metadata: { x: 1 } }),
        ]);
        await backend.apply([update('a', { columns: { metadata: '{"y":1}' } })]);
        expect([await has('x'), await has('y')]).toEqual([1, 1]);
      });
    });

    describe('.delete()', () => {
      it('removes one run, and says whether it was there', async () => {
        await backend.apply([insertOf({ id: 'a' }), insertOf({ id: 'b' })]);
        const head = await backend.head();
        expect(await backend.delete('b')).toBe(true);
        expect(await backend.delete('b')).toBe(false);
        expect(await backend.read('b')).toBeNull();
        const [entry, ...others] = (await backend.journal({ limit: 10 })).entries;
        expect([entry?.run_id, others]).toEqual(['a', []]);
        await backend.apply([insertOf({ id: 'b' })]);
        expect((await backend.journal({ runId: 'b', limit: 10 })).entries[0]?.position).toBeGreaterThan(head);
      });
    });

    describe('.update()', () => {
      it('hands over the row, and writes what is made of it', async () => {
        await backend.apply([insertOf({ id: 'run_1' })]);
        const outcome = await backend.update('run_1', (row) => ({
          ...insertOf({}),
          id: 'run_1',
          revision: row!.revision,
          nextRevision: row!.revision + 1,
          columns: { turn_count: 7 },
          entries: [{ seq: row!.seq + 1, type: 'noted', data: '{}', at: 1 }],
        }));
        expect(outcome).toBe('applied');
        expect(await backend.read('run_1')).toMatchObject({ turn_count: 7, revision: 2, seq: 2 });
      });

      it('hands over null for no row, and inserts', async () => {
        expect(
          await backend.update('run_1', (row) => (row === null ? insertOf({ id: 'run_1' }) : null)),
        ).toBe('applied');
        expect(await backend.update('run_1', () => null)).toBeNull();
        expect((await backend.read('run_1'))?.revision).toBe(1);
      });

      it('writes nothing where it throws', async () => {
        const error = new Error('no');
        const updating = backend.update('run_1', () => {
          throw error;
        });
        await expect(updating).rejects.toBe(error);
        expect(await backend.apply([insertOf({ id: 'run_1' })])).toEqual(['applied']);
      });
    });

    describe('.stale()', () => {
      const running = { status: 'running', running_at: '2026-03-01T12:00:00.000Z' };

      it('gives running runs whose lease has expired, children too', async () => {
        await backend.apply([
          insertOf({ id: 'held', ...running }, { lease: LEASE }),
          insertOf({ id: 'left', ...running }, { lease: { ...LEASE, ms: 0 } }),
          insertOf({ id: 'child', parent_run_id: 'held', ...running }, { lease: { ...LEASE, ms: 0 } }),
          insertOf({ id: 'over', status: 'completed', ended_at: '2026-03-01T12:00:01.000Z' }),
        ]);
        await setTimeout(5);
        expect((await staleIds()).sort()).toEqual(['child', 'left']);
        expect(await staleIds({ sessionId: 'none' })).toEqual([]);
        const [row] = await backend.stale({ unleasedQuietMs: null, limit: 1 });
        expect(Object.keys(row!)).toEqual(expect.arrayContaining([...ALL_COLUMNS]));
        const after = { startedMs: row!.started_ms, id: row!.id };
        expect(await staleIds({ after })).toHaveLength(1);
      });

      it('gives runs without a lease once nobody has written them for long enough', async () => {
        await backend.apply([insertOf({ id: 'saved', ...running })]);
        await setTimeout(20);
        expect(await staleIds({ unleasedQuietMs: 10 })).toEqual(['saved']);
        expect(await staleIds({ unleasedQuietMs: 60_000 })).toEqual([]);
        expect(await staleIds()).toEqual([]);
      });

      it('leaves a lease half of its time after what kept others from renewing it', async () => {
        await backend.apply([insertOf({ id: 'left', ...running }, { lease: { ...LEASE, ms: 400 } })]);
        await setTimeout(420);
        expect(await staleIds({ reachableForMs: 10 })).toEqual([]);
        expect(await staleIds({ reachableForMs: 300 })).toEqual(['left']);
        expect(await staleIds({ reachableForMs: 60_000 })).toEqual(['left']);
      });

      it('gives what has waited for too long, and nothing else that waits', async () => {
        const awaiting = { reason: null, data: null, state: null, since: '2026-03-01T12:00:00.000Z' };
        const past = '2026-03-01T12:00:01.000Z';
        const waits = (id: string, more: object): RunWrite =>
          insertOf({ id, ...running, awaiting: { ...awaiting, ...more } });
        await backend.apply([
          waits('expired', { expires_at: past }),
          waits('patient', { expires_at: null }),
          waits('later', { expires_at: '9999-01-01T00:00:00.000Z' }),
          waits('answered', { expires_at: past, answer: true }),
        ]);
        expect(await staleIds({ unleasedQuietMs: 0 })).toEqual(['expired']);
      });

      it('gives what a session has left, as many as are asked for', async () => {
        await backend.apply(
          ['a', 'b', 'c', 'd'].map((id, index) =>
            insertOf({ id, session_id: `s${index % 2}`, ...running }, { lease: { ...LEASE, ms: 0 } }),
          ),
        );
        await setTimeout(5);
        expect(await staleIds({ sessionId: 's1' })).toEqual(['d', 'b']);
        expect(await staleIds({ limit: 3 })).toEqual(['d', 'c', 'b']);
      });
    });

    describe('leases', () => {
      it('name the process, and are told apart by their tokens', async () => {
        const run = { id: 'run_1', status: 'running' };
        await backend.apply([insertOf(run, { lease: LEASE })]);
        const before = Date.now() + 30_000;
        const row = (await backend.read('run_1'))!;
        expect(row).toMatchObject({ lease_owner: 'worker-1', lease_token: 'token', lease_ms: 60_000 });
        expect(row.lease_expires_ms).toBeGreaterThan(before);
        expect(Number.isSafeInteger(row.lease_expires_ms) && Number.isSafeInteger(row.touched_ms)).toBe(true);
        const turn = {
          ...insertOf({}),
          id: 'run_1',
          revision: 1,
          nextRevision: 2,
          columns: { turn_count: 1 },
          entries: [],
        };
        expect(await backend.apply([{ ...turn, lease: { ...LEASE, token: 'other' } }])).toEqual(['leased']);
        expect(await backend.apply([{ ...turn, lease: LEASE }])).toEqual(['applied']);
        expect(await backend.apply([{ ...turn, revision: 2, nextRevision: 3, lease: 'release' }])).toEqual([
          'applied',
        ]);
        expect(await backend.read('run_1')).toMatchObject({
          lease_owner: null,
          lease_token: null,
          lease_ms: null,
          lease_expires_ms: null,
        });
      });
    });

    describe('.journal()', () => {
      it('says how far a session was read, though the last entries are of others', async () => {
        expect(await backend.head()).toBe(0);
        expect(await backend.journal({ sessionId: 'none', limit: 10 })).toEqual({
          entries: [],
          throughPosition: 0,
        });
        const entries = [1, 2, 3].map((seq) => ({ seq, type: 'noted', data: '{}', at: 0 }));
        await backend.apply([insertOf({ id: 'one' }, { entries })]);
        await backend.apply([insertOf({ id: 'two', session_id: 'session-2' })]);
        const head = await backend.head();
        const read = async (query: JournalQuery): Promise<object> => {
          const { entries: page, throughPosition } = await backend.journal(query);
          return { count: page.length, behind: head - throughPosition };
        };
        const sessionId = 'session-1';
        expect(await read({ sessionId, limit: 4 })).toEqual({ count: 3, behind: 0 });
        expect(await read({ sessionId, limit: 3 })).toEqual({ count: 3, behind: 1 });
        expect(await read({ sessionId, limit: 2 })).toEqual({ count: 2, behind: 2 });
        expect(await read({ sessionId: 'none', afterPosition: 1, limit: 2 })).toEqual({
          count: 0,
          behind: 0,
        });
        expect(await read({ limit: 10 })).toEqual({ count: 4, behind: 0 });
      });
    });

    describe('.prune()', () => {
      it('removes no more at once than it is asked for, and says where to go on', async () => {
        await backend.apply(
          [1, 2, 3, 4, 5].map((second) => ended(`run_${second}`, `2026-03-01T00:00:0${second}.000Z`)),
        );
        const query = { endedBeforeMs: Date.parse('2026-04-01T00:00:00.000Z'), journalOnly: false, limit: 2 };
        const removed: string[][] = [];
        let after: PruneKey | null = null;
        do {
          const batch = await backend.prune({ ...query, after });
          removed.push([...batch.runIds]);
          after = batch.next;
        } while (after !== null);
        // SQLite removes fewer where a turn of the event loop is over before.
        expect(Math.max(...removed.map((ids) => ids.length))).toBeLessThanOrEqual(query.limit);
        expect(new Set(removed.flat()).size).toBe(5);
      });

      it('removes ended runs with their journals, children before their parents', async () => {
        const tree = { root_run_id: 'root' };
        await backend.apply([
          ended('root', '2026-03-01T00:00:01.000Z'),
          ended('child', '2026-03-01T00:00:02.000Z', { parent_run_id: 'root', ...tree }),
          ended('leaf', '2026-03-01T00:00:03.000Z', { parent_run_id: 'child', ...tree }),
          ended('alone', '2026-03-01T00:00:04.000Z', { metadata: { plan: 'pro' } }),
          ended('late', '2026-03-02T00:00:00.000Z'),
          insertOf({ id: 'lasting' }),
        ]);
        const removed = await pruneAll(backend, '2026-03-02T00:00:00.000Z');
        expect([...removed].sort()).toEqual(['alone', 'child', 'leaf', 'root']);
        const order = ['leaf', 'child', 'root'].map((id) => removed.indexOf(id));
        expect(order).toEqual([...order].sort((left, right) => left - right));
        expect((await backend.list({ limit: 10 }, ['id'])).map(({ id }) => id).sort()).toEqual([
          'lasting',
          'late',
        ]);
        expect((await backend.journal({ limit: 100 })).entries.map(({ run_id: id }) => id).sort()).toEqual([
          'lasting',
          'late',
        ]);
        const member = [{ name: 'plan', value: '"pro"' }];
        expect(await backend.list({ metadata: member, limit: 10 }, ['id'])).toEqual([]);
      });

      it('goes by the moment at which a run ended, to the last digit, whatever the moment asked for', async () => {
        await backend.apply([
          ended('before', '2026-03-01T00:00:00.499Z'),
          ended('just before', '2026-03-01T00:00:00.499999Z'),
          ended('at', '2026-03-01T00:00:00.500Z'),
          ended('just after', '2026-03-01T00:00:00.500001Z'),
          ended('last', '9999-12-31T23:59:59.998Z'),
        ]);
        expect((await pruneAll(backend, '2026-03-01T00:00:00.500Z')).sort()).toEqual([
          'before',
          'just before',
        ]);
        expect(await pruneAll(backend, '0001-01-01T00:00:00.000Z')).toEqual([]);
        expect((await pruneAll(backend, '+200000-01-01T00:00:00.000Z')).sort()).toEqual([
          'at',
          'just after',
          'last',
        ]);
      });

      it('tells which runs are gone, and of which sessions', async () => {
        await backend.apply([
          ended('a', '2026-03-01T00:00:00.000Z', { session_id: 's' }),
          ended('b', '2026-03-01T00:00:01.000Z', { session_id: 's' }),
          ended('c', '2026-03-01T00:00:02.000Z', { session_id: 't' }),
        ]);
        const query = { endedBeforeMs: Date.UTC(2026, 3, 1), limit: 10 };
        for (const journalOnly of [true, false]) {
          const runIds: string[] = [];
          const sessionIds = new Set<string>();
          let after: PruneKey | null = null;
          do {
            const pruned: Pruned = await backend.prune({ ...query, journalOnly, after });
            runIds.push(...pruned.runIds);
            for (const sessionId of pruned.sessionIds) sessionIds.add(sessionId);
            after = pruned.next;
          } while (after !== null);
          expect([runIds.sort(), [...sessionIds].sort()]).toEqual([
            ['a', 'b', 'c'],
            ['s', 't'],
          ]);
        }
      });

      it('keeps a parent as long as it has a child that stays', async () => {
        await backend.apply([
          ended('root', '2026-03-01T00:00:00.000Z'),
          insertOf({ id: 'child', parent_run_id: 'root', root_run_id: 'root' }),
        ]);
        expect(await pruneAll(backend, '2026-04-01T00:00:00.000Z')).toEqual([]);
        await backend.delete('child');
        expect(await pruneAll(backend, '2026-04-01T00:00:00.000Z')).toEqual(['root']);
      });

      it('removes journals alone on request, once, and no position is given out again', async () => {
        await backend.apply([
          ended('one', '2026-03-01T00:00:00.000Z'),
          ended('two', '2026-03-01T00:00:01.000Z'),
          ended('three', '2026-03-01T00:00:02.000Z'),
        ]);
        const head = await backend.head();
        expect((await pruneAll(backend, '2026-04-01T00:00:00.000Z', true)).sort()).toEqual([
          'one',
          'three',
          'two',
        ]);
        expect(await pruneAll(backend, '2026-04-01T00:00:00.000Z', true)).toEqual([]);
        expect((await backend.read('one'))?.seq).toBe(1);
        expect((await backend.journal({ runId: 'one', limit: 10 })).entries).toEqual([]);
        const late = { ...insertOf({}), id: 'one', revision: 1, nextRevision: 2, columns: { turn_count: 1 } };
        await backend.apply([{ ...late, entries: [{ seq: 2, type: 'usageUpdated', data: '{}', at: 0 }] }]);
        const [entry] = (await backend.journal({ limit: 10 })).entries;
        expect(entry).toMatchObject({ run_id: 'one', seq: 2 });
        expect(entry!.position).toBeGreaterThan(head);
        expect(await pruneAll(backend, '2026-04-01T00:00:00.000Z', true)).toEqual(['one']);
        expect((await pruneAll(backend, '2026-04-01T00:00:00.000Z')).sort()).toEqual(['one', 'three', 'two']);
      });
    });
  });
}

describeBackend('MemoryBackend', () => {
  const backend = new MemoryBackend();
  return Promise.resolve({ backend, close: () => backend.close() });
});

describeBackend('SqliteBackend', () => {
  const backend = openSqlite({ path: ':memory:' });
  return Promise.resolve({ backend, close: () => backend.close() });
});

describe('on PostgreSQL', () => {
  let database: TestDatabase;
  let count = 0;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(() => database.drop());

  describeBackend('PostgresBackend', () => {
    const backend = openPostgres({ connectionString: database.url, tablePrefix: `test_${++count}_` });
    return Promise.resolve({ backend, close: () => backend.close() });
  });

  it('tells others of a run that is written or removed, and of its session', async () => {
    const [backend, other] = [1, 2].map(() => openPostgres({ connectionString: database.url })) as [
      PostgresBackend,
      PostgresBackend,
    ];
    const heard: (Commit | null)[] = [];
    const stop = other.subscribe((commit) => heard.push(commit));
    await other.journal({ limit: 1 });
    await until(() => heard.includes(null));
    await backend.apply([insertOf({ id: 'run_1' })]);
    await backend.delete('run_1');
    await until(() => heard.filter((commit) => commit?.runIds.includes('run_1')).length === 2);
    expect(heard.at(-1)).toEqual({ runIds: ['run_1'], sessionIds: ['session-1'] });
    stop();
    await Promise.all([backend.close(), other.close()]);
  });
});
