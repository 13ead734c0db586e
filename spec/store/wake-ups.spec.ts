import type { Subject, Waiter, Written } from '../../lib/store/wake-ups';
import { WakeUps } from '../../lib/store/wake-ups';
import { VirtualClock } from '../support/virtual-clock';

let clock: VirtualClock;
let wakeUps: WakeUps;

beforeEach(() => {
  clock = new VirtualClock(7);
  wakeUps = new WakeUps(clock);
});

/** Waits, and tells when it is over. */
function wait(waiter: Waiter, ms: number): { isOver: boolean } {
  const waiting = { isOver: false };
  void waiter.wait(ms).then(() => (waiting.isOver = true));
  return waiting;
}

describe('WakeUps', () => {
  const SUBJECTS: readonly [string, Subject][] = [
    ['a run', { runId: 'one' }],
    ['a session', { sessionId: 'one' }],
    ['everything', 'all'],
  ];

  it.each<[string, Written, readonly boolean[]]>([
    ['the run', { runIds: ['one'], sessionIds: ['other'] }, [true, false, true]],
    ['the session', { runIds: ['other'], sessionIds: ['one'] }, [false, true, true]],
    ['neither', { runIds: ['other'], sessionIds: ['other'] }, [false, false, true]],
    ['both', { runIds: ['other', 'one'], sessionIds: ['other', 'one'] }, [true, true, true]],
  ])('wakes those who wait for what was written, and nobody else: %s', async (_, written, woken) => {
    const waiting = SUBJECTS.map(([, subject]) => wait(wakeUps.enter(subject), Infinity));
    await clock.pass(1_000);
    expect(waiting.map(({ isOver }) => isOver)).toEqual([false, false, false]);
    wakeUps.wake(written);
    await clock.pass(0);
    expect(waiting.map(({ isOver }) => isOver)).toEqual(woken);
  });

  it('wakes all who wait for one subject, and everybody with wakeAll()', async () => {
    const same = [1, 2, 3].map(() => wait(wakeUps.enter({ runId: 'one' }), Infinity));
    wakeUps.wake({ runIds: ['one'], sessionIds: [] });
    const all = SUBJECTS.map(([, subject]) => wait(wakeUps.enter(subject), Infinity));
    wakeUps.wakeAll();
    await clock.pass(0);
    expect([...same, ...all].every(({ isOver }) => isOver)).toBe(true);
  });

  it.each(SUBJECTS)('lets go of one who leaves: %s', async (_, subject) => {
    expect(wakeUps.isEmpty).toBe(true);
    const [first, second] = [wakeUps.enter(subject), wakeUps.enter(subject)];
    first.leave();
    first.leave();
    expect(wakeUps.isEmpty).toBe(false);
    const waiting = wait(second, Infinity);
    wakeUps.wakeAll();
    await clock.pass(0);
    expect(waiting.isOver).toBe(true);
    second.leave();
    expect(wakeUps.isEmpty).toBe(true);
  });

  it('wakes one who came after all before had left, although one of them leaves again', async () => {
    const first = wakeUps.enter('all');
    first.leave();
    const waiting = wait(wakeUps.enter('all'), Infinity);
    first.leave();
    wakeUps.wake({ runIds: [], sessionIds: [] });
    await clock.pass(0);
    expect(waiting.isOver).toBe(true);
  });
});

describe('Waiter', () => {
  it('is not held up by news that came while it looked', async () => {
    const waiter = wakeUps.enter('all');
    waiter.beginToLook();
    wakeUps.wakeAll();
    const [first, second] = [wait(waiter, Infinity), wait(waiter, 1_000)];
    await clock.pass(0);
    expect([first.isOver, second.isOver]).toEqual([true, true]);
    expect(clock.waiting).toBe(0);
  });

  it('waits for news that comes after it began to look', async () => {
    const waiter = wakeUps.enter('all');
    wakeUps.wakeAll();
    waiter.beginToLook();
    const waiting = wait(waiter, Infinity);
    await clock.pass(1_000);
    expect(waiting.isOver).toBe(false);
    waiter.wake();
    await clock.pass(0);
    expect(waiting.isOver).toBe(true);
  });

  it.each([
    [99, false],
    [100, true],
  ])('waits no longer than it was told: over after %i of 100 ms: %p', async (ms, isOver) => {
    const waiting = wait(wakeUps.enter('all'), 100);
    await clock.pass(ms);
    expect(waiting.isOver).toBe(isOver);
  });

  it('wakes without news, and waits again', async () => {
    const waiter = wakeUps.enter('all');
    void wait(waiter, 100);
    await clock.pass(100);
    waiter.beginToLook();
    const waiting = wait(waiter, 100);
    await clock.pass(99);
    expect(waiting.isOver).toBe(false);
    await clock.pass(1);
    expect(waiting.isOver).toBe(true);
  });

  it.each<[string, (waiter: Waiter) => void]>([
    ['news', () => wakeUps.wakeAll()],
    ['its leave', (waiter) => waiter.leave()],
  ])('leaves no timer behind when %s ends its wait', async (_, act) => {
    const waiter = wakeUps.enter('all');
    const waiting = wait(waiter, 1_000);
    expect(clock.waiting).toBe(1);
    act(waiter);
    await clock.pass(0);
    expect(waiting.isOver).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  it('keeps the process alive while it waits', () => {
    const after = jest.spyOn(clock, 'after');
    void wait(wakeUps.enter('all'), 100);
    expect(after.mock.calls).toEqual([[100, expect.any(Function), false]]);
  });

  it('has no timer where it may wait for ever', () => {
    void wait(wakeUps.enter('all'), Infinity);
    expect(clock.waiting).toBe(0);
  });
});
