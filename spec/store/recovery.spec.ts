import { Run } from 'agent-run';
import type { RecoverOptions, RunStore } from 'agent-run/store';
import { recordingOf } from '../../lib/store/recorder';
import { readRecoverOptions } from '../../lib/store/recovery';
import { awayError, FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { issuesOf } from '../support/refusal-of';
import { VirtualClock } from '../support/virtual-clock';

describe('readRecoverOptions()', () => {
  it('completes them', () => {
    expect(readRecoverOptions({})).toEqual({ unleasedQuietMs: 30_000, dryRun: false });
    expect(readRecoverOptions({ staleAfterMs: 0, dryRun: true })).toEqual({
      unleasedQuietMs: 0,
      dryRun: true,
    });
  });

  it.each([
    [{ staleAfterMs: -1 }, 'staleAfterMs: must be an integer, not negative'],
    [{ dryRun: 'yes' }, 'dryRun: must be true or false'],
    [{ dryrun: true }, 'dryrun: is not known (known: staleAfterMs, dryRun)'],
  ])('refuses %p', (options, issue) => {
    expect(issuesOf(() => readRecoverOptions(options as RecoverOptions))).toEqual([issue]);
  });
});

describe('.recover()', () => {
  let clock: VirtualClock;
  let backend: FlakyBackend;
  let store: RunStore;
  let dead: RunStore;

  beforeEach(() => {
    clock = new VirtualClock(7);
    jest.spyOn(Date, 'now').mockImplementation(() => clock.epochMs());
    backend = new FlakyBackend();
    store = new FlakyStore(backend, {}, clock);
    dead = new FlakyStore(backend, {}, clock);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function settle<Result>(promise: Promise<Result>, ms = 10): Promise<Result> {
    promise.catch(() => undefined);
    await clock.pass(ms);
    return promise;
  }

  const running = (): Run => new Run({ sessionId: 'session-1' }).updateStatus('running');

  async function saveRunning(count: number): Promise<Run[]> {
    const runs = Array.from({ length: count }, running);
    await settle(Promise.all(runs.map((run) => dead.save(run))), 0);
    return runs;
  }

  const idsOf = (runs: readonly Run[]): string[] => runs.map(({ id }) => id).sort();

  it('ends a run that was only saved after thirty seconds, not before', async () => {
    const [run] = await saveRunning(1);
    await clock.pass(29_900);
    expect(await settle(store.recover(), 10)).toEqual([]);
    await clock.pass(100);
    expect(idsOf(await settle(store.recover()))).toEqual([run!.id]);
  });

  it.each([99, 100, 101, 250])('finds all of %p, and ends them a hundred at a time', async (count) => {
    const runs = await saveRunning(count);
    const before = backend.batches.length;
    await clock.pass(1);
    const found = await settle(store.recover({ staleAfterMs: 0, dryRun: true }));
    expect(idsOf(found)).toEqual(idsOf(runs));
    expect(found.every(({ status }) => status === 'running')).toBe(true);
    expect(backend.batches.length).toBe(before);
    expect(idsOf(await settle(store.recover({ staleAfterMs: 0 })))).toEqual(idsOf(runs));
    const lengths = backend.batches.slice(before).map(({ length }) => length);
    expect(lengths).toEqual(count === 250 ? [100, 100, 50] : count === 101 ? [100, 1] : [count]);
    const asked = backend.calls.stale;
    expect(await settle(store.recover({ staleAfterMs: 0 }))).toEqual([]);
    expect(backend.calls.stale).toBe(asked + 1);
    expect(backend.batches.length).toBe(before + lengths.length);
  });

  it('says why, and takes the lease over', async () => {
    const run = running();
    await settle(dead.track(run, { leaseMs: 60, onError: () => undefined }).stop());
    await clock.pass(30_000);
    const [ended] = await settle(store.recover());
    expect(ended).toMatchObject({
      status: 'failed',
      error: { code: 'orphaned', message: `Run ${run.id} was left running by a process that is gone` },
    });
    const row = await backend.read(run.id);
    expect(row).toMatchObject({ lease_ms: 0 });
    expect(row?.lease_token).toBe(row?.writer);
  });

  it('ends what has waited for too long, and leaves its lease as it is', async () => {
    const run = new Run({ sessionId: 'session-1' });
    const recorder = dead.track(run);
    await settle(run.execute(() => run.park({ reason: 'approval', expiresInMs: 50 })));
    await settle(recorder.flush());
    const [ended, ...others] = await settle(store.recover(), 100).then(() => settle(store.recover(), 100));
    expect([ended?.id, others]).toEqual([run.id, []]);
    expect(ended).toMatchObject({
      status: 'timeout',
      error: { code: 'expired', message: `Run ${run.id} has waited for its answer for too long` },
    });
    expect(await backend.read(run.id)).toMatchObject({ lease_token: null });
  });

  it('does not count what somebody else has ended in between, and asks for it no more', async () => {
    const [first, second] = await saveRunning(2);
    await clock.pass(1);
    const stale = backend.stale.bind(backend);
    jest.spyOn(backend, 'stale').mockImplementation(async (query) => {
      const rows = await stale(query);
      const copy = await backend.read(first!.id);
      await backend.apply([
        {
          id: copy!.id,
          sessionId: copy!.session_id,
          revision: copy!.revision,
          nextRevision: copy!.revision + 1,
          writer: 'another',
          columns: { status: 'cancelled', running: 0, active: 0 },
          entries: [],
          lease: 'keep',
          exclusive: false,
        },
      ]);
      backend.calls.read = 0;
      return rows;
    });
    expect(idsOf(await settle(store.recover({ staleAfterMs: 0 })))).toEqual([second!.id]);
    expect(backend.calls.read).toBe(0);
    expect((await backend.read(first!.id))?.status).toBe('cancelled');
  });

  it('tells this process of what it ended, without a look at the database', async () => {
    store = new FlakyStore(backend, { pollMs: 60_000 }, clock);
    const [run] = await saveRunning(1);
    await clock.pass(1);
    const over = jest.fn();
    void store.waitFor(run!.id).then(over);
    const watches = [
      store.watch({ runId: run!.id, afterSeq: 'end' }),
      store.watch({ sessionId: 'session-1', afterPosition: 'end' }),
    ];
    for (const watch of watches) void watch.next().then(over);
    await clock.pass(1_000);
    await settle(store.recover({ staleAfterMs: 0 }), 60);
    expect(over).toHaveBeenCalledTimes(3);
    for (const watch of watches) await watch.return(undefined);
  });

  it('leaves alone what its own process executes, however late the renewals are', async () => {
    const run = running();
    const recorder = store.track(run, { leaseMs: 60 });
    await settle(recorder.flush());
    jest.spyOn(recordingOf(recorder), 'renew').mockReturnValue();
    await clock.pass(100);
    expect(await settle(store.recover())).toEqual([]);
    expect(run.status).toBe('running');
    expect(idsOf(await settle(dead.recover()))).toEqual([run.id]);
  });

  it('goes on counting the entries of a run', async () => {
    const [run] = await saveRunning(1);
    await clock.pass(1);
    await settle(store.recover({ staleAfterMs: 0 }));
    const entries = await settle(store.events(run!.id));
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
    expect(entries.at(-1)?.data).toEqual({ from: 'running', to: 'failed' });
  });

  describe('where the answer of an attempt is lost', () => {
    /** What happens between the first attempt and the second. */
    function loseAnswer(isCommitted: boolean, meanwhile: () => Promise<unknown>): void {
      const apply = backend.apply.bind(backend);
      jest.spyOn(backend, 'apply').mockImplementationOnce(async (writes) => {
        if (isCommitted) await apply(writes);
        await meanwhile();
        throw awayError();
      });
    }

    async function touch(id: string): Promise<void> {
      const row = (await backend.read(id))!;
      await backend.apply([
        {
          id,
          sessionId: row.session_id,
          revision: row.revision,
          nextRevision: row.revision + 1,
          writer: 'another',
          columns: { turn_count: 7 },
          entries: [],
          lease: 'keep',
          exclusive: false,
        },
      ]);
    }

    it('names what it has ended, also where somebody has written it since', async () => {
      const [first, second] = await saveRunning(2);
      await clock.pass(1);
      loseAnswer(true, () => touch(first!.id));
      expect(idsOf(await settle(store.recover({ staleAfterMs: 0 }), 100))).toEqual(idsOf([first!, second!]));
    });

    it('does not name what is gone by now', async () => {
      const [first, second] = await saveRunning(2);
      await clock.pass(1);
      loseAnswer(true, () => backend.delete(first!.id));
      expect(idsOf(await settle(store.recover({ staleAfterMs: 0 }), 100))).toEqual([second!.id]);
    });

    it('does not name what another process has ended in the same millisecond', async () => {
      const [run] = await saveRunning(1);
      await clock.pass(1);
      loseAnswer(false, async () => {
        const theirs = new FlakyStore(backend).recover({ staleAfterMs: 0 });
        expect(idsOf(await theirs)).toEqual([run!.id]);
        await touch(run!.id);
      });
      expect(await settle(store.recover({ staleAfterMs: 0 }), 100)).toEqual([]);
    });
  });

  it('tells nobody of nothing', async () => {
    const run = running();
    const recorder = store.track(run);
    await settle(recorder.flush());
    const watch = store.watch({ afterPosition: 'end' });
    void watch.next();
    await clock.pass(50);
    const { journal } = backend.calls;
    const { length } = backend.batches;
    expect(await settle(store.recover({ staleAfterMs: 0 }), 10)).toEqual([]);
    expect(backend.calls.journal).toBe(journal);
    expect(backend.batches).toHaveLength(length);
    await settle(watch.return(undefined));
  });
});
