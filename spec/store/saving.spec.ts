import { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

let clock: VirtualClock;
let backend: FlakyBackend;
let store: RunStore;
/** As another process has it. */
let other: RunStore;

beforeEach(() => {
  clock = new VirtualClock(7);
  backend = new FlakyBackend();
  store = new FlakyStore(backend, { retryForMs: 2_000, pollMs: 1_000_000 }, clock);
  other = new FlakyStore(backend, {}, clock);
});

async function settle<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  await clock.pass(3_000);
  return promise;
}

function makeRun(attributes: object = {}): Run {
  return new Run({ id: 'run-1', sessionId: 'session-1', input: { a: [1] }, ...attributes });
}

async function journal(): Promise<string[]> {
  return (await settle(store.events('run-1'))).map(({ seq, type }) => `${seq} ${type}`);
}

describe('RunStore.create()', () => {
  it('gives back the run that it was handed, and tells who waits', async () => {
    const waiting = store.waitFor('run-1').catch((error: unknown) => error);
    await clock.pass(10);
    const run = makeRun();
    expect(await settle(store.create(run))).toEqual({ run, created: true });
    expect(await waiting).toMatchObject({ code: 'run_not_found' });
    run.updateStatus('running');
    await settle(store.save(run));
    expect(await journal()).toEqual(['1 created', '2 statusChanged']);
  });

  it('has created a run that is recorded, once that is stored', async () => {
    const run = makeRun();
    const recorder = store.track(run);
    const created = await settle(store.create(run));
    expect(created.run).toBe(run);
    expect(created.created).toBe(true);
    expect(recorder.buffered).toBe(0);
    expect(backend.batches).toHaveLength(1);
  });

  it.each([
    ['by this object', async (run: Run) => store.create(run)],
    ['by another process', async () => other.create(makeRun())],
  ])('gives the stored run where it was created before %s', async (_, before) => {
    const run = makeRun();
    await settle<unknown>(before(run));
    const again = await settle(store.create(run));
    expect(again.created).toBe(false);
    expect(again.run).not.toBe(run);
    expect(again.run.input).toEqual(run.input);
    expect(await journal()).toEqual(['1 created']);
    again.run.updateStatus('running');
    await settle(store.save(again.run));
    expect((await settle(store.get('run-1')))?.status).toBe('running');
  });

  it.each([
    ['a lost request', ['away']],
    ['a lost answer', ['lost answer']],
  ] as const)('creates once in spite of %s', async (_, answers) => {
    backend.answers = [...answers];
    const run = makeRun();
    const { created } = await settle(store.create(run));
    expect(created).toBe(true);
    expect(await journal()).toEqual(['1 created']);
    run.updateStatus('running');
    await settle(store.save(run));
  });

  it.each([
    ['another session', { sessionId: 'session-2' }],
    ['another input', { input: { a: [2] } }],
  ])('refuses a run that the store has with %s', async (_, attributes) => {
    await settle(other.save(makeRun(attributes).updateStatus('running')));
    await expect(settle(store.create(makeRun()))).rejects.toMatchObject({
      code: 'conflict',
      details: { runId: 'run-1', status: 'running' },
    });
  });

  it('says so where the run is deleted meanwhile', async () => {
    const run = makeRun();
    await settle(store.create(run));
    await settle(other.delete('run-1'));
    await expect(settle(store.create(run))).rejects.toMatchObject({ code: 'run_not_found' });
  });
});

describe('RunStore.save()', () => {
  it.each(['away', 'lost answer'] as const)(
    'stores once when the database is one with "%s"',
    async (answer) => {
      backend.answers = [answer];
      const run = makeRun();
      await settle(store.save(run));
      backend.answers = [answer];
      await settle(store.save(run.updateStatus('running')));
      expect(await journal()).toEqual(['1 created', '2 statusChanged']);
      expect((await settle(store.get('run-1')))?.toJSON()).toEqual(run.toJSON());
    },
  );

  it.each<[string, (run: Run) => Promise<unknown>, object]>([
    [
      'is there already',
      () => other.save(makeRun()),
      { code: 'already_exists', details: { runId: 'run-1', status: 'pending' } },
    ],
    [
      'was written since it was read',
      async (run) => {
        await store.save(run);
        await other.save((await other.get('run-1'))!.updateStatus('running'));
      },
      { code: 'conflict', details: { runId: 'run-1', status: 'running' } },
    ],
    [
      'is gone',
      async (run) => {
        await store.save(run);
        await other.delete('run-1');
      },
      { code: 'run_not_found', details: { runId: 'run-1' } },
    ],
  ])('refuses a run that %s', async (_, before, error) => {
    const run = makeRun();
    await settle(before(run));
    run.metadata = { mine: true };
    await expect(settle(store.save(run))).rejects.toMatchObject(error);
    expect((await settle(store.get('run-1')))?.metadata ?? {}).toEqual({});
  });

  it('does not take for its own what another has saved in the same millisecond', async () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(clock.epochMs());
    await settle(store.save(makeRun()));
    const [mine, theirs] = [await store.get('run-1'), await other.get('run-1')];
    await settle(other.save(theirs!.updateStatus('running')));
    theirs!.metadata = { theirs: true };
    await settle(other.save(theirs!));
    mine!.metadata = { mine: true };
    await expect(settle(store.save(mine!.updateStatus('running')))).rejects.toMatchObject({
      code: 'conflict',
    });
    now.mockRestore();
    expect((await settle(store.get('run-1')))?.metadata).toEqual({ theirs: true });
  });

  it('refuses a run that it knows to have another end, and asks nobody', async () => {
    const run = makeRun().updateStatus('running');
    const recorder = store.track(run, { onError: () => undefined });
    await settle(recorder.flush());
    await settle(other.cancel('run-1'));
    run.setOutput({ late: true });
    await expect(settle(recorder.stop())).rejects.toMatchObject({ code: 'conflict' });
    const before = backend.batches.length;
    await expect(settle(store.save(run))).rejects.toMatchObject({
      code: 'conflict',
      details: { runId: 'run-1', status: 'cancelled' },
    });
    expect(backend.batches).toHaveLength(before);
  });

  it('wakes who watches the run, and hands the session over', async () => {
    const run = makeRun().updateStatus('running');
    await settle(store.save(run));
    const watch = store.watch({ runId: 'run-1', afterSeq: 'end' });
    const next = watch.next();
    await clock.pass(10);
    await store.save(run.setOutput({ done: true }));
    await clock.pass(1);
    expect((await next).value?.data).toEqual({ from: 'running', to: 'completed' });
    await watch.return(undefined);
    const queued = new Run({ sessionId: 'session-1' });
    store.track(queued, { whenBusy: 'reject' });
    await expect(settle(queued.execute(() => ({ done: true })))).resolves.toEqual({ done: true });
  });

  it('lets a run that was saved as running hold its session when it is recorded', async () => {
    const run = makeRun();
    await settle(store.save(run));
    await settle(store.save(run.updateStatus('running')));
    const recorder = store.track(run, { whenBusy: 'reject' });
    await settle(recorder.flush());
    expect(run.status).toBe('running');
    expect(backend.batches.at(-1)![0]!.exclusive).toBe(false);
  });
});
