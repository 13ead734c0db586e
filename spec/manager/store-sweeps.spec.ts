import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Run, RunError } from 'agent-run';
import type { RunStore } from 'agent-run/store';
import { MemoryRunStore } from 'agent-run/store';
import type { Retention } from '../../lib/manager/options';
import { StoreSweeps } from '../../lib/manager/store-sweeps';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const now = Date.parse('2026-01-01T00:00:00Z');

describe('StoreSweeps', () => {
  let store: RunStore;
  let sweeps: StoreSweeps | undefined;
  let heard: unknown[];
  let prune: jest.SpiedFunction<RunStore['prune']>;

  beforeEach(() => {
    jest.useFakeTimers({ now, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
    store = new MemoryRunStore();
    prune = jest.spyOn(store, 'prune');
    heard = [];
  });

  afterEach(async () => {
    await sweeps?.stop();
    jest.restoreAllMocks();
    jest.useRealTimers();
    await store.close();
  });

  function start(recoverEveryMs: number, retention?: Retention): void {
    sweeps = new StoreSweeps(
      store,
      { recoverEveryMs, retention },
      { recovered: ({ id }) => heard.push(id), failed: (error) => heard.push(error) },
    );
  }

  /** Stores a run that has ended so long ago. */
  async function ended(id: string, agoMs: number): Promise<void> {
    jest.setSystemTime(now - agoMs);
    const run = new Run({ id, sessionId: 's' });
    const recorder = store.track(run);
    run.setOutput({});
    jest.setSystemTime(now);
    await recorder.flush();
  }

  /** Which runs are there, each with whether it has a journal. */
  async function left(): Promise<string[]> {
    const { runs } = await store.list({});
    const journals = await Promise.all(runs.map(({ id }) => store.events(id)));
    return runs.map(({ id }, index) => `${id} ${journals[index]!.length > 0 ? 'whole' : 'bare'}`).sort();
  }

  /** Lets the first removal come, and waits for it. */
  async function pruned(): Promise<void> {
    await jest.advanceTimersByTimeAsync(60_000);
    const { results } = prune.mock;
    for (let waitedFor = -1; waitedFor < results.length;) {
      waitedFor = results.length;
      await Promise.allSettled(results.map(({ value }) => value as Promise<number>));
      await nextTurn();
    }
  }

  it('recovers at the start and again and again, and tells of each run', async () => {
    const recover = jest.spyOn(store, 'recover').mockResolvedValue([new Run({ id: 'a', sessionId: 's' })]);
    start(1_000);
    await jest.advanceTimersByTimeAsync(0);
    expect(heard).toEqual(['a']);
    await jest.advanceTimersByTimeAsync(1_250);
    expect(heard).toEqual(['a', 'a']);
    expect(recover).toHaveBeenCalledTimes(2);
  });

  it('never recovers where that is every 0 ms', async () => {
    const recover = jest.spyOn(store, 'recover');
    start(0);
    await jest.advanceTimersByTimeAsync(HOUR_MS);
    expect(recover).not.toHaveBeenCalled();
  });

  it('tells what has failed, as an error of this package, and goes on', async () => {
    const closed = new RunError('store_closed', 'closed');
    jest.spyOn(store, 'recover').mockRejectedValueOnce(closed).mockRejectedValueOnce(new TypeError('no'));
    start(1_000);
    await jest.advanceTimersByTimeAsync(0);
    expect(heard).toEqual([closed]);
    await jest.advanceTimersByTimeAsync(1_250);
    expect(heard[1]).toMatchObject({ code: 'storage_error', retryable: true, cause: { message: 'no' } });
  });

  it('removes nothing without a retention', async () => {
    await ended('old', 1_000 * DAY_MS);
    start(0);
    await pruned();
    expect(await left()).toEqual(['old whole']);
  });

  it.each<[title: string, Retention, ...kept: string[]]>([
    ['runs for two days', { keepMs: 2 * DAY_MS }, 'day whole', 'hour whole'],
    ['journals for two hours', { keepMs: 2 * DAY_MS, journalMs: 2 * HOUR_MS }, 'day bare', 'hour whole'],
    ['journals as long as runs', { keepMs: 2 * DAY_MS, journalMs: 2 * DAY_MS }, 'day whole', 'hour whole'],
    ['nothing', { keepMs: 0 }],
    ['everything', { keepMs: Infinity }, 'day whole', 'hour whole', 'week whole'],
    [
      'runs for ever, journals for two days',
      { keepMs: Infinity, journalMs: 2 * DAY_MS },
      'day whole',
      'hour whole',
      'week bare',
    ],
    [
      'everything for longer than dates go back',
      { keepMs: 1e300, journalMs: Infinity },
      'day whole',
      'hour whole',
      'week whole',
    ],
  ])('of runs that ended a week, a day and an hour ago, keeps %s', async (_title, retention, ...kept) => {
    await ended('week', 7 * DAY_MS);
    await ended('day', DAY_MS);
    await ended('hour', HOUR_MS);
    start(0, retention);
    await pruned();
    expect(heard).toEqual([]);
    expect(await left()).toEqual(kept);
  });

  it('does not ask for journals that go with their runs', async () => {
    start(0, { keepMs: DAY_MS, journalMs: DAY_MS });
    await pruned();
    expect(prune).toHaveBeenCalledTimes(1);
  });

  it('removes once an hour, the first time within a minute', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    start(0, { keepMs: DAY_MS });
    await jest.advanceTimersByTimeAsync(29_999);
    expect(prune).toHaveBeenCalledTimes(0);
    await pruned();
    expect(prune).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(HOUR_MS);
    expect(prune).toHaveBeenCalledTimes(2);
  });

  it('stops what it is doing', async () => {
    prune.mockImplementation(async ({ signal }) => {
      await once(signal!, 'abort');
      return 0;
    });
    start(0, { keepMs: DAY_MS, journalMs: HOUR_MS });
    await jest.advanceTimersByTimeAsync(60_000);
    await sweeps!.stop();
    expect(prune).toHaveBeenCalledTimes(1);
  });
});
