import { Sweep } from '../../lib/manager/sweep';

/** Work that takes until it is said to be done. */
function slowWork(): { work: jest.Mock; done: () => void; signals: AbortSignal[] } {
  const signals: AbortSignal[] = [];
  const ends: (() => void)[] = [];
  const work = jest.fn((signal: AbortSignal) => {
    signals.push(signal);
    return new Promise<void>((resolve) => {
      ends.push(resolve);
    });
  });
  return { work, signals, done: () => ends.splice(0).forEach((end) => end()) };
}

describe('Sweep', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it.each([
    [0, 750],
    [0.5, 1_000],
    [0.98, 1_240],
  ])('repeats its work with jitter: at a chance of %d, %d ms after its end', async (chance, everyMs) => {
    jest.spyOn(Math, 'random').mockReturnValue(chance);
    const work = jest.fn(() => Promise.resolve());
    const sweep = new Sweep(1_000, work).start(50);
    await jest.advanceTimersByTimeAsync(49);
    expect(work).toHaveBeenCalledTimes(0);
    await jest.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(everyMs - 1);
    expect(work).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(2);
    await sweep.stop();
  });

  it('does not begin again before it has done', async () => {
    const { work, done } = slowWork();
    const sweep = new Sweep(10, work).start(0);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(work).toHaveBeenCalledTimes(1);
    done();
    await jest.advanceTimersByTimeAsync(13);
    expect(work).toHaveBeenCalledTimes(2);
    const stopped = sweep.stop();
    done();
    await stopped;
  });

  it('aborts the work when it is stopped, waits for it, and does nothing after', async () => {
    const { work, done, signals } = slowWork();
    const sweep = new Sweep(10, work).start(0);
    await jest.advanceTimersByTimeAsync(0);
    expect(signals[0]!.aborted).toBe(false);
    const onStopped = jest.fn();
    const stopped = sweep.stop().then(onStopped);
    expect(signals[0]!.aborted).toBe(true);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(onStopped).not.toHaveBeenCalled();
    done();
    await stopped;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('does nothing where it is stopped before the first time', async () => {
    const work = jest.fn(() => Promise.resolve());
    await new Sweep(10, work).start(5).stop();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(work).not.toHaveBeenCalled();
  });

  it('does its work once where it repeats it after Infinity', async () => {
    const work = jest.fn(() => Promise.resolve());
    const sweep = new Sweep(Infinity, work).start(0);
    await jest.advanceTimersByTimeAsync(2 ** 31);
    expect(work).toHaveBeenCalledTimes(1);
    await sweep.stop();
  });

  it('does not keep the process alive', async () => {
    const setTimer = jest.spyOn(globalThis, 'setTimeout');
    const sweep = new Sweep(10, () => Promise.resolve()).start(5);
    expect((setTimer.mock.results[0]!.value as NodeJS.Timeout).hasRef()).toBe(false);
    await sweep.stop();
  });
});
