import { setTimeout as sleep } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { PruneOptions, RunStore } from 'agent-run/store';
import { runOf } from './test-database';
import type { TestDatabase } from './test-database';

export function describeLife(database: () => TestDatabase): void {
  describe('.create()', () => {
    it('inserts a run once, whoever delivers it', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const make = (): Run => new Run({ id: 'message-7', sessionId: 'session-1', input: { a: [1] } });
      const created = await first.create(make());
      const again = await second.create(make());
      expect([created.created, again.created]).toEqual([true, false]);
      expect(again.run.toJSON()).toEqual(created.run.toJSON());
      expect((await first.events('message-7')).map(({ type }) => type)).toEqual(['created']);
    });

    it('is won by one of many', async () => {
      const stores = Array.from({ length: 5 }, () => database().connect());
      const runs = stores.map(() => new Run({ id: 'message-7', sessionId: 'session-1' }));
      const results = await Promise.all(stores.map((store, index) => store.create(runs[index]!)));
      expect(results.filter(({ created }) => created)).toHaveLength(1);
    });

    it.each([{ sessionId: 'session-2' }, { input: { a: 2 } }, { input: undefined }])(
      'refuses another run of the same id: %p',
      async (attributes) => {
        const store = database().connect();
        await store.create(new Run({ id: 'message-7', sessionId: 'session-1', input: { a: 1 } }));
        const other = new Run({ id: 'message-7', sessionId: 'session-1', input: { a: 1 }, ...attributes });
        const error = { code: 'conflict', details: { status: 'pending' } };
        await expect(store.create(other)).rejects.toMatchObject(error);
      },
    );

    it('makes a run that is tracked and executed from there', async () => {
      const store = database().connect();
      const { run } = await store.create(new Run({ sessionId: 'session-1' }));
      const recorder = store.track(run);
      await run.execute(() => ({ done: true }));
      await recorder.flush();
      expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
    });
  });

  describe('.inspect()', () => {
    it('tells which process executes a run, and until when it is believed', async () => {
      const [store, other] = [database().connect({ workerName: 'worker 7' }), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run, { leaseMs: 60_000 });
      run.updateStatus('running');
      await recorder.flush();
      const inspected = await other.inspect(run.id);
      expect(inspected).toMatchObject({ run: { id: run.id }, lease: { owner: 'worker 7' } });
      expect(inspected!.lease!.expiresAt.getTime() - Date.now()).toBeGreaterThan(30_000);
      expect(Math.abs(inspected!.recordedAt.getTime() - Date.now())).toBeLessThan(30_000);
      run.setOutput({});
      await recorder.flush();
      expect((await other.inspect(run.id))?.lease).toBeNull();
      expect(await other.inspect('run_none')).toBeNull();
    });
  });

  describe('.waitFor()', () => {
    it('settles with the run once it has ended, in whatever process', async () => {
      const [worker, reader] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run.updateStatus('running'));
      await recorder.flush();
      const waiting = [worker.waitFor(run.id), reader.waitFor(run.id)];
      await sleep(20);
      run.incrementTurn();
      await recorder.flush();
      run.setOutput({ done: true });
      await recorder.flush();
      const ended = await Promise.all(waiting);
      expect(ended.map(({ output }) => output)).toEqual([{ done: true }, { done: true }]);
      expect((await reader.waitFor(run.id)).status).toBe('completed');
    });

    it('tells a run that is not there, or no longer', async () => {
      const store = database().connect();
      await expect(store.waitFor('run_none')).rejects.toMatchObject({ code: 'run_not_found' });
      const run = new Run({ sessionId: 'session-1' });
      await store.save(run);
      const waiting = store.waitFor(run.id);
      // It may reject before the call that removes the run settles.
      waiting.catch(() => undefined);
      await sleep(10);
      await store.delete(run.id);
      await expect(waiting).rejects.toMatchObject({ code: 'run_not_found' });
    });

    it('ends with its signal, and with the store', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      await store.save(run);
      const controller = new AbortController();
      const [byAbort, byClose] = [
        store.waitFor(run.id, { signal: controller.signal }),
        store.waitFor(run.id),
      ];
      byClose.catch(() => undefined);
      const reason = new Error('enough');
      controller.abort(reason);
      await expect(byAbort).rejects.toBe(reason);
      await store.close();
      await expect(byClose).rejects.toMatchObject({ code: 'invalid_operation' });
    });
  });

  describe('.prune()', () => {
    const LONG_AGO = '2026-01-01T00:00:00.000Z';
    const ended = (record: object = {}): Run =>
      runOf({ status: 'completed', started_at: LONG_AGO, ended_at: LONG_AGO, ...record });
    const before = new Date('2026-02-01T00:00:00.000Z');

    async function saveAll(store: RunStore, runs: readonly Run[]): Promise<void> {
      for (const run of runs) await store.save(run);
    }

    it('removes what ended before a moment, and nothing else', async () => {
      const store = database().connect();
      const old = Array.from({ length: 230 }, () => ended());
      const recent = ended({ ended_at: '2026-03-01T00:00:00.000Z' });
      const running = runOf({ status: 'running', started_at: LONG_AGO });
      await saveAll(store, [...old, recent, running]);
      expect(await store.prune({ endedBefore: before })).toBe(230);
      const { runs } = await store.list();
      expect(runs.map(({ id }) => id).sort()).toEqual([recent.id, running.id].sort());
      expect(await store.prune({ endedBefore: before })).toBe(0);
    });

    it('removes a run after its descendants', async () => {
      const store = database().connect();
      const root = ended();
      const child = ended({ parent_run_id: root.id, root_run_id: root.id });
      const leaf = ended({ parent_run_id: child.id, root_run_id: root.id });
      const other = ended();
      const kept = ended({ parent_run_id: other.id, ended_at: '2026-03-01T00:00:00.000Z' });
      await saveAll(store, [root, child, leaf, other, kept]);
      expect(await store.prune({ endedBefore: before })).toBe(3);
      const { runs } = await store.list();
      expect(runs.map(({ id }) => id).sort()).toEqual([kept.id, other.id].sort());
    });

    it('removes only journals, whole, where that is asked for', async () => {
      const store = database().connect();
      const runs = [ended(), ended()];
      await saveAll(store, runs);
      expect(await store.prune({ endedBefore: before, journalOnly: true })).toBe(2);
      expect(await store.prune({ endedBefore: before, journalOnly: true })).toBe(0);
      expect((await store.list()).runs).toHaveLength(2);
      expect(await store.events(runs[0]!.id)).toEqual([]);
      expect((await store.get(runs[0]!.id))?.toJSON()).toEqual(runs[0]!.toJSON());
    });

    it('ends with its signal', async () => {
      const store = database().connect();
      await saveAll(store, [ended()]);
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(store.prune({ endedBefore: before, signal })).rejects.toThrow('enough');
      expect((await store.list()).runs).toHaveLength(1);
    });

    it.each([{}, { endedBefore: '2026-01-01' }, { endedBefore: before, journalonly: true }])(
      'refuses %p',
      async (options) => {
        const pruned = database()
          .connect()
          .prune(options as PruneOptions);
        await expect(pruned).rejects.toMatchObject({ code: 'validation_error' });
      },
    );
  });
}
