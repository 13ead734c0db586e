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
