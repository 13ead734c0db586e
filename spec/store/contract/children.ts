import { Run } from 'agent-run';
import type { WhenBusy } from 'agent-run/store';
import type { TestDatabase } from './test-database';

export function describeChildren(database: () => TestDatabase): void {
  describe('a tracked run', () => {
    it('has its descendants tracked from the moment they are made', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run);
      run.updateStatus('running').addCost(1);
      const child = run.createChild();
      const grandchild = child.updateStatus('running').addCost(9).createChild();
      grandchild.updateStatus('running').addCost(0.5);
      await Promise.all([recorder, store.track(child), store.track(grandchild)].map((each) => each.flush()));
      const [row] = await store.summarize({ groupBy: 'sessionId' });
      expect(row).toMatchObject({ runs: 3, costUsd: 10.5 });
      expect(await store.get(grandchild.id)).toMatchObject({ parentRunId: child.id, rootRunId: run.id });
      const { runs } = await store.list({ rootRunId: run.id });
      expect(runs.map(({ id }) => id).sort()).toEqual([run.id, child.id, grandchild.id].sort());
    });

    it('leaves them alone where that was declined', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run, { children: false });
      const child = run.updateStatus('running').createChild();
      await recorder.flush();
      expect(await store.get(child.id)).toBeNull();
    });

    it.each<WhenBusy>(['reject', 'queue', 'cancel-previous'])(
      'is never busy against its own children with "%s"',
      async (whenBusy) => {
        const store = database().connect();
        const run = new Run({ sessionId: 'session-1' });
        const recorder = store.track(run, { whenBusy });
        const output = await run.execute(async ({ run: parent }) => {
          const child = parent.createChild();
          return child.execute(async () => ({ active: (await store.getActive('session-1'))?.id }));
        });
        expect(output).toEqual({ active: run.id });
        await recorder.flush();
        const { runs } = await store.list({ sessionId: 'session-1' });
        expect(runs.map(({ status }) => status)).toEqual(['completed', 'completed']);
      },
    );

    it('is busy for another root while it runs', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run);
      run.updateStatus('running').createChild().updateStatus('running');
      await recorder.flush();
      const other = new Run({ sessionId: 'session-1' });
      store.track(other, { whenBusy: 'reject', onError: () => undefined });
      await expect(other.execute(() => ({}))).rejects.toMatchObject({ code: 'session_busy' });
    });
  });
}
