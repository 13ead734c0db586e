import type * as ClockFile from '../../lib/store/clock';
import { nextTick, sleep, systemClock } from '../../lib/store/clock';

/** How many handles of a kind keep this process alive. */
function countOf(kind: string): number {
  return process.getActiveResourcesInfo().filter((name) => name === kind).length;
}

describe('systemClock', () => {
  it('calls back once, and not what was taken back', async () => {
    const [callback, takenBack] = [jest.fn(), jest.fn()];
    systemClock.after(1, takenBack, false)();
    systemClock.after(1, callback, false);
    await sleep(systemClock, 5);
    expect(callback).toHaveBeenCalledTimes(1);
    expect(takenBack).not.toHaveBeenCalled();
  });

  it('keeps the process alive for what may not be missed, and for nothing else', async () => {
    const before = countOf('Timeout');
    const stops = [systemClock.after(60_000, jest.fn(), true), systemClock.every(60_000, jest.fn())];
    expect(countOf('Timeout')).toBe(before);
    stops.push(systemClock.after(60_000, jest.fn(), false));
    expect(countOf('Timeout')).toBe(before + 1);
    for (const stop of stops) stop();
    expect(countOf('Timeout')).toBe(before);
    const slept = sleep(systemClock, 1);
    expect(countOf('Timeout')).toBe(before + 1);
    await slept;
    const dozed = sleep(systemClock, 1, true);
    expect(countOf('Timeout')).toBe(before);
    await dozed;
  });

  it('calls back again and again until that is ended', async () => {
    const callback = jest.fn();
    await new Promise<void>((resolve) => {
      const stop = systemClock.every(1, () => {
        callback();
        if (callback.mock.calls.length === 3) stop();
        if (callback.mock.calls.length === 3) resolve();
      });
    });
    await sleep(systemClock, 5);
    expect(callback).toHaveBeenCalledTimes(3);
  });

  it('tells milliseconds that grow, the time of the day, and chance', async () => {
    const startedAt = systemClock.now();
    await sleep(systemClock, 2);
    expect(systemClock.now()).toBeGreaterThan(startedAt);
    expect(Math.abs(systemClock.epochMs() - Date.now())).toBeLessThan(60_000);
    const chances = [systemClock.random(), systemClock.random()];
    expect(chances[0]).not.toBe(chances[1]);
  });

  it('gives everything that is settled its turn first', async () => {
    const turns: string[] = [];
    const next = nextTick(systemClock).then(() => turns.push('tick'));
    void Promise.resolve().then(async () => {
      for (let step = 0; step < 10; step++) await Promise.resolve();
      turns.push('settled');
    });
    await next;
    expect(turns).toEqual(['settled', 'tick']);
  });
});

describe('systemClock that was loaded under fake timers', () => {
  async function loaded(use: (clock: typeof ClockFile) => Promise<void>): Promise<void> {
    await jest.isolateModulesAsync(async () => {
      const setImmediate = Object.assign(() => undefined, { clock: {} });
      jest.doMock('node:timers', () => ({ setImmediate }));
      try {
        await use(jest.requireActual<typeof ClockFile>('../../lib/store/clock'));
      } finally {
        jest.dontMock('node:timers');
      }
    });
  }

  it('has turns of its own, in order', async () => {
    const turns: string[] = [];
    await loaded(async ({ nextTick: next, systemClock: clock }) => {
      clock.tick(() => turns.push('first'));
      clock.tick(() => turns.push('second'));
      await next(clock);
      turns.push('third');
      await next(clock);
    });
    expect(turns).toEqual(['first', 'second', 'third']);
  });

  it('keeps the process alive for turns that are to come, and for nothing else', async () => {
    const before = countOf('MessagePort');
    await loaded(async ({ nextTick: next, systemClock: clock }) => {
      expect(countOf('MessagePort')).toBe(before);
      const [first, second] = [next(clock), next(clock)];
      expect(countOf('MessagePort')).toBe(before + 1);
      await first;
      expect(countOf('MessagePort')).toBe(before + 1);
      await second;
      expect(countOf('MessagePort')).toBe(before);
    });
  });
});
