import { Run } from 'agent-run';
import type { RecorderErrorEvent, RunRecorder, RunStore, TrackOptions } from 'agent-run/store';
import { takeIn } from '../../lib/store/take-in';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

let clock: VirtualClock;
let backend: FlakyBackend;
let store: RunStore;
/** As another process has it. */
let other: RunStore;
let errors: RecorderErrorEvent[];

/** Nobody tells these stores of what others wrote: they find out by what they write. */
beforeEach(() => {
  clock = new VirtualClock(7);
  jest.spyOn(Date, 'now').mockImplementation(() => clock.epochMs());
  backend = new FlakyBackend();
  errors = [];
  const track: TrackOptions = { onError: (event) => errors.push(event), leaseMs: 30_000 };
  const options = { pollMs: 1_000_000, retryForMs: 2_000, callTimeoutMs: 1_000, track };
  store = new FlakyStore(backend, options, clock);
  other = new FlakyStore(backend, options, clock);
});

afterEach(() => {
  jest.restoreAllMocks();
});

async function settle<Result>(promise: Promise<Result>, ms = 1_000): Promise<Result> {
  promise.catch(() => undefined);
  await clock.pass(ms);
  return promise;
}

interface Recorded {
  readonly run: Run;
  readonly recorder: RunRecorder;
}

async function pendingRun(options: TrackOptions = {}): Promise<Recorded> {
  const run = new Run({ sessionId: 'session-1' });
  const recorder = store.track(run, options);
  await settle(recorder.flush(), 10);
  return { run, recorder };
}

async function runningRun(options: TrackOptions = {}): Promise<Recorded> {
  const run = new Run({ sessionId: 'session-1' }).updateStatus('running');
  const recorder = store.track(run, options);
  await settle(recorder.flush(), 10);
  return { run, recorder };
}

function codes(): string[] {
  return errors.map(({ error: { code }, willRetry }) => (willRetry ? `${code}, to be retried` : code));
}

async function moves(run: Run): Promise<unknown[]> {
  const entries = await settle(store.events(run.id));
  return entries.filter(({ type }) => type === 'statusChanged').map(({ data }) => data['to']);
}

