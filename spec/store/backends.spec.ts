import { setTimeout } from 'node:timers/promises';
import type { Commit, Lease, PruneKey, RunWrite, StoreBackend } from '../../lib/store/backend';
import { ALL_COLUMNS, columnsOf, RECORD_COLUMNS } from '../../lib/store/columns';
import { MemoryBackend } from '../../lib/store/memory/backend';
import type { PostgresBackend } from '../../lib/store/postgres/backend';
import { openBackend as openPostgres } from '../../lib/store/postgres/open';
import { openBackend as openSqlite } from '../../lib/store/sqlite/open';
import type { TestDatabase } from '../support/postgres';
import { createDatabase } from '../support/postgres';
import { runOf, until } from './contract/test-database';

const LEASE: Lease = { token: 'token', owner: 'worker-1', ms: 60_000 };

function insertOf(record: Readonly<Record<string, unknown>>, write: Partial<RunWrite> = {}): RunWrite {
  const run = runOf(record);
  return {
    id: run.id,
    sessionId: run.sessionId,
    revision: 0,
    nextRevision: 1,
    writer: 'writer',
    columns: columnsOf(run, RECORD_COLUMNS),
    entries: [{ seq: 1, type: 'created', data: '{}', at: 0 }],
    lease: 'keep',
    exclusive: false,
    ...write,
  };
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

    describe('.prune()', () => {
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
