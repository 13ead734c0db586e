import { Run, RunError } from 'agent-run';
import type { TestDatabase } from './test-database';

export function describeReading(database: () => TestDatabase): void {
  describe('.save() and .get()', () => {
    it('gives back what was saved', async () => {
      const run = new Run({ sessionId: 'session-1', input: { prompt: 'Hi' }, metadata: { plan: 'pro' } });
      await database().connect().save(run);
      const read = await database().connect().get(run.id);
      expect(read).toBeInstanceOf(Run);
      expect(read?.toJSON()).toEqual(run.toJSON());
    });

    it('knows no run that was never saved', async () => {
      expect(await database().connect().get('run_none')).toBeNull();
    });

    it('saves the same run again and again', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      await store.save(run);
      run.updateStatus('running').incrementTurn();
      await store.save(run);
      run.setOutput({ done: true });
      await store.save(run);
      expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
      const entries = await store.events(run.id);
      expect(entries.map(({ data }) => data)).toEqual([
        { parentRunId: null },
        { from: 'pending', to: 'running' },
        { from: 'running', to: 'completed' },
      ]);
    });

    it('refuses a run that has moved since it was read', async () => {
      const [store, other] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      await store.save(run);
      const late = await other.get(run.id);
      run.metadata = { mine: true };
      await store.save(run);
      late!.metadata = { late: true };
      await expect(other.save(late!)).rejects.toMatchObject({ code: 'conflict' });
      expect((await store.get(run.id))?.metadata).toEqual({ mine: true });
    });

    it('refuses a second run of the same id', async () => {
      const store = database().connect();
      await store.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
      const second = store.save(new Run({ sessionId: 'session-2', id: 'run_1' }));
      await expect(second).rejects.toBeInstanceOf(RunError);
      await expect(second).rejects.toMatchObject({ code: 'already_exists' });
      expect((await store.get('run_1'))?.sessionId).toBe('session-1');
    });

    it('refuses to end a run that another has ended', async () => {
      const [store, other] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      await store.save(run);
      await other.cancel(run.id);
      run.setOutput({ late: true });
      await expect(store.save(run)).rejects.toMatchObject({ code: 'conflict' });
      expect((await other.get(run.id))?.status).toBe('cancelled');
    });

    it('saves a run that is being recorded through its recorder', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      store.track(run);
      run.updateStatus('running');
      await store.save(run);
      run.incrementTurn();
      await store.save(run);
      expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
      expect(await store.events(run.id)).toHaveLength(3);
    });
  });

  describe('.delete()', () => {
    it('removes the run and its journal', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run);
      run.setOutput({});
      await recorder.flush();
      expect(await store.delete(run.id)).toBe(true);
      expect(await store.delete(run.id)).toBe(false);
      expect(await store.get(run.id)).toBeNull();
      expect(await store.events(run.id)).toEqual([]);
      expect((await store.list()).runs).toEqual([]);
    });

    it('never gives a position out again', async () => {
      const store = database().connect();
      const [first, second] = [new Run({ sessionId: 'session-1' }), new Run({ sessionId: 'session-1' })];
      await store.track(first.updateStatus('running')).stop();
      first.setOutput({});
      await store.save(first);
      const [deleted] = await store.events(first.id);
      await store.delete(first.id);
      second.setOutput({});
      await store.save(second);
      const [entry] = await store.events(second.id);
      expect(entry!.position).toBeGreaterThan(deleted!.position);
    });

    it('stops the process that executes the run', async () => {
      const [worker, service] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run, { onError: () => undefined });
      run.updateStatus('running');
      await recorder.flush();
      await service.delete(run.id);
      // It may have heard of it already.
      if (!run.isTerminal) run.incrementTurn();
      await expect(recorder.flush()).rejects.toMatchObject({ code: 'run_not_found' });
      expect(run.isTerminal).toBe(true);
      expect(await service.get(run.id)).toBeNull();
    });
  });

  describe('.close()', () => {
    it('stores what is left', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      store.track(run);
      run.setOutput({ done: true });
      await store.close();
      expect((await database().connect().get(run.id))?.toJSON()).toEqual(run.toJSON());
    });

    it('refuses what comes after it', async () => {
      const store = database().connect();
      await store.close();
      await store.close();
      await expect(store.get('run_1')).rejects.toMatchObject({ code: 'invalid_operation' });
      expect(() => store.track(new Run({ sessionId: 'session-1' }))).toThrow('closed');
    });
  });
}
