import { EndableClock } from '../../lib/store/endable-clock';
import { VirtualClock } from '../support/virtual-clock';

describe('EndableClock', () => {
  let inner: VirtualClock;
  let clock: EndableClock;

  beforeEach(() => {
    inner = new VirtualClock(7);
    clock = new EndableClock(inner);
  });

  it('tells the time and chance of the clock inside', async () => {
    await inner.pass(20);
    expect(clock.now()).toBe(20);
    expect(clock.epochMs()).toBe(inner.epochMs());
    expect(clock.random()).toBe(new VirtualClock(7).random());
  });

  it('calls back as the clock inside does', async () => {
    const [after, every, tick] = [jest.fn(), jest.fn(), jest.fn()];
    clock.after(30, after, false);
    const stop = clock.every(10, every);
    clock.tick(tick);
    await inner.pass(0);
    expect([tick.mock.calls.length, every.mock.calls.length]).toEqual([1, 0]);
    await inner.pass(29);
    expect([after.mock.calls.length, every.mock.calls.length]).toEqual([0, 2]);
    await inner.pass(1);
    expect([after.mock.calls.length, every.mock.calls.length]).toEqual([1, 3]);
    stop();
    expect(inner.waiting).toBe(0);
  });

  it('calls back at once what waits when it ends, once, and leaves no timer', async () => {
    const [due, taken, waiting] = [jest.fn(), jest.fn(), jest.fn()];
    clock.after(10, due, false);
    const takeBack = clock.after(20, taken, false);
    clock.after(30, waiting, false);
    await inner.pass(10);
    takeBack();
    expect(inner.waiting).toBe(1);
    clock.end();
    expect(inner.waiting).toBe(0);
    clock.end();
    expect([due, taken, waiting].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 1]);
  });

  it('leaves what begins to wait as it ends to its time', () => {
    const late = jest.fn();
    clock.after(10, () => clock.after(10, late, false), false);
    clock.end();
    expect(late).not.toHaveBeenCalled();
    expect(inner.waiting).toBe(1);
  });

  it('lets the process end before what waits, where that may be or the clock is over', () => {
    const after = jest.spyOn(inner, 'after');
    clock.after(10, jest.fn(), false);
    clock.after(10, jest.fn(), true);
    clock.end();
    clock.after(10, jest.fn(), false);
    expect(after.mock.calls.map((call: readonly unknown[]) => call[2])).toEqual([false, true, true]);
  });
});
