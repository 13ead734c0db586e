import { startDeadline } from '../../lib/execution/deadline';

/** 2^31 - 1 ms: what a timer of Node holds; beyond it, Node fires at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

describe('startDeadline()', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it.each([
    1,
    2_000,
    LONGEST_TIMER_MS - 1,
    LONGEST_TIMER_MS,
    LONGEST_TIMER_MS + 1,
    2 * LONGEST_TIMER_MS,
    5 * LONGEST_TIMER_MS + 17,
  ])('calls back once after %d ms', (delayMs) => {
    const onPassed = jest.fn();
    startDeadline(delayMs, onPassed);
    jest.advanceTimersByTime(delayMs - 1);
    expect(onPassed).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(onPassed).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(LONGEST_TIMER_MS);
    expect(onPassed).toHaveBeenCalledTimes(1);
  });

  it('never asks Node for a longer timer than it holds', () => {
    const setTimer = jest.spyOn(globalThis, 'setTimeout');
    startDeadline(3 * LONGEST_TIMER_MS, jest.fn());
    jest.advanceTimersByTime(3 * LONGEST_TIMER_MS);
    expect(setTimer.mock.calls.map(([, delayMs]) => delayMs)).toEqual(Array(3).fill(LONGEST_TIMER_MS));
  });

  it('sets no timer for Infinity', () => {
    const onPassed = jest.fn();
    const stop = startDeadline(Infinity, onPassed);
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(LONGEST_TIMER_MS);
    stop();
    expect(onPassed).not.toHaveBeenCalled();
  });

  it.each([0, LONGEST_TIMER_MS])('is stopped after %d ms', (passedMs) => {
    const onPassed = jest.fn();
    const stop = startDeadline(LONGEST_TIMER_MS + 1_000, onPassed);
    jest.advanceTimersByTime(passedMs);
    stop();
    stop();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(LONGEST_TIMER_MS);
    expect(onPassed).not.toHaveBeenCalled();
  });

  it.each([
    [undefined, true],
    [false, true],
    [true, false],
  ])('lets the process end before where it is told so: %j', (mayExit, holdsProcess) => {
    const setTimer = jest.spyOn(globalThis, 'setTimeout');
    const stop = startDeadline(LONGEST_TIMER_MS + 1_000, jest.fn(), mayExit);
    jest.advanceTimersByTime(LONGEST_TIMER_MS);
    const timers = setTimer.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(timers.map((timer) => timer.hasRef())).toEqual([holdsProcess, holdsProcess]);
    stop();
  });
});
