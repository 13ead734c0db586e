import { FlushWaiters } from '../../lib/store/flush-waiters';

/** What has become of a promise so far. */
function follow(promise: Promise<void>): { state: string } {
  const followed = { state: 'waits' };
  promise.then(
    () => (followed.state = 'resolved'),
    (error: unknown) => (followed.state = `rejected: ${(error as Error).message}`),
  );
  return followed;
}

async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('FlushWaiters', () => {
  let waiters: FlushWaiters;

  beforeEach(() => {
    waiters = new FlushWaiters();
  });

  it.each([true, false])('has one promise for all who wait for the same (on its way: %p)', (onTheirWay) => {
    expect(waiters.add(onTheirWay)).toBe(waiters.add(onTheirWay));
    expect(waiters.add(!onTheirWay)).not.toBe(waiters.add(onTheirWay));
  });

  it('has one promise for those who waited for what is on its way now, and those who come for it later', () => {
    const early = waiters.add(false);
    waiters.send();
    expect(waiters.add(true)).toBe(early);
    expect(waiters.add(false)).not.toBe(early);
  });

  it('settles what was on its way, and nothing that came after', async () => {
    const sent = follow(waiters.add(false));
    waiters.send();
    const [late, next] = [follow(waiters.add(true)), follow(waiters.add(false))];
    waiters.sent();
    await turn();
    expect([sent, late, next].map(({ state }) => state)).toEqual(['resolved', 'resolved', 'waits']);
    waiters.sent();
    await turn();
    expect(next.state).toBe('waits');
    waiters.send();
    waiters.sent();
    await turn();
    expect(next.state).toBe('resolved');
  });

  it('keeps those whose write came back, with those of the next', async () => {
    const first = follow(waiters.add(false));
    waiters.send();
    const second = follow(waiters.add(false));
    waiters.send();
    waiters.sent();
    await turn();
    expect([first.state, second.state]).toEqual(['resolved', 'resolved']);
  });

  it('settles everybody with resolveAll() and with rejectAll()', async () => {
    const before = [follow(waiters.add(true)), follow(waiters.add(false))];
    waiters.resolveAll();
    const after = [follow(waiters.add(true)), follow(waiters.add(false))];
    waiters.rejectAll(new Error('away'));
    await turn();
    expect(before.map(({ state }) => state)).toEqual(['resolved', 'resolved']);
    expect(after.map(({ state }) => state)).toEqual(['rejected: away', 'rejected: away']);
  });

  it.each(['sent', 'resolveAll', 'rejectAll'] as const)('gives a new promise after %s()', async (settle) => {
    const early = waiters.add(true);
    const settled = follow(early);
    if (settle === 'rejectAll') waiters.rejectAll(new Error('away'));
    else waiters[settle]();
    const late = waiters.add(true);
    expect(late).not.toBe(early);
    const waiting = follow(late);
    await turn();
    expect(settled.state).not.toBe('waits');
    expect(waiting.state).toBe('waits');
  });

  it.each<[string, () => unknown, boolean]>([
    ['nobody', () => undefined, true],
    ['one who waits for what is next', () => waiters.add(false), false],
    ['one who waits for what is on its way', () => waiters.add(true), false],
    [
      'one whose changes were sent',
      () => {
        void waiters.add(false);
        waiters.send();
      },
      false,
    ],
    [
      'one who was told',
      () => {
        void waiters.add(false);
        waiters.resolveAll();
      },
      true,
    ],
    [
      'one who was refused',
      () => {
        void waiters.add(true);
        waiters.rejectAll(new Error('away'));
      },
      true,
    ],
  ])('says whether anybody waits: %s', (_, act, isEmpty) => {
    act();
    expect(waiters.isEmpty).toBe(isEmpty);
  });
});
