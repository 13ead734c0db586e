import { setTimeout as sleep } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { RunRecorder, RunStore } from 'agent-run/store';
import { until } from './test-database';
import type { TestDatabase } from './test-database';

interface Unheard {
  readonly run: Run;
  readonly recorder: RunRecorder;
  /** The codes that the recorder has reported. */
  readonly errors: readonly unknown[];
}

/** A run that is cancelled in the store, which its own process has not heard yet. Rarely the news is there first. */
async function cancelUnheard(worker: RunStore, service: RunStore): Promise<Unheard> {
  for (;;) {
    const errors: unknown[] = [];
    const run = new Run({ sessionId: 'session-1' });
    const recorder = worker.track(run, { onError: ({ error }) => errors.push(error.code) });
    run.updateStatus('running');
    await recorder.flush();
    await service.cancel(run.id);
    if (!run.isTerminal) return { run, recorder, errors };
  }
}

export function describeCancel(database: () => TestDatabase): void {
  describe('.cancel()', () => {
    it('ends the run of another process, which keeps its usage', async () => {
      const [worker, service] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run);
      run.updateStatus('running').incrementTurn();
      await recorder.flush();
      const cancelled = await service.cancel(run.id, 'No longer needed');
      expect(cancelled.turnCount).toBe(1);
      // It may have heard already: what is reported late counts all the same.
      run.updateTokenUsage({ input_tokens: 10 });
      run.addCost(0.5);
      await recorder.flush();
      expect(run.status).toBe('cancelled');
      expect(run.error).toEqual({ code: 'cancelled', message: 'No longer needed' });
      const stored = await service.get(run.id);
      expect(stored?.toJSON()).toEqual(run.toJSON());
      expect(stored).toMatchObject({ turnCount: 1, tokenUsage: { input_tokens: 10 }, costUsd: 0.5 });
      const entries = await service.events(run.id);
      expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(entries.filter(({ type }) => type === 'statusChanged')).toHaveLength(2);
    });

    it('aborts the execution elsewhere at the next renewal of its lease', async () => {
      const [worker, service] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run, { leaseMs: 150 });
      let reason: unknown;
      const executed = run.execute(
        async ({ signal }) => {
          await sleep(20_000, null, { signal }).catch(() => undefined);
          reason = signal.reason;
        },
        { graceMs: 1000 },
      );
      executed.catch(() => undefined);
      await recorder.flush();
      await service.cancel(run.id, 'Enough');
      await expect(executed).rejects.toMatchObject({ code: 'cancelled', message: 'Enough' });
      expect(reason).toMatchObject({ code: 'cancelled' });
      await recorder.flush();
      expect((await service.get(run.id))?.toJSON()).toEqual(run.toJSON());
    });

    it('reaches an execution of the same store at once', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run);
      run.updateStatus('running');
      await recorder.flush();
      await store.cancel(run.id);
      await until(() => run.status === 'cancelled');
      await recorder.flush();
    });

    it('is refused for a run that has ended, and for none', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      await store.save(run.setOutput({ done: true }));
      await expect(store.cancel(run.id)).rejects.toMatchObject({ code: 'invalid_transition' });
      await expect(store.cancel('run_none')).rejects.toMatchObject({ code: 'run_not_found' });
      expect((await store.get(run.id))?.output).toEqual({ done: true });
      const other = new Run({ sessionId: 'session-1' });
      await store.save(other);
      await store.cancel(other.id);
      await expect(store.cancel(other.id)).rejects.toMatchObject({ code: 'invalid_transition' });
    });

    it('wins against an end that comes later, which is told so and overwrites nothing', async () => {
      const [worker, service] = [database().connect(), database().connect()];
      const { run, recorder, errors } = await cancelUnheard(worker, service);
      run.updateTokenUsage({ output_tokens: 7 });
      run.setOutput({ late: true });
      await expect(recorder.flush()).rejects.toMatchObject({ code: 'conflict' });
      expect(errors).toEqual(['conflict']);
      run.updateTokenUsage({ output_tokens: 1 });
      await expect(recorder.flush()).rejects.toMatchObject({ code: 'conflict' });
      const stored = await service.get(run.id);
      expect(stored).toMatchObject({ status: 'cancelled', output: null, tokenUsage: { output_tokens: 8 } });
      const ends = (await service.events(run.id)).filter(({ type }) => type === 'statusChanged');
      expect(ends.map(({ data }) => data['to'])).toEqual(['running', 'cancelled']);
    });

    it('has one winner in every race with an end, and journal and row agree', async () => {
      const [worker, service] = [database().connect(), database().connect()];
      const outcomes = new Set<string>();
      for (let race = 0; race < 40; race++) {
        const run = new Run({ sessionId: 'session-1' });
        const recorder = worker.track(run, { onError: () => undefined });
        run.updateStatus('running');
        await recorder.flush();
        run.setOutput({ race });
        const [completed, cancelled] = await Promise.allSettled([
          recorder.flush(),
          sleep(race % 3).then(() => service.cancel(run.id)),
        ]);
        expect([completed.status, cancelled.status].sort()).toEqual(['fulfilled', 'rejected']);
        const stored = await service.get(run.id);
        expect(stored?.status).toBe(completed.status === 'fulfilled' ? 'completed' : 'cancelled');
        const [, ...moves] = await service.events(run.id);
        expect(moves.map(({ data }) => data['to'])).toEqual(['running', stored?.status]);
        outcomes.add(stored!.status);
      }
      expect(outcomes.size).toBeGreaterThan(0);
    });

    it('lets the one who executes the run go on after another has saved it', async () => {
      const [worker, service] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run);
      run.updateStatus('running');
      await recorder.flush();
      const copy = await service.get(run.id);
      copy!.metadata = { flagged: true };
      await service.save(copy!);
      run.incrementTurn();
      run.setOutput({ done: true });
      await recorder.flush();
      expect(await service.get(run.id)).toMatchObject({
        status: 'completed',
        turnCount: 1,
        metadata: { flagged: true },
        output: { done: true },
      });
    });

    it('is a conflict for two who start the same pending run', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      await first.save(run);
      const copy = await second.get(run.id);
      const [mine, theirs] = [first.track(run), second.track(copy!, { onError: () => undefined })];
      run.updateStatus('running');
      await mine.flush();
      copy!.updateStatus('running');
      await expect(theirs.flush()).rejects.toMatchObject({ code: 'conflict' });
      expect(copy!.error).toMatchObject({ code: 'conflict' });
      expect((await first.get(run.id))?.status).toBe('running');
    });
  });
}
