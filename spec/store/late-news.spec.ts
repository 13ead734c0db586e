import { Run } from 'agent-run';
import { RunStore } from 'agent-run/store';
import type { Commit, RunWrite, WriteOutcome } from '../../lib/store/backend';
import { MemoryBackend } from '../../lib/store/memory/backend';

/** News of a commit overtakes the answer to a write that was committed before it. */
class OvertakenBackend extends MemoryBackend {
  beforeAnswer: () => Promise<void> = () => Promise.resolve();
  #onCommit: ((commit: Commit | null) => void) | null = null;

  subscribe(onCommit: (commit: Commit | null) => void): () => void {
    // The first store is the one that is told.
    this.#onCommit ??= onCommit;
    return () => undefined;
  }

  override async apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    const outcomes = await super.apply(writes);
    const { beforeAnswer } = this;
    this.beforeAnswer = () => Promise.resolve();
    await beforeAnswer();
    return outcomes;
  }

  tell(runId: string): void {
    this.#onCommit?.({ runIds: [runId], sessionIds: [] });
  }
}

/** A store on rows that it shares with others. */
class SharedStore extends RunStore {}

describe('RunRecorder', () => {
  it.each(['the first write', 'a later write'])(
    'hears of a cancel that is committed while the answer to %s is on its way',
    async (which) => {
      const backend = new OvertakenBackend();
      const worker = new SharedStore(backend);
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run);
      run.updateStatus('running');
      if (which === 'a later write') {
        await recorder.flush();
        run.incrementTurn();
      }
      backend.beforeAnswer = async () => {
        // As another process would: this one's own calls tell its recorders themselves.
        const { status } = await new SharedStore(backend).cancel(run.id);
        expect(status).toBe('cancelled');
        backend.tell(run.id);
      };
      const ended = new Promise((resolve) => {
        run.on('statusChanged', ({ to }) => {
          if (to === 'cancelled') resolve(to);
        });
      });
      await recorder.flush();
      await ended;
      expect(run.status).toBe('cancelled');
      await recorder.stop();
      await worker.close();
    },
  );
});
