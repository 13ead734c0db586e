import { setTimeout as sleep } from 'node:timers/promises';
import { Run } from 'agent-run';
import { RunManager } from 'agent-run/manager';
import type { RunStore } from 'agent-run/store';
import type { EmptyDatabase } from '../store/processes/databases';
import { databases, openStore } from '../store/processes/databases';
import { refusal, toldBy } from './kit';

const sessionId = 'session-123';

describe.each(databases)('RunManager on $name', ({ create }) => {
  let database: EmptyDatabase;
  let store: RunStore;
  const managers: RunManager[] = [];

  beforeEach(async () => {
    database = await create();
    store = openStore(database.location);
  });

  afterEach(async () => {
    await Promise.all(managers.splice(0).map((manager) => manager.close()));
    await store.close();
    await database.remove();
  });

  function newManager(options: object = {}): RunManager {
    const manager = new RunManager({ store, recoverEveryMs: 0, ...options });
    manager.on('storeError', () => undefined);
    managers.push(manager);
    return manager;
  }

  describe('.execute()', () => {
    it('calls the function when the store has the run, under a lease, and settles when it has its end', async () => {
      const runs = newManager();
      const told = toldBy(runs);
      const output = await runs.execute({ sessionId, id: 'a' }, async ({ run }) => {
        const stored = await store.get('a');
        expect(stored?.status).toBe('running');
        expect(await runs.get('a')).toBe(run);
        run.incrementTurn();
        return { done: true };
      });
      expect(output).toEqual({ done: true });
      expect((await store.get('a'))?.toJSON()).toMatchObject({ status: 'completed', turn_count: 1 });
      expect(told).toEqual(['created a', 'running a', 'turn 1 a', 'completed a']);
      expect(runs.size).toBe(0);
    });

    it('calls one of two at once that have the same id, in two processes or one', async () => {
      const [left, right] = [newManager(), newManager()];
      const fn = jest.fn(() => sleep(20).then(() => ({})));
      const told = [toldBy(left), toldBy(right)];
      const settled = await Promise.allSettled(
        [left, right, left].map((runs) => runs.execute({ sessionId, id: 'job-1' }, fn)),
      );
      expect(fn).toHaveBeenCalledTimes(1);
      const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      expect(refused).toHaveLength(2);
      for (const error of refused) {
        expect(error).toMatchObject({ code: 'already_exists', details: { status: 'running' } });
      }
      expect(told.flat()).toEqual(['created job-1', 'running job-1', 'completed job-1']);
      expect((await store.list({})).runs).toHaveLength(1);
    });

    it('says how the run stands that has the id', async () => {
      const runs = newManager();
      await runs.execute({ sessionId, id: 'job-1' }, () => ({}));
      const fn = jest.fn();
      await expect(newManager().execute({ sessionId, id: 'job-1' }, fn)).rejects.toMatchObject({
        code: 'already_exists',
        details: { status: 'completed' },
      });
      expect(fn).not.toHaveBeenCalled();
    });

    it('takes a run that is there and pending, with the same session and input', async () => {
      await store.save(new Run({ sessionId, id: 'job-1', input: { task: 'sum up' } }));
      const runs = newManager();
      const attributes = { sessionId, id: 'job-1' };
      await expect(runs.execute({ ...attributes, input: { task: 'other' } }, () => ({}))).rejects.toThrow(
        refusal('conflict'),
      );
      await runs.execute({ ...attributes, input: { task: 'sum up' } }, () => ({ done: true }));
      expect((await store.get('job-1'))?.output).toEqual({ done: true });
    });

    it('lets one of many have a run that is pending', async () => {
      await store.save(new Run({ sessionId, id: 'job-1' }));
      const fn = jest.fn(() => sleep(20).then(() => ({})));
      const settled = await Promise.allSettled(
        Array.from({ length: 5 }, () => newManager().execute({ sessionId, id: 'job-1' }, fn)),
      );
      expect(fn).toHaveBeenCalledTimes(1);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('does not call what its session refuses, and neither stores it nor tells of it', async () => {
      const runs = newManager({ track: { whenBusy: 'reject' } });
      const told = toldBy(runs);
      const fn = jest.fn(() => ({}));
      await runs.execute({ sessionId, id: 'a' }, async () => {
        await expect(runs.execute({ sessionId, id: 'b' }, fn)).rejects.toThrow(refusal('session_busy'));
        return {};
      });
      expect(fn).not.toHaveBeenCalled();
      expect(told).toEqual(['created a', 'running a', 'completed a']);
      expect(await store.get('b')).toBeNull();
      await runs.execute({ sessionId, id: 'b' }, fn);
      expect(fn).toHaveBeenCalledTimes(1);
    });

    it('rejects where another process has ended the run, whatever the function returned', async () => {
      const runs = newManager();
      const settled = runs.execute({ sessionId, id: 'a' }, async ({ signal }) => {
        await openStore(database.location).cancel('a', 'Not needed');
        await sleep(50, undefined, { signal }).catch(() => undefined);
        return { late: true };
      });
      await expect(settled).rejects.toThrow(/Not needed|ended as "cancelled"/);
      expect((await store.get('a'))?.status).toBe('cancelled');
    });

    it('keeps children, and tells of them', async () => {
      const runs = newManager();
      await runs.execute({ sessionId, id: 'a' }, async ({ run }) => {
        await run.createChild({ id: 'b' }).execute(() => ({ child: true }));
        return {};
      });
      expect((await store.get('b'))?.toJSON()).toMatchObject({ status: 'completed', parent_run_id: 'a' });
    });
  });

  describe('.create()', () => {
    it('stores the run, which another process may execute', async () => {
      const run = newManager().create({ sessionId, id: 'a', input: { task: 1 } });
      while ((await store.get('a')) === null) await sleep(5);
      expect((await store.get('a'))?.status).toBe('pending');
      await newManager().resume('a', () => ({ done: true }));
      expect(run.status).toBe('pending');
      await expect(newManager().execute(run, () => ({}))).rejects.toThrow(refusal('conflict'));
    });
  });

  describe('.resume()', () => {
    it('lets exactly one of twenty call', async () => {
      await store.save(new Run({ sessionId, id: 'a' }));
      const fn = jest.fn(() => sleep(20).then(() => ({})));
      const workers = Array.from({ length: 20 }, () => newManager());
      const settled = await Promise.allSettled(workers.map((worker) => worker.resume('a', fn)));
      expect(fn).toHaveBeenCalledTimes(1);
      for (const each of settled) {
        if (each.status === 'fulfilled') continue;
        expect(['conflict', 'lease_lost', 'invalid_transition']).toContain(
          (each.reason as { code: string }).code,
        );
      }
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('knows no run that is not there, and none that has ended', async () => {
      const runs = newManager();
      await expect(runs.resume('a', () => ({}))).rejects.toThrow(refusal('run_not_found'));
      await store.save(new Run({ sessionId, id: 'a' }).setOutput({}));
      await expect(runs.resume('a', () => ({}))).rejects.toThrow(refusal('invalid_transition'));
    });
  });

  describe('.cancel()', () => {
    it('settles when the end is stored, wherever the run is executed', async () => {
      const [here, elsewhere] = [newManager(), newManager()];
      const waiting = here.execute({ sessionId, id: 'a' }, ({ signal }) =>
        sleep(60_000, undefined, { signal }),
      );
      waiting.catch(() => undefined);
      while ((await store.get('a'))?.status !== 'running') await sleep(5);
      await here.cancel('a', 'Enough');
      expect((await store.get('a'))?.error).toEqual({ code: 'cancelled', message: 'Enough' });
      await expect(waiting).rejects.toThrow('Enough');
      await expect(elsewhere.cancel('a')).rejects.toThrow(refusal('invalid_transition'));
      await expect(elsewhere.cancel('b')).rejects.toThrow(refusal('run_not_found'));
    });
  });

  describe('the sweep', () => {
    it('ends what a dead process has left, at the start and later, and tells of it', async () => {
      const leave = async (id: string): Promise<void> => {
        const dead = openStore(database.location);
        const run = new Run({ sessionId, id });
        const recorder = dead.track(run, { leaseMs: 200 });
        run.updateStatus('running');
        await recorder.flush();
        await dead.close();
      };
      const runs = newManager({ recoverEveryMs: 50 });
      const recovered: string[] = [];
      runs.on('runRecovered', ({ run }) =>
        recovered.push(`${run.id} ${JSON.stringify(run.error?.['code'])}`),
      );
      for (const id of ['a', 'b']) {
        await leave(id);
        while (!recovered.some((each) => each.startsWith(id))) await sleep(10);
      }
      expect(recovered).toEqual(['a "orphaned"', 'b "orphaned"']);
    });

    it('removes what ended long enough ago, goes on after a failure, and stops with the manager', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
      const prune = jest.spyOn(store, 'prune').mockRejectedValueOnce(new Error('no'));
      prune.mockResolvedValue(0);
      const runs = newManager({ retention: { keepMs: 1_000, journalMs: 10 } });
      const failed: unknown[] = [];
      runs.on('storeError', ({ run, error }) => failed.push([run, error.code]));
      await jest.advanceTimersByTimeAsync(60_000);
      await jest.advanceTimersByTimeAsync(2 * 3_600_000);
      expect(failed).toEqual([[null, 'storage_error']]);
      expect(prune.mock.calls.length).toBeGreaterThanOrEqual(4);
      expect(prune.mock.calls.map(([options]) => options.journalOnly ?? false)).toContain(true);
      const { length } = prune.mock.calls;
      await runs.close();
      await jest.advanceTimersByTimeAsync(4 * 3_600_000);
      expect(prune.mock.calls).toHaveLength(length);
      jest.useRealTimers();
    });
  });

  describe('.drain()', () => {
    it('leaves nothing running, with everything stored', async () => {
      const runs = newManager({ defaults: { graceMs: 100 } });
      let begun = 0;
      const settled = Promise.allSettled(
        Array.from({ length: 10 }, (_, index) =>
          runs.execute({ sessionId, id: `run-${index}` }, async ({ run, signal }) => {
            begun += 1;
            run.incrementTurn();
            await sleep(index < 5 ? 20 : 60_000, undefined, { signal });
            return { done: true };
          }),
        ),
      );
      while (begun < 10) await sleep(5);
      await sleep(20);
      await runs.drain({ graceMs: 200, reason: 'Deployment' });
      const { runs: stored } = await store.list({});
      expect(stored.map(({ status }) => status).sort()).toEqual([
        ...Array.from({ length: 5 }, () => 'cancelled'),
        ...Array.from({ length: 5 }, () => 'completed'),
      ]);
      expect(stored.every(({ turnCount }) => turnCount === 1)).toBe(true);
      await settled;
    });
  });
});
