import { Run, RunError } from 'agent-run';
import type { TestDatabase } from './test-database';

export function describeReading(database: () => TestDatabase): void {
  describe('.save() and .get()', () => {
    it('gives back what was saved', async () => {
      const run = new Run({ sessionId: 'session-1', input: { prompt: 'Hi' }, metadata: { plan: 'pro' } });
      await database().connect().save(run);
      const read = await database().connect().get(run.id);
      expect(read?.toJSON()).toEqual(run.toJSON());
    });

    it('knows no run that was never saved', async () => {
      expect(await database().connect().get('run_none')).toBeNull();
    });

    it('refuses a run that has moved since it was read', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      await store.save(run);
      const [mine, theirs] = [await store.get(run.id), await database().connect().get(run.id)];
      mine!.metadata = { mine: true };
      await store.save(mine!);
      const other = database().connect();
      const late = await other.get(run.id);
      await store.save(mine!);
      late!.metadata = { late: true };
      await expect(other.save(late!)).rejects.toMatchObject({ code: 'conflict' });
      expect(theirs?.metadata).toEqual({});
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
  });
}
