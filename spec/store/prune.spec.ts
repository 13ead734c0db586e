import type { Run } from 'agent-run';
import type { PruneOptions, RunStore } from 'agent-run/store';
import type { PruneQuery, Pruned } from '../../lib/store/backend';
import { readPruneOptions } from '../../lib/store/prune';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { issuesOf, refusalOf } from '../support/refusal-of';
import { VirtualClock } from '../support/virtual-clock';
import { runOf } from './contract/test-database';

const LONG_AGO = '2026-01-01T00:00:00.000Z';
const endedBefore = new Date('2026-02-01T00:00:00.000Z');

describe('readPruneOptions()', () => {
  const { signal } = new AbortController();
  const onProgress = jest.fn();

  it('completes them', () => {
    expect(readPruneOptions({ endedBefore })).toEqual({
      endedBeforeMs: endedBefore.getTime(),
      journalOnly: false,
      signal: undefined,
      onProgress: undefined,
    });
    expect(readPruneOptions({ endedBefore, journalOnly: true, signal, onProgress })).toEqual({
      endedBeforeMs: endedBefore.getTime(),
      journalOnly: true,
      signal,
      onProgress,
    });
  });

  it.each([
    [null, ': must be an object'],
    [
      { endedBefore, olderThan: 7 },
      'olderThan: is not known (known: endedBefore, journalOnly, signal, onProgress)',
    ],
    [{}, 'endedBefore: must be a valid Date'],
    [{ endedBefore: LONG_AGO }, 'endedBefore: must be a valid Date'],
    [{ endedBefore: new Date('never') }, 'endedBefore: must be a valid Date'],
    [{ endedBefore, journalOnly: 'yes' }, 'journalOnly: must be true or false'],
    [{ endedBefore, onProgress: 'log' }, 'onProgress: must be a function'],
    [{ endedBefore, signal: {} }, 'signal: must be an AbortSignal'],
  ])('refuses %p', (options, issue) => {
    const read = (): unknown => readPruneOptions(options as unknown as PruneOptions);
    expect(issuesOf(read)).toEqual([issue]);
    expect(refusalOf(read).message).toMatch(/^Invalid prune options/);
  });
});

/** Each batch takes so long. */
class SlowBackend extends FlakyBackend {
  readonly begun: number[] = [];
  readonly queries: PruneQuery[] = [];
  batchMs = 0;

  constructor(private readonly clock: VirtualClock) {
    super();
  }

  override async prune(query: PruneQuery): Promise<Pruned> {
    this.begun.push(this.clock.now());
    this.queries.push(query);
    await new Promise<void>((resolve) => {
      this.clock.after(this.batchMs, resolve);
    });
    return super.prune(query);
  }
}

describe('.prune()', () => {
  let clock: VirtualClock;
  let backend: SlowBackend;
  let store: RunStore;

  beforeEach(() => {
    clock = new VirtualClock(7);
    backend = new SlowBackend(clock);
    store = new FlakyStore(backend, {}, clock);
  });

  async function settle<Result>(promise: Promise<Result>, ms = 0): Promise<Result> {
    promise.catch(() => undefined);
    await clock.pass(ms);
    return promise;
  }

  const ended = (record: object = {}): Run =>
    runOf({ status: 'completed', started_at: LONG_AGO, ended_at: LONG_AGO, ...record });

  async function saveMany(count: number): Promise<void> {
    await settle(Promise.all(Array.from({ length: count }, () => store.save(ended()))));
  }

  it('removes a hundred at a time, with a pause as long as the batch took', async () => {
    await saveMany(250);
    const startedAt = clock.now();
    backend.batchMs = 30;
    const onProgress = jest.fn();
    expect(await settle(store.prune({ endedBefore, onProgress }), 1_000)).toBe(250);
    expect(backend.queries.every(({ limit }) => limit === 100)).toBe(true);
    // Three batches, and one that finds nothing more.
    expect(backend.begun.map((at) => at - startedAt)).toEqual([0, 60, 120, 150]);
    expect(onProgress.mock.calls).toEqual([[100], [100], [50]]);
  });

  it('pauses for a millisecond after a batch that took none', async () => {
    await saveMany(150);
    const startedAt = clock.now();
    await settle(store.prune({ endedBefore }), 100);
    expect(backend.begun.map((at) => at - startedAt)).toEqual([0, 1, 1]);
  });

  it('removes journals in one pass', async () => {
    await saveMany(150);
    expect(await settle(store.prune({ endedBefore, journalOnly: true }), 100)).toBe(150);
    expect(backend.queries).toMatchObject([{ journalOnly: true, after: null }, { journalOnly: true }]);
    expect(backend.queries[1]?.after).not.toBeNull();
  });

  it('tells those who watch what was removed, and nobody of nothing', async () => {
    await saveMany(1);
    const watch = store.watch({ afterPosition: 'end' });
    void watch.next();
    await clock.pass(50);
    const { journal } = backend.calls;
    expect(await settle(store.prune({ endedBefore: new Date(LONG_AGO) }), 10)).toBe(0);
    expect(backend.calls.journal).toBe(journal);
    await settle(store.prune({ endedBefore }), 10);
    expect(backend.calls.journal).toBeGreaterThan(journal);
    await watch.return(undefined);
  });

  it('ends between two batches with its signal, and what is removed stays so', async () => {
    await saveMany(250);
    const controller = new AbortController();
    const reason = new Error('enough');
    const pruning = store.prune({
      endedBefore,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(settle(pruning, 100)).rejects.toBe(reason);
    expect(backend.queries).toHaveLength(1);
    expect((await settle(store.list({ limit: 200 }))).runs).toHaveLength(150);
  });

  it('takes parents in a later pass', async () => {
    const root = ended({ id: 'root' });
    const child = ended({ id: 'child', parent_run_id: 'root', root_run_id: 'root' });
    await settle(store.save(root));
    await settle(store.save(child));
    expect(await settle(store.prune({ endedBefore }), 100)).toBe(2);
  });
});
