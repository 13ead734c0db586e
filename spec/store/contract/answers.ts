import { setTimeout as sleep } from 'node:timers/promises';
import type { ParkOptions, RunError } from 'agent-run';
import { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { takeIn } from '../../../lib/store/take-in';
import type { TestDatabase } from './test-database';

async function parkedRun(store: RunStore, options: ParkOptions = {}): Promise<Run> {
  const run = new Run({ sessionId: 'session-1' });
  const recorder = store.track(run, { whenBusy: 'reject' });
  await run.execute(({ run: current }) => current.park({ reason: 'approval', ...options }));
  await recorder.flush();
  return run;
}

export function describeAnswers(database: () => TestDatabase): void {
  describe('.answer()', () => {
    it('is kept with the run, which somebody resumes', async () => {
      const [worker, service, next] = [database().connect(), database().connect(), database().connect()];
      const { id } = await parkedRun(worker, { state: { step: 7 } });
      const answered = await service.answer(id, { approved: true });
      expect(answered.awaiting).toMatchObject({ reason: 'approval', answer: { approved: true } });
      const run = await next.get(id);
      const recorder = next.track(run!);
      const output = await run!.execute(({ resumed }) => ({ step: resumed?.state?.['step'] }));
      await recorder.flush();
      expect(output).toEqual({ step: 7 });
      expect((await service.get(id))?.toJSON()).toEqual(run!.toJSON());
      const types = (await service.events(id)).map(({ type }) => type);
      expect(types).toEqual([
        'created',
        'statusChanged',
        'parked',
        'answered',
        'attributesChanged',
        'statusChanged',
      ]);
    });

    it('keeps what is personal out of the journal', async () => {
      const store = database().connect();
      const { id } = await parkedRun(store, { data: { secret: 'data-7' }, state: { text: 'state-7' } });
      await store.answer(id, 'answer-7');
      expect(JSON.stringify(await store.events(id))).not.toMatch(/data-7|state-7|answer-7/);
    });

    it('counts once, by whoever it is given', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const { id } = await parkedRun(first);
      const answers = await Promise.allSettled([first.answer(id, 1), second.answer(id, 2)]);
      expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'invalid_operation' },
      });
    });

    it('is refused by a run that waits for none, and for none', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      await store.save(run);
      await expect(store.answer(run.id, 1)).rejects.toMatchObject({ code: 'invalid_operation' });
      await expect(store.answer('run_none', 1)).rejects.toMatchObject({ code: 'run_not_found' });
    });

    it('lets one of two who resume the run execute it', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const { id } = await parkedRun(first);
      await first.answer(id, 'go');
      const copies = [await first.get(id), await second.get(id)];
      const fn = jest.fn(() => ({ resumed: true }));
      const executed = await Promise.allSettled(
        [first, second].map((store, index) => {
          takeIn(store, copies[index]!, { onError: () => undefined });
          return copies[index]!.execute(fn);
        }),
      );
      expect(executed.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = executed.find((result) => result.status === 'rejected');
      expect(['conflict', 'lease_lost']).toContain((refused?.reason as RunError).code);
      expect(fn).toHaveBeenCalledTimes(1);
    });
  });

  describe('a parked run', () => {
    it('does not hold its session, and is not the active one', async () => {
      const store = database().connect();
      await parkedRun(store);
      expect(await store.getActive('session-1')).toBeNull();
      const other = new Run({ sessionId: 'session-1' });
      store.track(other, { whenBusy: 'reject' });
      await expect(other.execute(() => ({ fine: true }))).resolves.toEqual({ fine: true });
    });

    it('has no lease, and recover() leaves it alone', async () => {
      const [store, service] = [database().connect(), database().connect()];
      const { id } = await parkedRun(store);
      expect(await service.inspect(id)).toMatchObject({ lease: null });
      expect(await service.recover({ staleAfterMs: 0 })).toEqual([]);
    });

    it('is ended by recover() once it has expired', async () => {
      const [store, service] = [database().connect(), database().connect()];
      const { id } = await parkedRun(store, { expiresInMs: 10 });
      await sleep(30);
      expect((await service.recover()).map((run) => run.id)).toEqual([id]);
      const stored = await service.get(id);
      expect(stored).toMatchObject({ status: 'timeout', error: { code: 'expired' }, awaiting: null });
    });

    it('is found by what it waits for', async () => {
      const store = database().connect();
      const { id } = await parkedRun(store);
      const found = async (awaiting: 'answer' | 'resume'): Promise<string[]> =>
        (await store.list({ awaiting })).runs.map((run) => run.id);
      expect([await found('answer'), await found('resume')]).toEqual([[id], []]);
      await store.answer(id, null);
      expect([await found('answer'), await found('resume')]).toEqual([[], [id]]);
    });
  });
}
