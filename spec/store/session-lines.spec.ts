import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SessionLines } from '../../lib/store/session-lines';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

type OnFirst = jest.Mock<undefined, [boolean]>;

const threeMocks = (): readonly OnFirst[] =>
  Array.from({ length: 3 }, (): OnFirst => jest.fn<undefined, [boolean]>());

describe('SessionLines', () => {
  it('lets the first who came try, and those behind it one after the other', () => {
    const lines = new SessionLines();
    const calls = threeMocks();
    const [first, second, third] = calls.map((onFirst) => lines.join('session-1', onFirst));
    expect([first!.isFirst, second!.isFirst, third!.isFirst]).toEqual([true, false, false]);
    first!.leave(true);
    expect([first!.isFirst, second!.isFirst, third!.isFirst]).toEqual([false, true, false]);
    second!.leave(false);
    expect(third!.isFirst).toBe(true);
    third!.leave(true);
    expect(calls.map(({ mock }) => mock.calls)).toEqual([[], [[true]], [[false]]]);
  });

  it('tells nobody when one leaves that was not the first', () => {
    const lines = new SessionLines();
    const calls = threeMocks();
    const [first, second, third] = calls.map((onFirst) => lines.join('session-1', onFirst));
    second!.leave(false);
    expect(calls.map(({ mock }) => mock.calls)).toEqual([[], [], []]);
    first!.leave(false);
    expect(third!.isFirst).toBe(true);
    expect(calls.map(({ mock }) => mock.calls)).toEqual([[], [], [[false]]]);
  });

  it('lets a place be left only once', () => {
    const lines = new SessionLines();
    const first = lines.join('session-1', jest.fn());
    first.leave(true);
    const [onFirst, onNext] = [jest.fn(), jest.fn()];
    const second = lines.join('session-1', onFirst);
    lines.join('session-1', onNext);
    first.leave(true);
    expect(second.isFirst).toBe(true);
    expect([onFirst.mock.calls, onNext.mock.calls]).toEqual([[], []]);
  });

  it('keeps the line of a session as long as somebody stands in it', () => {
    const lines = new SessionLines();
    const first = lines.join('session-1', jest.fn());
    const second = lines.join('session-1', jest.fn());
    first.leave(true);
    const third = lines.join('session-1', jest.fn());
    expect([second.isFirst, third.isFirst]).toEqual([true, false]);
  });

  it('keeps nothing of a session whose line is empty', () => {
    const lines = new SessionLines();
    const heapUsed = (): number => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = heapUsed();
    for (let session = 0; session < 1_000; session++) {
      lines.join(`${session}${'x'.repeat(100_000)}`, jest.fn()).leave(true);
    }
    expect(heapUsed() - before).toBeLessThan(50_000_000);
    expect(lines.join('0', jest.fn()).isFirst).toBe(true);
  });

  it('has a line for each session', () => {
    const lines = new SessionLines();
    const tickets = ['session-1', 'session-2'].map((id) => lines.join(id, jest.fn()));
    expect(tickets.map(({ isFirst }) => isFirst)).toEqual([true, true]);
  });
});
