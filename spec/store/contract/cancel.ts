import { Run } from 'agent-run';
import type { TestDatabase } from './test-database';

export function describeCancel(database: () => TestDatabase): void {
  describe('.cancel()', () => {
    it('ends the run of another process, which keeps its usage', async () => {
      const [worker, service] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run);
      run.updateStatus('running');
      await recorder.flush();
      await service.cancel(run.id, 'No longer needed');
      run.updateTokenUsage({ input_tokens: 10 });
      await recorder.flush();
      expect(run.status).toBe('cancelled');
      const stored = await service.get(run.id);
      expect(stored?.status).toBe('cancelled');
      expect(stored?.error).toEqual({ code: 'cancelled', message: 'No longer needed' });
      expect(stored?.tokenUsage).toEqual({ input_tokens: 10 });
    });
  });
}
