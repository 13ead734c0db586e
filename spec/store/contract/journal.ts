import { Run } from 'agent-run';
import type { TestDatabase } from './test-database';

export function describeJournal(database: () => TestDatabase): void {
  describe('.track()', () => {
    it('journals every event in order, without gaps', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run);
      run.updateStatus('running');
      run.incrementTurn();
      await recorder.flush();
      run.updateTokenUsage({ input_tokens: 10 });
      run.metadata = { step: 2 };
      run.setOutput({ response: 'Hello!' });
      await recorder.flush();
      const entries = await database().connect().events(run.id);
      expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
      expect(entries.map(({ type }) => type)).toEqual([
        'statusChanged',
        'turnIncremented',
        'usageUpdated',
        'attributesChanged',
        'statusChanged',
      ]);
      expect((await database().connect().get(run.id))?.toJSON()).toEqual(run.toJSON());
    });
  });
}