describe('RunRecorder', () => {
  describe('whose write was answered by nobody', () => {
    it('hears at once of a cancel that came in between', async () => {
      const { run } = await runningRun();
      backend.answers = ['lost answer', 'away'];
      run.incrementTurn();
      await clock.pass(1);
      await settle(other.cancel(run.id), 5);
      await clock.pass(200);
      expect(run.status).toBe('cancelled');
      expect(codes().filter((code) => !code.endsWith('retried'))).toEqual([]);
    });

    it('writes no more than the repetition where nobody came in between', async () => {
      const { run, recorder } = await runningRun();
      const before = backend.batches.length;
      backend.answers = ['lost answer'];
      run.incrementTurn();
      await settle(recorder.flush());
      expect(backend.batches.length - before).toBe(2);
      expect((await settle(store.events(run.id))).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    });
  });

  describe('whose run was ended elsewhere', () => {
    it('has nothing to refuse where the run had not begun', async () => {
      const { run, recorder } = await pendingRun();
      await settle(other.cancel(run.id));
      run.metadata = { late: true };
      await settle(recorder.flush());
      expect(run.status).toBe('cancelled');
      expect(codes()).toEqual([]);
      expect((await settle(store.get(run.id)))?.toJSON()).toEqual(run.toJSON());
      expect(await moves(run)).toEqual(['cancelled']);
    });

    it('has nothing to refuse where it brings no end of its own', async () => {
      const { run, recorder } = await runningRun();
      await settle(other.cancel(run.id));
      run.updateTokenUsage({ input_tokens: 5 });
      await settle(recorder.flush());
      await settle(recorder.stop());
      expect(codes()).toEqual([]);
      expect((await settle(store.inspect(run.id)))?.lease).toBeNull();
      expect((await settle(store.get(run.id)))?.toJSON()).toEqual(run.toJSON());
      expect(await moves(run)).toEqual(['running', 'cancelled']);
    });

    it('tells so again, and stores what is used on, when it is recorded again', async () => {
      const { run, recorder } = await runningRun();
      await settle(other.cancel(run.id));
      run.setOutput({ late: true });
      await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'conflict' });
      await expect(settle(recorder.stop())).rejects.toMatchObject({ code: 'conflict' });
      const again = store.track(run);
      run.updateTokenUsage({ input_tokens: 5 });
      const error = { code: 'conflict', details: { status: 'cancelled' } };
      await expect(settle(again.flush())).rejects.toMatchObject(error);
      expect(await settle(store.get(run.id))).toMatchObject({
        status: 'cancelled',
        output: null,
        tokenUsage: { input_tokens: 5 },
      });
      expect(await moves(run)).toEqual(['running', 'cancelled']);
    });

    it('stores one end where the run waited for its session', async () => {
      await runningRun();
      const { run, recorder } = await pendingRun({ whenBusy: 'queue' });
      const fn = jest.fn();
      const executed = run.execute(fn);
      executed.catch(() => undefined);
      await clock.pass(100);
      await settle(other.cancel(run.id), 5_000);
      await expect(executed).rejects.toMatchObject({ code: 'cancelled' });
      expect(fn).not.toHaveBeenCalled();
      await settle(recorder.flush());
      expect(codes()).toEqual([]);
      expect(await moves(run)).toEqual(['cancelled']);
    });
  });

  describe('.buffered', () => {
    it('counts what is on its way, and what came since', async () => {
      const { run, recorder } = await runningRun();
      expect(recorder.buffered).toBe(0);
      backend.answers = ['hangs'];
      run.incrementTurn().incrementTurn();
      expect(recorder.buffered).toBe(2);
      await clock.pass(1);
      expect(recorder.buffered).toBe(2);
      run.incrementTurn();
      expect(recorder.buffered).toBe(3);
      await settle(recorder.flush(), 2_000);
      expect(recorder.buffered).toBe(0);
    });

    it('is 0 once nothing is recorded any more', async () => {
      const { run, recorder } = await runningRun();
      await settle(recorder.stop());
      run.incrementTurn();
      expect(recorder.buffered).toBe(0);
      backend.then = 'refused';
      const failed = store.track(run);
      await expect(settle(failed.flush())).rejects.toMatchObject({ code: 'storage_error' });
      run.incrementTurn();
      expect(failed.buffered).toBe(0);
    });

    it.each([
      [3, 'running'],
      [4, 'full'],
    ])('may be as much as it is told: %i of 3 is %s', async (turns, outcome) => {
      const { run, recorder } = await runningRun({ maxBuffered: 3 });
      backend.then = 'away';
      backend.isAllBad = true;
      run.incrementTurn();
      await clock.pass(1);
      for (let turn = 1; turn < turns; turn++) run.incrementTurn();
      backend.then = 'ok';
      const flushed = settle(recorder.flush());
      if (outcome === 'running') await expect(flushed).resolves.toBeUndefined();
      else await expect(flushed).rejects.toMatchObject({ code: 'storage_error', retryable: false });
    });
  });

  describe('with a lease', () => {
    async function renewalsAfter(writtenAt: number): Promise<number> {
      const { run } = await runningRun({ leaseMs: 3_000 });
      await clock.pass(writtenAt - clock.now());
      run.incrementTurn();
      await clock.pass(1);
      const before = backend.batches.length;
      // The round is at every third of the lease, from when it was first held.
      await clock.pass(2_000 - clock.now());
      return backend.batches.length - before;
    }

    it.each([
      [1_250, 1],
      [1_251, 0],
    ])('renews it unless it has written within a quarter of it: at %i ms of 2,000', async (ms, renewals) => {
      expect(await renewalsAfter(ms)).toBe(renewals);
    });

    it('renews it with nothing else in the write, at the same revision', async () => {
      const { run } = await runningRun({ leaseMs: 3_000 });
      await clock.pass(5_500);
      const renewals = backend.batches.slice(1).flat();
      expect(renewals).toHaveLength(5);
      for (const write of renewals) {
        expect(write).toMatchObject({ columns: {}, entries: [], revision: 1, nextRevision: 1 });
      }
      expect(run.status).toBe('running');
    });

    it.each<[string, (recorded: Recorded) => unknown]>([
      ['the run has ended', ({ run }) => run.setOutput({})],
      ['it is told to stop', ({ recorder }) => void recorder.stop()],
      ['the run was cancelled elsewhere', ({ run }) => void other.cancel(run.id)],
      ['it has failed', ({ run }) => void other.delete(run.id)],
    ])('renews it no more once %s', async (_, act) => {
      const recorded = await runningRun({ leaseMs: 3_000 });
      act(recorded);
      await clock.pass(3_000);
      const stored = await settle(store.inspect(recorded.run.id));
      expect(stored?.lease ?? null).toBeNull();
      const before = backend.batches.length;
      await clock.pass(20_000);
      expect(backend.batches).toHaveLength(before);
    });

    it('gives it up while the run waits for a person, and takes it again', async () => {
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run, { leaseMs: 3_000 });
      const lease = async (): Promise<unknown> => (await settle(store.inspect(run.id), 10))?.lease;
      const parked = run.execute(({ run: own }) => own.park({ reason: 'approval' }));
      parked.catch(() => undefined);
      await clock.pass(10);
      expect(await lease()).toBeNull();
      const before = backend.batches.length;
      await clock.pass(20_000);
      expect(backend.batches).toHaveLength(before);
      await settle(store.answer(run.id, { approved: true }), 10);
      expect(await lease()).toBeNull();
      const resumed = (await settle(store.get(run.id), 10))!;
      store.track(resumed, { leaseMs: 3_000 });
      let finish: (output: object) => void = () => undefined;
      const executed = resumed.execute(
        () =>
          new Promise((resolve) => {
            finish = resolve;
          }),
      );
      await clock.pass(10);
      expect(await lease()).toMatchObject({ owner: expect.any(String) as string });
      finish({ done: true });
      await settle(executed, 10);
      expect(await lease()).toBeNull();
      await settle(recorder.stop()).catch(() => undefined);
    });
  });

  describe('.stop()', () => {
    it('listens no more, and resolves again', async () => {
      const { run, recorder } = await pendingRun();
      await settle(recorder.stop());
      run.updateStatus('running');
      await settle(recorder.stop());
      await settle(recorder.flush());
      expect((await settle(store.get(run.id)))?.status).toBe('pending');
      expect(backend.batches).toHaveLength(1);
    });

    it('rejects as flush() does where something was refused', async () => {
      const { run, recorder } = await runningRun();
      await settle(other.delete(run.id));
      run.incrementTurn();
      await expect(settle(recorder.stop())).rejects.toMatchObject({ code: 'run_not_found' });
      await expect(settle(recorder.stop())).rejects.toMatchObject({ code: 'run_not_found' });
      await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'run_not_found' });
      expect(run).toMatchObject({ status: 'failed', error: { code: 'run_not_found' } });
    });
  });

  describe('that warns', () => {
    let warn: jest.SpyInstance;

    beforeEach(() => {
      warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    });

    it.each([
      ['says nothing where somebody waits for it', true, 0],
      ['says so where nobody does', false, 1],
    ])('%s', async (_, isAwaited, warnings) => {
      const quiet = new FlakyStore(backend, { pollMs: 1_000_000 }, clock);
      const run = new Run({ sessionId: 'session-1' }).updateStatus('running');
      const recorder = quiet.track(run);
      await settle(recorder.flush());
      await settle(other.delete(run.id));
      run.incrementTurn();
      if (isAwaited) {
        await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'run_not_found' });
      } else await clock.pass(1_000);
      expect(warn).toHaveBeenCalledTimes(warnings);
    });
  });

  describe('that asks first', () => {
    it('calls nothing for an id that is there already', async () => {
      const run = new Run({ sessionId: 'session-1' });
      await settle(other.create(new Run({ id: run.id, sessionId: 'session-1' })));
      const recorder = takeIn(store, run);
      const fn = jest.fn();
      await expect(settle(run.execute(fn))).rejects.toMatchObject({ code: 'already_exists' });
      expect(fn).not.toHaveBeenCalled();
      await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'already_exists' });
      expect((await settle(store.get(run.id)))?.status).toBe('pending');
    });
  });
});
