import { Run } from 'agent-run';
import { LiveRuns } from '../../lib/manager/live-runs';
import type { ManagedRun } from '../../lib/manager/managed-run';

/** As much of a managed run as a registry looks at. */
function managed(id: string): ManagedRun {
  return { id, run: new Run({ id, sessionId: 's' }) } as unknown as ManagedRun;
}

describe('LiveRuns', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const loosen = (): void => {
    jest.advanceTimersByTime(1_000);
  };
  const idsOf = (live: LiveRuns): string[] => [...live].map(({ id }) => id);

  it('has what runs, what waits and what has waited for long', () => {
    const live = new LiveRuns();
    const [running, waiting, loose] = [managed('running'), managed('waiting'), managed('loose')];
    live.waits(loose);
    loosen();
    live.waits(waiting);
    live.started(running);
    expect(idsOf(live)).toEqual(['running', 'waiting', 'loose']);
    expect([...live.running()]).toEqual([running]);
    expect([live.size, live.runningCount]).toEqual([3, 1]);
    for (const run of [running, waiting, loose]) expect(live.get(run.id)).toBe(run);
    expect(live.get('other')).toBeUndefined();
  });

  describe.each([
    ['that waits', (): void => undefined],
    ['that has waited for long', loosen],
  ])('a run %s', (_title, pass) => {
    let live: LiveRuns;
    let run: ManagedRun;

    beforeEach(() => {
      live = new LiveRuns();
      run = managed('a');
      live.waits(run);
      pass();
    });

    it('is there once', () => {
      expect([live.size, live.runningCount, idsOf(live)]).toEqual([1, 0, ['a']]);
    });

    it('waits no more once it has started', () => {
      live.started(run);
      expect([live.size, live.runningCount, idsOf(live)]).toEqual([1, 1, ['a']]);
      loosen();
      expect([live.size, live.runningCount, idsOf(live)]).toEqual([1, 1, ['a']]);
    });

    it('is gone once it has ended', () => {
      live.remove('a');
      expect([live.size, idsOf(live), live.get('a')]).toEqual([0, [], undefined]);
      loosen();
      expect(live.size).toBe(0);
    });

    it('may wait again after it has run', () => {
      live.started(run);
      live.waits(run);
      expect([live.size, live.runningCount, idsOf(live)]).toEqual([1, 0, ['a']]);
      loosen();
      expect([live.size, live.runningCount, idsOf(live)]).toEqual([1, 0, ['a']]);
    });
  });

  it('is told of the end of a run that it does not have', () => {
    const live = new LiveRuns();
    live.started(managed('a'));
    live.remove('b');
    expect(live.size).toBe(1);
  });

  it('lets what waits go every second, with one timer that does not keep the process alive', () => {
    const setTimer = jest.spyOn(globalThis, 'setTimeout');
    const live = new LiveRuns();
    expect(jest.getTimerCount()).toBe(0);
    live.waits(managed('a'));
    jest.advanceTimersByTime(999);
    live.waits(managed('b'));
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1);
    expect(jest.getTimerCount()).toBe(0);
    live.waits(managed('c'));
    expect(jest.getTimerCount()).toBe(1);
    const timers = setTimer.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(timers.map((timer) => timer.hasRef())).toEqual([false, false]);
  });
});
