import { setTimeout as sleep } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { RecoverOptions, RunRecorder, RunStore } from 'agent-run/store';
import { recordingOf } from '../../../lib/store/recorder';
import { runOf, until } from './test-database';
import type { TestDatabase } from './test-database';

/** A run whose process has stopped: it renews nothing, and hears of nothing. */
async function abandonedRun(store: RunStore): Promise<{ run: Run; recorder: RunRecorder }> {
  const run = new Run({ sessionId: 'session-1' });
  const recorder = store.track(run, { leaseMs: 60, onError: () => undefined });
  run.updateStatus('running').incrementTurn().updateTokenUsage({ input_tokens: 10 });
  jest.spyOn(recordingOf(recorder), 'renew').mockReturnValue();
  jest.spyOn(recordingOf(recorder), 'check').mockReturnValue();
  await recorder.flush();
  await sleep(80);
  return { run, recorder };
}

export function describeLeases(database: () => TestDatabase): void {
  describe('.recover()', () => {
    it('ends a run whose process has died, its usage intact', async () => {
      const [dead, service] = [database().connect(), database().connect()];
      const { run } = await abandonedRun(dead);
      const [ended, ...others] = await service.recover({ staleAfterMs: 0 });
      expect(others).toEqual([]);
      expect(ended?.id).toBe(run.id);
      const stored = await service.get(run.id);
      expect(stored).toMatchObject({
        status: 'failed',
        turnCount: 1,
        tokenUsage: { input_tokens: 10 },
        error: { code: 'orphaned' },
      });
      expect(stored?.endedAt).not.toBeNull();
      const last = (await service.events(run.id)).at(-1);
      expect(last).toMatchObject({ seq: 5, data: { from: 'running', to: 'failed' } });
      expect(await service.recover({ staleAfterMs: 0 })).toEqual([]);
      expect(await service.getActive('session-1')).toBeNull();
    });

    it('refuses the process that wakes up, and ends its run the same way', async () => {
      const [dead, service] = [database().connect(), database().connect()];
      const { run, recorder } = await abandonedRun(dead);
      await service.recover({ staleAfterMs: 0 });
      run.incrementTurn();
      await expect(recorder.flush()).rejects.toMatchObject({ code: 'lease_lost' });
      expect(run).toMatchObject({ status: 'failed', error: { code: 'orphaned' } });
      expect((await service.get(run.id))?.status).toBe('failed');
    });

    it('refuses the end that a process that wakes up brings', async () => {
      const [dead, service] = [database().connect(), database().connect()];
      const { run, recorder } = await abandonedRun(dead);
      await service.recover({ staleAfterMs: 0 });
      run.setOutput({ late: true });
      await expect(recorder.flush()).rejects.toMatchObject({ code: 'lease_lost' });
      expect(await service.get(run.id)).toMatchObject({ status: 'failed', output: null });
    });

    it('leaves alone what is alive, whatever it is asked', async () => {
      const [worker, service] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run, { leaseMs: 400 });
      run.updateStatus('running');
      await recorder.flush();
      for (let look = 0; look < 5; look++) {
        await sleep(120);
        expect(await service.recover({ staleAfterMs: 0 })).toEqual([]);
      }
      run.setOutput({});
      await recorder.flush();
      expect((await service.get(run.id))?.status).toBe('completed');
    });

    it('goes by the lease alone, however long a saved run may be quiet', async () => {
      const [dead, service] = [database().connect(), database().connect()];
      const { run } = await abandonedRun(dead);
      const saved = runOf({ status: 'running' });
      await service.save(saved);
      expect((await service.recover({ staleAfterMs: 60_000 })).map(({ id }) => id)).toEqual([run.id]);
      expect((await service.get(saved.id))?.status).toBe('running');
    });

    it('changes nothing in a dry run, and gives what it would end', async () => {
      const [dead, service] = [database().connect(), database().connect()];
      const { run } = await abandonedRun(dead);
      const found = await service.recover({ dryRun: true });
      expect(found.map(({ id, status }) => [id, status])).toEqual([[run.id, 'running']]);
      expect((await service.get(run.id))?.status).toBe('running');
    });

    it('ends no run of its own process, however late its renewals are', async () => {
      const store = database().connect();
      const { run } = await abandonedRun(store);
      expect(await store.recover()).toEqual([]);
      expect((await store.get(run.id))?.status).toBe('running');
    });

    it('ends a running run that nobody ever held, once it is stale', async () => {
      const store = database().connect();
      const run = runOf({ status: 'running' });
      await store.save(run);
      await store.save(runOf({ status: 'pending' }));
      expect(await store.recover()).toEqual([]);
      await sleep(20);
      expect((await store.recover({ staleAfterMs: 10 })).map(({ id }) => id)).toEqual([run.id]);
    });

    it('ends each orphan once, however many processes look', async () => {
      const stores = [database().connect(), database().connect(), database().connect()];
      const runs = Array.from({ length: 130 }, () => runOf({ status: 'running' }));
      for (const run of runs) await stores[0]!.save(run);
      await sleep(5);
      const found = await Promise.all(stores.map((store) => store.recover({ staleAfterMs: 1 })));
      const ids = found.flat().map(({ id }) => id);
      expect([...ids].sort()).toEqual(runs.map(({ id }) => id).sort());
    });

    it.each([{ staleAfterMs: -1 }, { dryRun: 'yes' }, { dryrun: true }])('refuses %p', async (options) => {
      const recovered = database()
        .connect()
        .recover(options as RecoverOptions);
      await expect(recovered).rejects.toMatchObject({ code: 'validation_error' });
    });
  });

  describe('a lease', () => {
    it('keeps others from going on with a run that is being executed', async () => {
      const [worker, other] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run);
      run.updateStatus('running');
      await recorder.flush();
      const copy = await other.get(run.id);
      const thief = other.track(copy!, { onError: () => undefined });
      await expect(thief.flush()).rejects.toMatchObject({ code: 'lease_lost' });
      run.setOutput({});
      await recorder.flush();
      expect((await other.get(run.id))?.status).toBe('completed');
    });

    it('can be taken once it has expired, and the process that held it learns so', async () => {
      const [dead, other] = [database().connect(), database().connect()];
      const { run, recorder } = await abandonedRun(dead);
      const copy = await other.get(run.id);
      const next = other.track(copy!);
      await next.flush();
      run.incrementTurn();
      await expect(recorder.flush()).rejects.toMatchObject({ code: 'lease_lost' });
      expect(run.error).toMatchObject({ code: 'lease_lost' });
      copy!.setOutput({ finished: 'elsewhere' });
      await next.flush();
      expect(await other.get(run.id)).toMatchObject({ status: 'completed', turnCount: 1 });
    });

    it('is renewed while nothing else is written', async () => {
      const [worker, other] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run, { leaseMs: 200 });
      const renew = jest.spyOn(recordingOf(recorder), 'renew');
      run.updateStatus('running');
      await recorder.flush();
      await until(() => renew.mock.calls.length >= 4);
      expect(await other.recover({ staleAfterMs: 0 })).toEqual([]);
      expect(await other.events(run.id)).toHaveLength(2);
      run.setOutput({});
      await recorder.flush();
      const calls = renew.mock.calls.length;
      await sleep(150);
      expect(renew.mock.calls.length).toBe(calls);
    });

    it('is given up by stop()', async () => {
      const [worker, other] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = worker.track(run);
      run.updateStatus('running');
      await recorder.stop();
      const copy = await other.get(run.id);
      await other.track(copy!).flush();
      copy!.setOutput({});
      await other.track(copy!).flush();
      expect((await worker.get(run.id))?.status).toBe('completed');
    });
  });
}
