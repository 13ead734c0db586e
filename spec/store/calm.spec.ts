import { Run } from 'agent-run';
import type { JournalEntry, RunStore } from 'agent-run/store';
import type { Commit } from '../../lib/store/backend';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

/** A backend that can tell of commits. */
class TellingBackend extends FlakyBackend {
  #onCommit: ((commit: Commit | null) => void) | null = null;

  subscribe(onCommit: (commit: Commit | null) => void): () => void {
    // The first store is the one that is told.
    this.#onCommit ??= onCommit;
    return () => undefined;
  }

  tell(commit: Commit | null): void {
    this.#onCommit?.(commit);
  }
}

let clock: VirtualClock;
let backend: TellingBackend;
let store: RunStore;
let other: RunStore;

beforeEach(() => {
  clock = new VirtualClock(7);
  jest.spyOn(Date, 'now').mockImplementation(() => clock.epochMs());
  backend = new TellingBackend();
  store = new FlakyStore(backend, {}, clock);
  other = new FlakyStore(backend, {}, clock);
});

afterEach(() => {
  jest.restoreAllMocks();
});

async function settle<Result>(promise: Promise<Result>, ms = 1_000): Promise<Result> {
  await clock.pass(ms);
  return promise;
}

async function startRuns(count: number): Promise<Run[]> {
  const runs = Array.from({ length: count }, () => new Run({ sessionId: 'session-1' }));
  const recorders = runs.map((run) => store.track(run.updateStatus('running')));
  await settle(Promise.all(recorders.map((recorder) => recorder.flush())));
  return runs;
}

