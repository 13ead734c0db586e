import { Run, RunError } from 'agent-run';
import type { RecorderErrorEvent, RunRecorder, RunStore, TrackOptions } from 'agent-run/store';
import { recordingOf } from '../../lib/store/recorder';
import { takeIn } from '../../lib/store/take-in';
import { awayError, FlakyBackend, FlakyStore } from '../support/flaky-backend';
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

/** The answer to the next batch, which is committed at once, takes so long. */
function slowAnswer(ms: number): void {
  const apply = backend.apply.bind(backend);
  jest.spyOn(backend, 'apply').mockImplementationOnce(async (writes) => {
    const outcomes = await apply(writes);
    await new Promise<void>((resolve) => {
      clock.after(ms, resolve);
    });
    return outcomes;
  });
}

/** Another process reads the run, changes it and saves it: its journal tells nothing of that. */
async function saveElsewhere(run: Run, metadata: object): Promise<void> {
  const copy = (await settle(other.get(run.id), 1))!;
  copy.metadata = { ...copy.metadata, ...metadata };
  await settle(other.save(copy), 1);
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

  it('sends what comes while a write is on its way after it, and nothing twice', async () => {
    const { run, recorder } = await runningRun();
    const before = backend.batches.length;
    slowAnswer(100);
    run.incrementTurn();
    await clock.pass(1);
    run.incrementTurn().incrementTurn();
    await settle(recorder.flush());
    const writes = backend.batches.slice(before).flat();
    expect(writes.map(({ revision, entries }) => [revision, entries.map(({ seq }) => seq)])).toEqual([
      [1, [3]],
      [2, [4, 5]],
    ]);
  });

  it('makes flush() wait for what has happened before it, and not for what comes later', async () => {
    const { run, recorder } = await runningRun();
    slowAnswer(100);
    run.incrementTurn();
    await clock.pass(1);
    const flushed: string[] = [];
    void recorder.flush().then(() => flushed.push('first'));
    slowAnswer(500);
    run.incrementTurn();
    void recorder.flush().then(() => flushed.push('second'));
    await clock.pass(110);
    expect(flushed).toEqual(['first']);
    await clock.pass(500);
    expect(flushed).toEqual(['first', 'second']);
  });

  it('begins a run once, of two processes that begin it in one millisecond', async () => {
    const { run, recorder } = await pendingRun();
    const copy = (await settle(other.get(run.id), 0))!;
    const theirs = other.track(copy);
    backend.answers = ['away'];
    run.updateStatus('running');
    await clock.pass(1);
    // The same entry, as if at the same time.
    jest.spyOn(Date, 'now').mockReturnValue(clock.epochMs() - 1);
    copy.updateStatus('running');
    await settle(theirs.flush(), 0);
    copy.incrementTurn();
    await settle(theirs.flush(), 0);
    await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'conflict' });
    expect(run.error).toMatchObject({ code: 'conflict' });
    expect(copy.status).toBe('running');
    expect(await moves(run)).toEqual(['running']);
  });

  it('stores a move once that an earlier recorder has stored without learning so', async () => {
    const { run, recorder } = await pendingRun();
    backend.answers = ['lost answer', 'refused'];
    run.updateStatus('running');
    await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'storage_error' });
    const again = store.track(run);
    run.incrementTurn();
    await settle(again.flush());
    expect(await moves(run)).toEqual(['running']);
    run.setOutput({ done: true });
    await settle(again.flush());
    expect(await moves(run)).toEqual(['running', 'completed']);
  });

  it('leaves the lease to who has it when it stops at once', async () => {
    const { run, recorder } = await runningRun();
    const copy = (await settle(other.get(run.id)))!;
    const theirs = other.track(copy);
    copy.metadata = { flagged: true };
    await settle(theirs.stop());
    expect(await settle(store.inspect(run.id))).toMatchObject({
      run: { metadata: { flagged: true } },
      lease: { owner: expect.any(String) as string },
    });
    run.incrementTurn();
    await settle(recorder.flush());
    expect(run.status).toBe('running');
  });

  it('takes its children in, unless it is told not to', async () => {
    const { run, recorder } = await runningRun();
    const child = run.createChild();
    await settle(recorder.flush());
    expect((await settle(store.get(child.id)))?.parentRunId).toBe(run.id);
    const alone = await runningRun({ children: false });
    const unknown = alone.run.createChild();
    await clock.pass(100);
    expect(await settle(store.get(unknown.id))).toBeNull();
  });

  it('stops what it cannot keep up with, also where the callback makes more of it', async () => {
    const onError = ({ run: failing }: RecorderErrorEvent): void => {
      for (let call = 0; call < 5; call++) failing.updateTokenUsage({ input_tokens: 1 });
    };
    const { run, recorder } = await runningRun({ maxBuffered: 4, onError });
    await settle(other.cancel(run.id));
    run.setOutput({ late: true });
    await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'storage_error', retryable: false });
    await clock.pass(1_000_001);
    expect(clock.waiting).toBe(0);
  });

  it('is done with a write when its buffer was full before the stored run was read', async () => {
    const { run, recorder } = await runningRun({ maxBuffered: 3 });
    backend.answers = ['lost answer'];
    run.incrementTurn();
    await clock.pass(1);
    await saveElsewhere(run, { theirs: 1 });
    const read = backend.read.bind(backend);
    jest.spyOn(backend, 'read').mockImplementationOnce(async (id) => {
      await new Promise<void>((resolve) => {
        clock.after(100, resolve);
      });
      return read(id);
    });
    await clock.pass(80);
    for (let turn = 0; turn < 5; turn++) run.incrementTurn();
    const { state } = recordingOf(recorder);
    expect(state.name).toBe('failed');
    await clock.pass(1_000_001);
    expect(recordingOf(recorder).state).toBe(state);
    expect(clock.waiting).toBe(0);
  });

  it('makes a revision of each entry, also where no column changes', async () => {
    const { run, recorder } = await runningRun();
    run.note('noted');
    await settle(recorder.flush());
    expect(backend.batches.at(-1)![0]).toMatchObject({ columns: {}, revision: 1, nextRevision: 2 });
    expect((await settle(store.events(run.id))).at(-1)?.type).toBe('noted');
  });

  it('learns of others by the journal, and writes nothing because of its own entries', async () => {
    const polling = new FlakyStore(backend, { pollMs: 100 }, clock);
    const run = new Run({ sessionId: 'session-1' }).updateStatus('running');
    const recorder = polling.track(run);
    for (let turn = 0; turn < 5; turn++) {
      await settle(recorder.flush(), 250);
      run.incrementTurn();
    }
    await settle(recorder.flush(), 250);
    expect(backend.batches).toHaveLength(6);
    await settle(other.cancel(run.id), 150);
    expect(run.status).toBe('cancelled');
  });

  it('stores each move of a run that begins and ends in one tick', async () => {
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run);
    run.updateStatus('running').setOutput({ done: true });
    await settle(recorder.flush());
    expect(await moves(run)).toEqual(['running', 'completed']);
  });

  it('stores what the database never got, however often the run was saved elsewhere meanwhile', async () => {
    const { run, recorder } = await runningRun();
    backend.answers = ['away'];
    run.incrementTurn();
    await clock.pass(1);
    await saveElsewhere(run, { first: 1 });
    await saveElsewhere(run, { second: 2 });
    await settle(recorder.flush());
    expect(await settle(store.get(run.id))).toMatchObject({
      turnCount: 1,
      metadata: { first: 1, second: 2 },
    });
    expect((await settle(store.events(run.id))).at(-1)?.type).toBe('turnIncremented');
  });

  it('does not take for its own what another has written in the same millisecond', async () => {
    const { run, recorder } = await pendingRun();
    const copy = (await settle(other.get(run.id), 0))!;
    const theirs = other.track(copy);
    copy.metadata = { theirs: true };
    await settle(theirs.flush(), 0);
    copy.note('and one more');
    await settle(theirs.flush(), 0);
    run.metadata = { mine: true };
    await expect(settle(recorder.flush(), 0)).rejects.toMatchObject({ code: 'conflict' });
    expect((await settle(store.get(run.id)))?.metadata).toEqual({ theirs: true });
  });

  it('leaves a pending run alone that is saved by others, until it changes', async () => {
    const { run } = await pendingRun();
    const before = backend.batches.length;
    const copy = (await settle(store.get(run.id)))!;
    copy.metadata = { saved: true };
    await settle(store.save(copy));
    expect(backend.batches.length - before).toBe(1);
    expect(run.status).toBe('pending');
    expect(codes()).toEqual([]);
  });

  it('writes every column with save(), also those that others have changed', async () => {
    const { run } = await runningRun();
    await saveElsewhere(run, { theirs: true });
    await settle(store.save(run));
    expect((await settle(store.get(run.id)))?.toJSON()).toEqual(run.toJSON());
  });

  it('hears of a cancel in its own process while an answer is on its way', async () => {
    const { run } = await runningRun();
    slowAnswer(100);
    run.incrementTurn();
    await clock.pass(1);
    await settle(store.cancel(run.id), 1);
    expect(run.status).toBe('running');
    await clock.pass(110);
    expect(run.status).toBe('cancelled');
  });

  it('loses its lease to who has gone on with the run', async () => {
    const { run, recorder } = await runningRun({ leaseMs: 3_000 });
    jest.spyOn(recordingOf(recorder), 'renew').mockReturnValue();
    await clock.pass(4_000);
    const copy = (await settle(other.get(run.id), 10))!;
    const next = other.track(copy);
    copy.incrementTurn();
    await settle(next.flush(), 10);
    run.incrementTurn();
    await expect(settle(recorder.flush(), 10)).rejects.toMatchObject({ code: 'lease_lost' });
    expect(run.error).toMatchObject({ code: 'lease_lost' });
    expect((await settle(store.get(run.id), 10))?.status).toBe('running');
  });

  describe('that records no more', () => {
    it.each<[string, (recorded: Recorded) => unknown]>([
      ['is stopped', ({ recorder }) => recorder.stop()],
      [
        'has failed',
        async ({ run, recorder }) => {
          await other.delete(run.id);
          run.incrementTurn();
          return recorder.flush();
        },
      ],
      ['is closed', () => store.close()],
    ])('does nothing, whatever timers, news and the queue ask, once it %s', async (_, end) => {
      const recorded = await runningRun();
      const recording = recordingOf(recorded.recorder);
      const write = backend.batches[0]![0]!;
      await settle(Promise.resolve(end(recorded))).catch(() => undefined);
      const [before, { state }, told] = [backend.batches.length, recording, codes()];
      recording.check();
      recording.renew();
      expect(recording.takeWrite()).toBeNull();
      recording.unanswered();
      recording.delayed(awayError(), true);
      for (const outcome of ['applied', 'busy', 'leased', 'stale'] as const) {
        await recording.settle(write, outcome);
      }
      recording.fail(new RunError('storage_error', 'The disk is full'));
      recording.close();
      await settle(recording.saveWhole()).catch(() => undefined);
      await clock.pass(60_000);
      expect(recording.state).toBe(state);
      expect(recording.buffered).toBe(0);
      expect(recording.isWaiting).toBe(false);
      expect(backend.batches).toHaveLength(before);
      expect(codes()).toEqual(told);
    });

    it('takes nothing in while there is nothing on its way either', async () => {
      const { recorder } = await runningRun();
      const recording = recordingOf(recorder);
      const { state } = recording;
      recording.unanswered();
      await recording.settle(backend.batches[0]![0]!, 'stale');
      expect(recording.state).toBe(state);
      expect(recording.takeWrite()).toBeNull();
      expect(recording.state).toEqual(state);
    });

    it('knows what is stored when the run is recorded again', async () => {
      const { run, recorder } = await pendingRun();
      await settle(recorder.stop());
      const before = backend.batches.length;
      await settle(store.track(run).flush());
      expect(backend.batches).toHaveLength(before);
      await settle(store.track(run).stop());
      run.metadata = { changed: true };
      await settle(store.track(run).flush());
      expect(Object.keys(backend.batches.at(-1)![0]!.columns)).toEqual(['metadata']);
    });
  });

  describe('whose run waits for its session', () => {
    interface Waiting extends Recorded {
      readonly first: Recorded;
      readonly executed: Promise<unknown>;
      readonly fn: jest.Mock;
    }

    async function waitingRun(options: TrackOptions = {}): Promise<Waiting> {
      const first = await runningRun();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run, { whenBusy: 'queue', ...options });
      const fn = jest.fn(() => ({ done: true }));
      const executed = run.execute(fn);
      executed.catch(() => undefined);
      await clock.pass(50);
      return { first, run, recorder, executed, fn };
    }

    async function waitingStoredRun(): Promise<Omit<Waiting, 'recorder'>> {
      const first = await runningRun();
      const { run } = await pendingRun({ whenBusy: 'queue' });
      const fn = jest.fn(() => ({ done: true }));
      const executed = run.execute(fn);
      executed.catch(() => undefined);
      await clock.pass(50);
      return { first, run, executed, fn };
    }

    it('closes at once', async () => {
      const { executed, fn } = await waitingRun();
      await settle(store.close(), 10);
      await expect(executed).rejects.toMatchObject({ code: 'invalid_operation' });
      expect(fn).not.toHaveBeenCalled();
    });

    it('stops at once', async () => {
      const { run, recorder, executed } = await waitingRun();
      await expect(settle(recorder.stop(), 0)).rejects.toMatchObject({ code: 'session_busy' });
      await expect(executed).resolves.toEqual({ done: true });
      expect(await settle(store.get(run.id))).toBeNull();
    });

    it('stores its end at once, and never that it ran', async () => {
      const { run, recorder } = await waitingRun();
      run.cancel();
      await settle(recorder.flush(), 10);
      const [, ...entries] = await settle(store.events(run.id));
      expect(entries.map(({ data }) => data)).toEqual([{ from: 'pending', to: 'cancelled' }]);
      expect((await settle(store.get(run.id)))?.toJSON()).toEqual(run.toJSON());
    });

    it('tries for one of those that wait in this process', async () => {
      const { first, executed } = await waitingRun();
      const [second, third] = [1, 2].map(() => new Run({ sessionId: 'session-1' }));
      const others = [second!, third!].map((run) => {
        store.track(run, { whenBusy: 'queue' });
        return run.execute(() => ({ done: true }));
      });
      await clock.pass(5_000);
      const tried = new Set(backend.batches.flat().map(({ id }) => id));
      expect(tried.has(second!.id) || tried.has(third!.id)).toBe(false);
      first.run.setOutput({});
      await settle(Promise.all([executed, ...others]), 5_000);
      await clock.pass(1_000);
      for (const run of [second!, third!]) {
        expect((await settle(store.get(run.id)))?.toJSON()).toEqual(run.toJSON());
        expect(run.status).toBe('completed');
      }
    });

    it('does not ask for the session again because of a change', async () => {
      const { run, executed, first } = await waitingRun();
      const before = backend.batches.length;
      for (let note = 0; note < 50; note++) {
        run.note('waiting');
        await clock.pass(1);
      }
      expect(backend.batches.length - before).toBeLessThanOrEqual(1);
      first.run.setOutput({});
      await expect(settle(executed, 3_000)).resolves.toEqual({ done: true });
    });

    it.each<[string, (waiting: Recorded) => Promise<unknown>, object | null]>([
      [
        'stops',
        ({ recorder }) =>
          expect(settle(recorder.stop(), 200)).rejects.toMatchObject({ code: 'session_busy' }),
        null,
      ],
      [
        'stores its end',
        ({ run, recorder }) => {
          run.cancel();
          return settle(recorder.flush(), 200);
        },
        { status: 'cancelled' },
      ],
    ])('%s although the session’s answer was on its way', async (_, act, stored) => {
      await runningRun();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run, { whenBusy: 'queue' });
      slowAnswer(100);
      void run.execute(() => ({})).catch(() => undefined);
      await clock.pass(10);
      await act({ run, recorder });
      const row = await settle(store.get(run.id));
      if (stored === null) expect(row).toBeNull();
      else expect(row).toMatchObject(stored);
      expect(recorder.buffered).toBe(0);
    });

    it('stores its end although the store is being closed and its answer was on its way', async () => {
      await runningRun();
      const run = new Run({ sessionId: 'session-1' });
      store.track(run, { whenBusy: 'queue' });
      slowAnswer(100);
      void run.execute(() => ({})).catch(() => undefined);
      await clock.pass(10);
      run.cancel();
      await settle(store.close());
      expect((await settle(other.get(run.id)))?.status).toBe('cancelled');
    });

    it('is let go on by stop(), whatever its session says later', async () => {
      await runningRun();
      const stale = backend.stale.bind(backend);
      jest.spyOn(backend, 'stale').mockImplementation(async (query) => {
        await new Promise<void>((resolve) => {
          clock.after(100, resolve);
        });
        return stale(query);
      });
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run, { whenBusy: 'reject' });
      const executed = run.execute(() => ({ done: true }));
      await clock.pass(50);
      await expect(settle(recorder.stop(), 0)).rejects.toMatchObject({ code: 'session_busy' });
      const told = codes();
      await clock.pass(500);
      await expect(executed).resolves.toEqual({ done: true });
      expect(run.status).toBe('completed');
      expect(codes()).toEqual(told);
    });

    it('is not executed where it is gone when its turn comes', async () => {
      const { first, run, executed, fn } = await waitingStoredRun();
      await settle(other.delete(run.id), 1);
      first.run.setOutput({});
      await expect(settle(executed, 5_000)).rejects.toMatchObject({ code: 'run_not_found' });
      expect(fn).not.toHaveBeenCalled();
    });

    it('has to ask for the session again after it has waited for a person', async () => {
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run, { whenBusy: 'reject' });
      const parked = run.execute(({ run: own }) => own.park({ reason: 'approval' }));
      parked.catch(() => undefined);
      await settle(recorder.flush(), 10);
      await runningRun();
      run.answer({ approved: true });
      const fn = jest.fn();
      await expect(settle(run.execute(fn))).rejects.toMatchObject({ code: 'session_busy' });
      expect(fn).not.toHaveBeenCalled();
    });
  });

  describe('whose run was ended elsewhere', () => {
    it('has nothing to refuse where the run had not begun', async () => {
      const { run, recorder } = await pendingRun();
      await settle(other.cancel(run.id));
      const before = backend.batches.length;
      run.note('late');
      await settle(recorder.flush());
      // Refused, and then stored: there is no lease to give up.
      expect(backend.batches.length - before).toBe(2);
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

    it('says once that it was given up, stores what is used on, and leaves the row as it is else', async () => {
      const { run, recorder } = await runningRun({ leaseMs: 3_000 });
      jest.spyOn(recordingOf(recorder), 'renew').mockReturnValue();
      await clock.pass(4_000);
      await settle(other.recover(), 10);
      run.updateTokenUsage({ input_tokens: 5 });
      await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'lease_lost' });
      expect(codes()).toEqual(['lease_lost']);
      expect(run).toMatchObject({ status: 'failed', error: { code: 'orphaned' } });
      expect(await settle(store.inspect(run.id))).toMatchObject({
        run: { status: 'failed', tokenUsage: { input_tokens: 5 } },
        lease: { owner: expect.any(String) as string },
      });
      expect(await moves(run)).toEqual(['running', 'failed']);
    });

    it('writes nothing where both have ended a run that had not begun', async () => {
      const { run, recorder } = await pendingRun();
      await settle(other.cancel(run.id));
      const before = backend.batches.length;
      run.setOutput({ late: true });
      await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'conflict' });
      expect(backend.batches.length - before).toBe(1);
      expect((await settle(store.get(run.id)))?.status).toBe('cancelled');
    });

    it('keeps what is filled in after an end of its own that others have written since', async () => {
      const { run, recorder } = await runningRun();
      run.updateStatus('completed');
      await settle(recorder.flush());
      await saveElsewhere(run, { theirs: true });
      run.setOutput({ filled: 'in' });
      await settle(recorder.flush());
      expect(codes()).toEqual([]);
      expect(await settle(store.get(run.id))).toMatchObject({
        status: 'completed',
        output: { filled: 'in' },
        metadata: { theirs: true },
      });
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

    it('is known to be alive to its own process, however late the renewals are', async () => {
      const { run, recorder } = await runningRun({ leaseMs: 3_000 });
      jest.spyOn(recordingOf(recorder), 'renew').mockReturnValue();
      await clock.pass(4_000);
      expect(await settle(store.recover(), 10)).toEqual([]);
      expect((await settle(other.recover(), 10)).map(({ id }) => id)).toEqual([run.id]);
    });

    it('keeps it although the run is saved elsewhere between its renewals', async () => {
      const { run } = await runningRun({ leaseMs: 3_000 });
      for (let save = 0; save < 12; save++) {
        await clock.pass(900);
        await saveElsewhere(run, { save });
        expect(await settle(other.recover(), 1)).toEqual([]);
      }
      expect(run.status).toBe('running');
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

  it('knows its run, and stops where its block is left', async () => {
    const { run, recorder } = await runningRun();
    expect(recorder.run).toBe(run);
    await settle(recorder[Symbol.asyncDispose]());
    expect(recordingOf(recorder).state.name).toBe('stopped');
    expect((await settle(store.inspect(run.id)))?.lease).toBeNull();
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

    it('leaves an end as it is whose run is gone', async () => {
      const { run, recorder } = await runningRun();
      await settle(other.delete(run.id));
      run.setOutput({ done: true });
      await expect(settle(recorder.stop())).rejects.toMatchObject({ code: 'run_not_found' });
      expect(run.status).toBe('completed');
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
    ])('of a refusal with which it goes on: %s', async (_, isAwaited, warnings) => {
      const quiet = new FlakyStore(backend, { pollMs: 1_000_000 }, clock);
      const run = new Run({ sessionId: 'session-1' }).updateStatus('running');
      const recorder = quiet.track(run);
      await settle(recorder.flush());
      await settle(other.cancel(run.id));
      run.setOutput({ late: true });
      if (isAwaited) await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'conflict' });
      else await clock.pass(1_000);
      expect(warn).toHaveBeenCalledTimes(warnings);
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
    it.each([
      ['stores nothing of a run that its session refuses', false, null],
      ['stores the end of a run that was there, and that its session refuses', true, 'failed'],
    ])('%s', async (_, isThere, status) => {
      await runningRun();
      const run = new Run({ sessionId: 'session-1' });
      if (isThere) await settle(store.save(run));
      const recorder = takeIn(store, run, { whenBusy: 'reject' });
      const fn = jest.fn();
      await expect(settle(run.execute(fn))).rejects.toMatchObject({ code: 'session_busy' });
      expect(fn).not.toHaveBeenCalled();
      await expect(settle(recorder.flush())).rejects.toMatchObject({ code: 'session_busy' });
      expect((await settle(store.get(run.id)))?.status ?? null).toBe(status);
      expect(run.status).toBe('failed');
    });

    it('waits for its session, and is stored when it is let in', async () => {
      const { run: first } = await runningRun();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = takeIn(store, run, { whenBusy: 'queue' });
      const executed = run.execute(() => ({ done: true }));
      await clock.pass(3_000);
      expect(run.isTerminal).toBe(false);
      first.setOutput({});
      await expect(settle(executed, 3_000)).resolves.toEqual({ done: true });
      await settle(recorder.flush());
      expect((await settle(store.get(run.id)))?.status).toBe('completed');
    });

    it('calls the function of a child at once', async () => {
      const run = new Run({ sessionId: 'session-1' });
      takeIn(store, run);
      const executed = run.execute(async ({ run: own }) => {
        const child = own.createChild();
        backend.then = 'away';
        return child.execute(() => ({ child: true }));
      });
      await clock.pass(10);
      expect(run.isTerminal).toBe(true);
      backend.then = 'ok';
      await expect(settle(executed)).resolves.toEqual({ child: true });
    });

    it('calls nothing for an id that is there already', async () => {
      const run = new Run({ sessionId: 'session-1' });
      await settle(other.create(new Run({ id: run.id, sessionId: 'session-1' })));
      const recorder = takeIn(store, run);
      const fn = jest.fn();
      await expect(settle(run.execute(fn))).rejects.toMatchObject({ code: 'already_exists' });
      expect(fn).not.toHaveBeenCalled();
      const error = { code: 'already_exists', details: { runId: run.id, status: 'pending' } };
      await expect(settle(recorder.flush())).rejects.toMatchObject(error);
      expect((await settle(store.get(run.id)))?.status).toBe('pending');
    });
  });
});
