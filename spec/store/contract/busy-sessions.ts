import { setTimeout as sleep } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { RunStore, WhenBusy } from 'agent-run/store';
import { recordingOf } from '../../../lib/store/recorder';
import type { TestDatabase } from './test-database';

async function runningRun(store: RunStore): Promise<Run> {
  const run = new Run({ sessionId: 'session-1' });
  const recorder = store.track(run);
  run.updateStatus('running');
  await recorder.flush();
  return run;
}

export function describeBusySessions(database: () => TestDatabase): void {
  describe('whenBusy', () => {
    it('"allow" lets a session have several running runs', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const [a, b] = [await runningRun(first), await runningRun(second)];
      expect((await first.list({ sessionId: 'session-1', status: 'running' })).runs).toHaveLength(2);
      expect([a.status, b.status]).toEqual(['running', 'running']);
    });

    it('"reject" refuses a second one before its function is called', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const active = await runningRun(first);
      const run = new Run({ sessionId: 'session-1' });
      const recorder = second.track(run, { whenBusy: 'reject', onError: () => undefined });
      const fn = jest.fn();
      await expect(run.execute(fn)).rejects.toMatchObject({ code: 'session_busy' });
      expect(fn).not.toHaveBeenCalled();
      await expect(recorder.flush()).rejects.toMatchObject({ code: 'session_busy' });
      expect(run).toMatchObject({ status: 'failed', error: { code: 'session_busy' } });
      expect((await first.get(run.id))?.toJSON()).toEqual(run.toJSON());
      expect((await second.getActive('session-1'))?.id).toBe(active.id);
      const elsewhere = new Run({ sessionId: 'session-2' });
      second.track(elsewhere, { whenBusy: 'reject' });
      await expect(elsewhere.execute(() => ({ fine: true }))).resolves.toEqual({ fine: true });
    });

    it('"queue" waits until the session is free', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const active = await runningRun(first);
      const run = new Run({ sessionId: 'session-1' });
      const recorder = second.track(run, { whenBusy: 'queue' });
      let started = false;
      const executed = run.execute(() => {
        started = true;
        return { activeWas: active.status };
      });
      await sleep(100);
      expect(started).toBe(false);
      active.setOutput({});
      await first.track(active).flush();
      await expect(executed).resolves.toEqual({ activeWas: 'completed' });
      await recorder.flush();
      expect((await first.get(run.id))?.status).toBe('completed');
    });

    it('"queue" lets go of a run that is cancelled while it waits', async () => {
      const store = database().connect();
      await runningRun(store);
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run, { whenBusy: 'queue' });
      const fn = jest.fn();
      const executed = run.execute(fn);
      executed.catch(() => undefined);
      await sleep(30);
      run.cancel('Too slow');
      await expect(executed).rejects.toMatchObject({ code: 'cancelled', message: 'Too slow' });
      await recorder.flush();
      expect(fn).not.toHaveBeenCalled();
      expect((await store.get(run.id))?.status).toBe('cancelled');
    });

    it('"cancel-previous" ends the one before', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const active = await runningRun(first);
      const run = new Run({ sessionId: 'session-1' });
      second.track(run, { whenBusy: 'cancel-previous' });
      await expect(run.execute(() => ({ mine: true }))).resolves.toEqual({ mine: true });
      expect((await second.get(active.id))?.status).toBe('cancelled');
      active.updateTokenUsage({ input_tokens: 1 });
      await first.track(active).flush();
      expect(active.status).toBe('cancelled');
    });

    it('does not wait for a process that has died', async () => {
      const [dead, store] = [database().connect(), database().connect()];
      const orphan = new Run({ sessionId: 'session-1' });
      const recorder = dead.track(orphan, { leaseMs: 40, onError: () => undefined });
      jest.spyOn(recordingOf(recorder), 'renew').mockReturnValue();
      orphan.updateStatus('running');
      await recorder.flush();
      await sleep(60);
      const run = new Run({ sessionId: 'session-1' });
      store.track(run, { whenBusy: 'reject' });
      await expect(run.execute(() => ({ mine: true }))).resolves.toEqual({ mine: true });
      expect((await store.get(orphan.id))?.error).toMatchObject({ code: 'orphaned' });
    });

    it.each<WhenBusy>(['queue', 'cancel-previous', 'reject'])(
      '"%s" never has two running at once, whoever starts',
      async (whenBusy) => {
        const stores = [database().connect(), database().connect(), database().connect()];
        let running = 0;
        let most = 0;
        const runs = Array.from({ length: 9 }, () => new Run({ sessionId: 'session-1' }));
        const executed = runs.map((run, index) => {
          stores[index % 3]!.track(run, { whenBusy, onError: () => undefined });
          return run.execute(
            async ({ signal }) => {
              most = Math.max(most, ++running);
              await sleep(15, null, { signal }).finally(() => running--);
            },
            { graceMs: 0 },
          );
        });
        const ends = await Promise.allSettled(executed);
        for (const store of stores) await store.close().catch(() => undefined);
        const reader = database().connect();
        const { runs: stored } = await reader.list({ sessionId: 'session-1' });
        expect(stored).toHaveLength(9);
        expect(stored.filter(({ status }) => status === 'running')).toEqual([]);
        if (whenBusy === 'queue') {
          expect(ends.every(({ status }) => status === 'fulfilled')).toBe(true);
          expect(stored.every(({ status }) => status === 'completed')).toBe(true);
        }
        if (whenBusy !== 'cancel-previous') expect(most).toBe(1);
        expect(stored.some(({ status }) => status === 'completed')).toBe(true);
        await expectOneAtATime(reader);
      },
      30_000,
    );
  });
}

/** By the journal, nobody entered the session before the one before had left it. */
async function expectOneAtATime(store: RunStore): Promise<void> {
  const controller = new AbortController();
  const inside = new Set<string>();
  const watch = store.watch({ sessionId: 'session-1', signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  for await (const { type, runId, data } of watch) {
    if (type !== 'statusChanged') continue;
    if (data['to'] === 'running') inside.add(runId);
    else inside.delete(runId);
    const leaving = [...inside].filter((id) => id !== runId);
    if (data['to'] === 'running') expect({ runId, leaving }).toEqual({ runId, leaving: [] });
  }
}
