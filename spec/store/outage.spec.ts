import { Run } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

const LEASE_MS = 3_000;

/** It never comes. */
const NO_ANSWER = new Promise<never>(() => {
  // Nobody settles it.
});

let clock: VirtualClock;
let backend: FlakyBackend;

beforeEach(() => {
  clock = new VirtualClock(7);
  jest.spyOn(Date, 'now').mockImplementation(() => clock.epochMs());
  backend = new FlakyBackend();
});

afterEach(() => {
  jest.restoreAllMocks();
});

function open(): RunStore {
  const track = { leaseMs: LEASE_MS, onError: () => undefined };
  return new FlakyStore(backend, { track, callTimeoutMs: 1_000, retryForMs: 2_000 }, clock);
}

async function settle<Result>(promise: Promise<Result>, ms = 1_000): Promise<Result> {
  promise.catch(() => undefined);
  await clock.pass(ms);
  return promise;
}

async function start(store: RunStore, count: number): Promise<Run[]> {
  const runs = Array.from({ length: count }, () => new Run({ sessionId: 'session-1' }));
  const recorders = runs.map((run) => store.track(run.updateStatus('running')));
  await settle(Promise.all(recorders.map((recorder) => recorder.flush())));
  return runs;
}

/** Nothing that the process of this run writes gets through any more. */
function freeze(run: Run): void {
  const apply = backend.apply.bind(backend);
  jest
    .spyOn(backend, 'apply')
    .mockImplementation((writes) =>
      writes.some(({ id, lease }) => id === run.id && typeof lease === 'object' && lease.ms > 0)
        ? NO_ANSWER
        : apply(writes),
    );
}

/** For so long, nobody reaches the database. */
async function outage(answer: 'away' | 'hangs', ms: number): Promise<void> {
  backend.then = answer;
  backend.isAllBad = true;
  await clock.pass(ms);
  backend.then = 'ok';
  backend.isAllBad = false;
}

describe('recover() after an outage', () => {
  it.each(['away', 'hangs'] as const)(
    'ends no healthy run, whoever calls it first, when the database was one that %s',
    async (answer) => {
      const [worker, service] = [open(), open()];
      const runs = await start(worker, 240);
      // It has seen the database fail: a sweep was due.
      const sweep = clock.pass(0).then(() => service.recover());
      sweep.catch(() => undefined);
      await outage(answer, 5_000);
      const tries = [await settle(service.recover(), 1), await settle(service.recover(), 500)];
      await clock.pass(2_000);
      tries.push(await settle(service.recover(), 1));
      expect(tries.flat()).toEqual([]);
      expect(runs.every(({ status }) => status === 'running')).toBe(true);
      await sweep.catch(() => undefined);
    },
  );

  it('still finds a process that has died in it, within a lease and a half', async () => {
    const [dead, service] = [open(), open()];
    const [run] = await start(dead, 1);
    freeze(run!);
    const sweep = clock.pass(0).then(() => service.recover());
    sweep.catch(() => undefined);
    await outage('away', 5_000);
    expect(await settle(service.recover(), 1)).toEqual([]);
    await clock.pass(1.5 * LEASE_MS);
    expect((await settle(service.recover(), 10)).map(({ id }) => id)).toEqual([run!.id]);
    await sweep.catch(() => undefined);
  });

  it('finds a dead process as soon as its lease is over where there was no outage', async () => {
    const [dead, service] = [open(), open()];
    const [run] = await start(dead, 1);
    freeze(run!);
    await clock.pass(LEASE_MS + 10);
    expect((await settle(service.recover(), 10)).map(({ id }) => id)).toEqual([run!.id]);
  });

  it('lists what it has ended although the answer of the database was lost', async () => {
    const [dead, service] = [open(), open()];
    const [run] = await start(dead, 1);
    freeze(run!);
    await clock.pass(LEASE_MS + 10);
    backend.answers = ['lost answer'];
    expect((await settle(service.recover())).map(({ id }) => id)).toEqual([run!.id]);
    expect(backend.answers).toEqual([]);
  });
});
