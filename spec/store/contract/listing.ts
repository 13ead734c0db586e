import { Run } from 'agent-run';
import type { ListOptions, RunStore } from 'agent-run/store';
import { runOf } from './test-database';
import type { TestDatabase } from './test-database';

async function allPages(
  store: RunStore,
  options: ListOptions,
  between?: () => Promise<void>,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.list({ ...options, cursor });
    ids.push(...page.runs.map(({ id }) => id));
    cursor = page.nextCursor;
    await between?.();
  } while (cursor !== null);
  return ids;
}

async function idsOf(store: RunStore, options: ListOptions): Promise<string[]> {
  return (await store.list(options)).runs.map(({ id }) => id);
}

/** Texts that mean something to a database. */
const HOSTILE_TEXTS = [
  "'; DROP TABLE agent_run_runs; --",
  'nul\0inside',
  'lone \ud800',
  '__proto__',
  '%_\\',
  ' ',
];

function at(seconds: number): string {
  return new Date(Date.UTC(2026, 2, 1) + seconds * 1000).toISOString();
}

export function describeListing(database: () => TestDatabase): void {
  describe('.list()', () => {
    it('gives the newest first, also within a millisecond', async () => {
      const store = database().connect();
      const seconds = [3, 1, 2, 2, 2];
      const runs = seconds.map((second, index) => runOf({ id: `run_${index}`, started_at: at(second) }));
      for (const run of runs) await store.save(run);
      const { runs: listed, nextCursor } = await store.list();
      expect(listed.map(({ id }) => id)).toEqual(['run_0', 'run_4', 'run_3', 'run_2', 'run_1']);
      expect(nextCursor).toBeNull();
    });

    it('pages through every run once, while others come in', async () => {
      const store = database().connect();
      const runs = Array.from({ length: 23 }, (_, index) => runOf({ started_at: at(Math.floor(index / 4)) }));
      for (const run of runs) await store.save(run);
      const ids = await allPages(store, { limit: 5 }, () => store.save(runOf({ started_at: at(1000) })));
      expect(new Set(ids).size).toBe(ids.length);
      expect([...ids].sort()).toEqual(runs.map(({ id }) => id).sort());
    });

    it('goes on where a page ended, also when its last run is deleted', async () => {
      const store = database().connect();
      for (let second = 0; second < 4; second++) {
        await store.save(runOf({ id: `run_${second}`, started_at: at(second) }));
      }
      const first = await store.list({ limit: 2 });
      await store.delete('run_2');
      const second = await store.list({ limit: 2, cursor: first.nextCursor });
      expect(second.runs.map(({ id }) => id)).toEqual(['run_1', 'run_0']);
      expect(second.nextCursor).toBeNull();
    });

    it('keeps to its filter whatever page the cursor is of', async () => {
      const store = database().connect();
      for (const [id, second] of [
        ['a', 1],
        ['b', 2],
        ['c', 3],
        ['d', 3],
        ['e', 4],
      ] as const) {
        await store.save(runOf({ id, started_at: at(second) }));
      }
      const ids = async (limit: number, startedBefore: Date): Promise<string[]> => {
        const { nextCursor: cursor } = await store.list({ limit });
        return idsOf(store, { cursor, startedBefore });
      };
      expect(await ids(1, new Date(at(3)))).toEqual(['b', 'a']);
      expect(await ids(2, new Date(at(3)))).toEqual(['b', 'a']);
      expect(await ids(2, new Date(at(4)))).toEqual(['c', 'b', 'a']);
      expect(await ids(4, new Date(at(3)))).toEqual(['a']);
    });

    it('filters by session, status, provider and time, alone and together', async () => {
      const store = database().connect();
      await store.save(runOf({ id: 'a', provider: 'openai', status: 'completed', started_at: at(1) }));
      await store.save(runOf({ id: 'b', provider: 'openai', started_at: at(2) }));
      await store.save(runOf({ id: 'c', session_id: 'session-2', status: 'completed', started_at: at(3) }));
      await store.save(runOf({ id: 'd', provider: 'anthropic', status: 'failed', started_at: at(4) }));
      const ids = async (options: ListOptions): Promise<string> =>
        (await store.list(options)).runs.map(({ id }) => id).join('');
      expect(await ids({ sessionId: 'session-1' })).toBe('dba');
      expect(await ids({ status: 'completed' })).toBe('ca');
      expect(await ids({ provider: 'openai' })).toBe('ba');
      expect(await ids({ startedFrom: new Date(at(2)) })).toBe('dcb');
      expect(await ids({ startedBefore: new Date(at(2)) })).toBe('a');
      expect(await ids({ startedFrom: new Date(at(2)), startedBefore: new Date(at(4)) })).toBe('cb');
      expect(await ids({ sessionId: 'session-1', status: 'completed', provider: 'openai' })).toBe('a');
      expect(await ids({ sessionId: 'session-2', status: 'failed' })).toBe('');
      expect(await allPages(store, { sessionId: 'session-1', limit: 1 })).toEqual(['d', 'b', 'a']);
    });

    it('finds the children of a run, the tree of a root, and roots', async () => {
      const store = database().connect();
      const child = { parent_run_id: 'root', root_run_id: 'root' };
      await store.save(runOf({ id: 'root', started_at: at(1) }));
      await store.save(runOf({ id: 'a', ...child, started_at: at(2) }));
      await store.save(runOf({ id: 'b', ...child, status: 'failed', started_at: at(3) }));
      await store.save(runOf({ id: 'c', parent_run_id: 'a', root_run_id: 'root', started_at: at(4) }));
      await store.save(runOf({ id: 'alone', started_at: at(5) }));
      expect(await idsOf(store, { parentRunId: 'root' })).toEqual(['b', 'a']);
      expect(await idsOf(store, { rootRunId: 'root' })).toEqual(['c', 'b', 'a', 'root']);
      expect(await idsOf(store, { rootRunId: 'root', status: 'failed' })).toEqual(['b']);
      expect(await idsOf(store, { rootRunId: 'a' })).toEqual([]);
      expect(await idsOf(store, { rootsOnly: true })).toEqual(['alone', 'root']);
      expect(await idsOf(store, { rootsOnly: true, rootRunId: 'root' })).toEqual(['root']);
      expect(await idsOf(store, { rootsOnly: false })).toHaveLength(5);
      expect(await allPages(store, { rootRunId: 'root', limit: 1 })).toEqual(['c', 'b', 'a', 'root']);
      expect(await allPages(store, { rootsOnly: true, limit: 1 })).toEqual(['alone', 'root']);
    });

    it('pages through runs of several statuses in one order', async () => {
      const store = database().connect();
      const statuses = ['completed', 'failed', 'pending', 'timeout', 'failed', 'completed', 'failed'];
      for (const [second, status] of statuses.entries()) {
        await store.save(runOf({ id: `run_${second}`, status, started_at: at(second) }));
      }
      const status = ['timeout', 'failed', 'failed'] as const;
      expect(await allPages(store, { status, limit: 2 })).toEqual(['run_6', 'run_4', 'run_3', 'run_1']);
      expect(await idsOf(store, { status, sessionId: 'session-1', startedBefore: new Date(at(4)) })).toEqual([
        'run_3',
        'run_1',
      ]);
    });

    it('finds runs by members of their metadata, text and number apart', async () => {
      const store = database().connect();
      await store.save(runOf({ id: 'text', metadata: { n: '1', plan: 'pro' }, started_at: at(1) }));
      await store.save(runOf({ id: 'number', metadata: { n: 1, plan: 'pro' }, started_at: at(2) }));
      await store.save(runOf({ id: 'true', metadata: { n: true, plan: 'free' }, started_at: at(3) }));
      await store.save(runOf({ id: 'nested', metadata: { n: { n: 1 }, plan: null }, started_at: at(4) }));
      expect(await idsOf(store, { metadata: { n: '1' } })).toEqual(['text']);
      expect(await idsOf(store, { metadata: { n: 1 } })).toEqual(['number']);
      expect(await idsOf(store, { metadata: { n: true } })).toEqual(['true']);
      expect(await idsOf(store, { metadata: { n: 'true' } })).toEqual([]);
      expect(await idsOf(store, { metadata: { plan: 'pro' } })).toEqual(['number', 'text']);
      expect(await idsOf(store, { metadata: { plan: 'pro', n: 1 } })).toEqual(['number']);
      expect(await idsOf(store, { metadata: { plan: 'pro' }, sessionId: 'session-2' })).toEqual([]);
      expect(await idsOf(store, { metadata: { plan: 'pro' }, startedFrom: new Date(at(2)) })).toEqual([
        'number',
      ]);
      expect(await allPages(store, { metadata: { plan: 'pro' }, limit: 1 })).toEqual(['number', 'text']);
    });

    it('finds the few that have all of several members, along with other filters, page by page', async () => {
      const store = database().connect();
      const runs = Array.from({ length: 120 }, (_, index) =>
        runOf({
          id: `run_${1000 + index}`,
          started_at: at(index),
          metadata: { plan: index % 2 === 0 ? 'pro' : 'free', user: `user-${index % 10}` },
        }),
      );
      await Promise.all(runs.map((run) => store.save(run)));
      const between = { startedFrom: new Date(at(20)), startedBefore: new Date(at(60)) };
      const expected = [54, 44, 34, 24].map((index) => `run_${1000 + index}`);
      for (const metadata of [
        { plan: 'pro', user: 'user-4' },
        { user: 'user-4', plan: 'pro' },
      ]) {
        expect(await allPages(store, { metadata, ...between, limit: 1 })).toEqual(expected);
        expect(await store.summarize({ groupBy: 'status', metadata, ...between })).toMatchObject([
          { runs: expected.length },
        ]);
      }
    });

    it('finds runs by the metadata that they have now', async () => {
      const store = database().connect();
      const run = runOf({ id: 'a', metadata: { plan: 'free', user: 'u' } });
      const recorder = store.track(run);
      await recorder.flush();
      run.metadata = { plan: 'pro' };
      await recorder.flush();
      expect(await idsOf(store, { metadata: { plan: 'free' } })).toEqual([]);
      expect(await idsOf(store, { metadata: { user: 'u' } })).toEqual([]);
      expect(await idsOf(store, { metadata: { plan: 'pro' } })).toEqual(['a']);
      await store.delete('a');
      expect(await idsOf(store, { metadata: { plan: 'pro' } })).toEqual([]);
    });

    it.each([...HOSTILE_TEXTS, 'x'.repeat(256), '🙂'.repeat(128), '\u0000'.repeat(256), '漢'.repeat(256)])(
      'finds the name and the text %j in metadata',
      async (text) => {
        const store = database().connect();
        await store.save(runOf({ id: 'a', metadata: Object.fromEntries([[text, text]]) }));
        await store.save(runOf({ id: 'b', metadata: Object.fromEntries([[text, text.slice(1)]]) }));
        expect(await idsOf(store, { metadata: Object.fromEntries([[text, text]]) })).toEqual(['a']);
      },
    );

    it('finds the first 32 members of metadata that can be found, and passes over the others', async () => {
      const store = database().connect();
      const names = Array.from({ length: 33 }, (_, index) => `name${index}`);
      const metadata = {
        object: {},
        long: 'x'.repeat(257),
        ...Object.fromEntries(names.map((name) => [name, 1])),
      };
      await store.save(runOf({ id: 'a', metadata }));
      expect(await idsOf(store, { metadata: { name31: 1 } })).toEqual(['a']);
      expect(await idsOf(store, { metadata: { name32: 1 } })).toEqual([]);
      for (const bad of [
        { long: 'x'.repeat(257) },
        { ['n'.repeat(257)]: 1 },
        { a: null },
        { a: NaN },
        { a: {} },
      ]) {
        await expect(store.list({ metadata: bad as object } as ListOptions)).rejects.toMatchObject({
          code: 'validation_error',
        });
      }
    });

    it('finds runs that wait, for an answer or to be resumed', async () => {
      const store = database().connect();
      const waiting = { since: at(1), reason: 'approval', data: null, state: null, expires_at: null };
      const running = { status: 'running', running_at: at(1) };
      await store.save(runOf({ id: 'asks', ...running, awaiting: waiting, started_at: at(1) }));
      await store.save(
        runOf({ id: 'has', ...running, awaiting: { ...waiting, answer: false }, started_at: at(2) }),
      );
      await store.save(runOf({ id: 'runs', ...running, started_at: at(3) }));
      expect(await idsOf(store, { awaiting: 'answer' })).toEqual(['asks']);
      expect(await idsOf(store, { awaiting: 'resume' })).toEqual(['has']);
      expect((await store.list({ awaiting: 'answer' })).runs[0]?.toJSON().awaiting).toEqual(waiting);
      expect((await store.getActive('session-1'))?.id).toBe('runs');
    });

    it('goes through many runs that a second filter leaves out', async () => {
      const store = database().connect();
      const runs = Array.from({ length: 5000 }, (_, index) =>
        runOf({
          id: `run_${index}`,
          provider: 'openai',
          status: index % 1250 === 0 ? 'failed' : 'completed',
        }),
      );
      await Promise.all(runs.map((run) => store.track(run).flush()));
      const ids = await allPages(store, { provider: 'openai', status: 'failed', limit: 3 });
      expect(ids.sort()).toEqual(['run_0', 'run_1250', 'run_2500', 'run_3750']);
    });

    it.each([
      [{ startedAfter: new Date() }, 'startedAfter'],
      [{ statuses: ['failed'] }, 'statuses'],
      [{ rootsOnly: 'yes' }, 'rootsOnly'],
      [{ status: [] }, 'status'],
      [{ awaiting: 'nothing' }, 'awaiting'],
      [{ metadata: [] }, 'metadata'],
    ])('refuses %j', async (options, path) => {
      const list = database()
        .connect()
        .list(options as ListOptions);
      await expect(list).rejects.toMatchObject({
        code: 'validation_error',
        details: { issues: [expect.objectContaining({ path })] },
      });
    });

    it('refuses what it cannot filter by', async () => {
      const store = database().connect();
      const options = { limit: 0, cursor: 'nonsense', status: 'done', sessionId: 7, startedFrom: 'today' };
      await expect(store.list(options as unknown as ListOptions)).rejects.toMatchObject({
        code: 'validation_error',
        details: {
          issues: ['cursor', 'limit', 'sessionId', 'status', 'startedFrom'].map(
            (path) => expect.objectContaining({ path }) as object,
          ),
        },
      });
    });

    it('hands out runs that can be saved again', async () => {
      const store = database().connect();
      await store.save(runOf({ id: 'a' }));
      const [run] = (await store.list()).runs;
      run!.metadata = { seen: true };
      await store.save(run!);
      expect((await store.get('a'))?.metadata).toEqual({ seen: true });
    });
  });

  describe('.getActive()', () => {
    it('gives the newest running run of the session', async () => {
      const store = database().connect();
      expect(await store.getActive('session-1')).toBeNull();
      await store.save(runOf({ id: 'old', status: 'running', started_at: at(1) }));
      await store.save(runOf({ id: 'new', status: 'running', started_at: at(2) }));
      await store.save(runOf({ id: 'pending', started_at: at(3) }));
      await store.save(runOf({ id: 'other', session_id: 'session-2', status: 'running', started_at: at(4) }));
      expect((await store.getActive('session-1'))?.id).toBe('new');
    });

    it('gives the root of a tree, not its children', async () => {
      const store = database().connect();
      await store.save(runOf({ id: 'root', status: 'running', started_at: at(1) }));
      const child = { parent_run_id: 'root', root_run_id: 'root', status: 'running', started_at: at(2) };
      await store.save(runOf({ id: 'child', ...child }));
      expect((await store.getActive('session-1'))?.id).toBe('root');
    });

    it('follows the run through its life', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run);
      await recorder.flush();
      expect(await store.getActive('session-1')).toBeNull();
      run.updateStatus('running');
      await recorder.flush();
      expect((await store.getActive('session-1'))?.id).toBe(run.id);
      run.setOutput({});
      await recorder.flush();
      expect(await store.getActive('session-1')).toBeNull();
    });
  });
}