describe('RunStore', () => {
  it.each([
    ['that cannot tell', () => undefined],
    ['that says that something may have changed', () => backend.tell(null)],
  ])('writes idle live runs at their renewals only, on a database %s', async (_, tell) => {
    await startRuns(200);
    const before = backend.batches.flat().length;
    const run = new Run({ sessionId: 'session-2' });
    const recorder = other.track(run.updateStatus('running'));
    for (let turn = 0; turn < 100; turn++) {
      run.incrementTurn();
      await settle(recorder.flush(), 50);
      tell();
    }
    const renewals = backend.batches
      .flat()
      .slice(before)
      .filter(({ id }) => id !== run.id);
    expect(renewals.length).toBeLessThanOrEqual(200);
  });

  it('writes a stream of drafts once a tick, the last one of each', async () => {
    const [run] = (await startRuns(1)) as [Run];
    const before = backend.batches.length;
    for (let tick = 0; tick < 50; tick++) {
      for (let draft = 0; draft < 20; draft++) run.draftOutput({ text: `${tick * 20 + draft}` });
      await clock.pass(20);
    }
    const written = backend.batches.slice(before).flat();
    expect(written.map(({ columns }) => columns.output)).toEqual(
      Array.from({ length: 50 }, (_, tick) => JSON.stringify({ text: `${tick * 20 + 19}` })),
    );
    expect((await settle(store.get(run.id)))?.output).toEqual({ text: '999' });
  });

  it('writes only the run that it is told of', async () => {
    const runs = await startRuns(50);
    const before = backend.batches.flat().length;
    backend.tell({ runIds: [runs[7]!.id], sessionIds: ['session-1'] });
    await clock.pass(10);
    const written = backend.batches.flat().slice(before);
    expect(written.map(({ id }) => id)).toEqual([runs[7]!.id]);
  });

  it('lets one of those who queue for a session try', async () => {
    const runs = Array.from({ length: 300 }, () => new Run({ sessionId: 'session-1' }));
    const executed = runs.map((run) => {
      store.track(run, { whenBusy: 'queue' });
      return run.execute(() => ({ done: true }));
    });
    await settle(Promise.all(executed), 60_000);
    const tries = backend.batches.flat().filter(({ exclusive }) => exclusive);
    expect(tries.length).toBeLessThanOrEqual(runs.length + 5);
    expect(backend.calls.stale).toBeLessThanOrEqual(5);
  });

  it('asks now and then for a session that another process keeps busy, however often that one writes', async () => {
    const busy = new Run({ sessionId: 'session-1' });
    const recorder = other.track(busy.updateStatus('running'));
    await settle(recorder.flush());
    const run = new Run({ sessionId: 'session-1' });
    store.track(run, { whenBusy: 'queue' });
    const executed = run.execute(() => ({ done: true }));
    for (let turn = 0; turn < 500; turn++) {
      busy.incrementTurn();
      await clock.pass(10);
    }
    const tries = backend.batches.flat().filter(({ exclusive }) => exclusive);
    expect(tries.length).toBeLessThan(80);
    busy.setOutput({});
    await expect(settle(executed, 3_000)).resolves.toEqual({ done: true });
  });

  it('wakes those who watch the run or the session that was written, and nobody else', async () => {
    const runs = await startRuns(300);
    const seen: JournalEntry[] = [];
    const watches = runs.map((run) => store.watch({ runId: run.id, afterSeq: 'end' }));
    watches.push(store.watch({ sessionId: 'session-1', afterPosition: 'end' }));
    watches.push(store.watch({ sessionId: 'session-2', afterPosition: 'end' }));
    for (const watch of watches) {
      void watch.next().then(({ value }) => value !== undefined && seen.push(value));
    }
    await clock.pass(2_000);
    const before = { ...backend.calls };
    runs[7]!.incrementTurn();
    await clock.pass(20);
    expect(seen.map(({ runId }) => runId)).toEqual([runs[7]!.id, runs[7]!.id]);
    // Those two, and the look at what is new for all.
    expect(backend.calls.journal - before.journal).toBeLessThanOrEqual(4);
    await Promise.all(watches.map((watch) => watch.return(undefined)));
  });

  it('looks once for the whole store, however many wait, and not at all where nobody does', async () => {
    const run = new Run({ sessionId: 'session-1' });
    await settle(store.save(run));
    await clock.pass(1_000);
    const idle = { ...backend.calls };
    await clock.pass(10_000);
    expect(backend.calls).toEqual(idle);
    const watches = Array.from({ length: 500 }, () => store.watch({ afterPosition: 'end' }));
    const waiting = watches.map((watch) => watch.next());
    await clock.pass(1_000);
    const before = { ...backend.calls };
    await clock.pass(10_000);
    expect(backend.calls.head - before.head).toBeLessThanOrEqual(101);
    expect(backend.calls.journal - before.journal).toBe(0);
    const copy = await settle(other.get(run.id));
    await settle(other.save(copy!.updateStatus('running')));
    const results = await settle(Promise.all(waiting));
    expect(new Set(results.map(({ value }) => value?.runId))).toEqual(new Set([run.id]));
    // All of them stand at the same entry, and ask for what follows it once.
    expect(backend.calls.journal - before.journal).toBeLessThanOrEqual(4);
    await Promise.all(watches.map((watch) => watch.return(undefined)));
    await clock.pass(1_000);
    const after = { ...backend.calls };
    await clock.pass(10_000);
    expect(backend.calls).toEqual(after);
  });

  it('does not read a session anew for what others write', async () => {
    await settle(store.save(new Run({ sessionId: 'session-1' })));
    const watch = store.watch({ sessionId: 'session-1', afterPosition: 'end' });
    void watch.next();
    await clock.pass(1_000);
    const before = { ...backend.calls };
    const loud = new Run({ sessionId: 'session-2' });
    const recorder = store.track(loud.updateStatus('running'));
    for (let turn = 0; turn < 50; turn++) {
      loud.incrementTurn();
      await settle(recorder.flush(), 1);
    }
    expect(backend.calls.journal - before.journal).toBeLessThanOrEqual(3);
    await watch.return(undefined);
  });

  it('cancels in one call, however often the run is written', async () => {
    const [run] = await startRuns(1);
    const before = { ...backend.calls };
    await settle(other.cancel(run!.id), 5);
    expect(backend.calls.update - before.update).toBe(1);
  });
});
