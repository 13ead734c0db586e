import type { Changed } from '../../../lib/store/postgres/notification';
import { perhapsAny, readNotification, writeNotifications } from '../../../lib/store/postgres/notification';

const SOURCE = 'source-1';

/** What PostgreSQL takes, in bytes. */
const LIMIT = 8_000;

function changed(count: number, id = 'run_', sessionId = 'session-'): Changed[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${id}${index}`,
    sessionId: `${sessionId}${index}`,
  }));
}

/** What others are told by these payloads: the runs and the sessions. */
function told(payloads: readonly string[]): { runIds: string[]; sessionIds: string[] } {
  const commits = payloads.map((payload) => {
    const { source, commit } = readNotification(payload);
    expect(source).toBe(SOURCE);
    return commit!;
  });
  return {
    runIds: commits.flatMap(({ runIds }) => runIds),
    sessionIds: commits.flatMap(({ sessionIds }) => sessionIds),
  };
}

describe('writeNotifications()', () => {
  it('names every run, and each session once', () => {
    const runs = ['a', 'b', 'c'].map((id) => ({ id, sessionId: id === 'c' ? 'two' : 'one' }));
    const payloads = writeNotifications(SOURCE, runs);
    expect(payloads).toEqual(['["source-1",["a","b","c"],["one","two"]]']);
  });

  it('says nothing where nothing has changed', () => {
    expect(writeNotifications(SOURCE, [])).toEqual([]);
  });

  it.each([
    [1, 1],
    [64, 1],
    [65, 2],
    [128, 2],
    [129, 3],
    [16 * 64, 16],
  ])('names %i runs in %i payloads', (runs, count) => {
    const payloads = writeNotifications(SOURCE, changed(runs));
    expect(payloads).toHaveLength(count);
    expect(told(payloads).runIds).toEqual(changed(runs).map(({ id }) => id));
  });

  it('says "perhaps any" of more than sixteen payloads', () => {
    expect(writeNotifications(SOURCE, changed(16 * 64 + 1))).toEqual([perhapsAny(SOURCE)]);
  });

  it('parts what would be too long, and loses none', () => {
    for (const length of [50, 100, 200, 400, 1000]) {
      const runs = changed(7, 'é'.repeat(length), '🙂'.repeat(length / 4));
      const payloads = writeNotifications(SOURCE, runs);
      expect(told(payloads)).toEqual({
        runIds: runs.map(({ id }) => id),
        sessionIds: runs.map(({ sessionId }) => sessionId),
      });
      for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(LIMIT);
    }
  });

  it.each([
    // With source, brackets and quotes, so many bytes in all.
    [7_900, 1],
    [7_901, 2],
  ])('fills a payload of %i bytes, and no more', (bytes, count) => {
    const empty = Buffer.byteLength(JSON.stringify([SOURCE, ['', 'b'], ['s']]));
    const runs = [
      { id: 'a'.repeat(bytes - empty), sessionId: 's' },
      { id: 'b', sessionId: 's' },
    ];
    expect(writeNotifications(SOURCE, runs)).toHaveLength(count);
  });

  it('says "perhaps any" of a run whose name alone is too long, whatever else there is', () => {
    const long = { id: 'x'.repeat(LIMIT), sessionId: 's' };
    expect(writeNotifications(SOURCE, [long])).toEqual([perhapsAny(SOURCE)]);
    expect(writeNotifications(SOURCE, [...changed(70), long])).toContain(perhapsAny(SOURCE));
  });
});

describe('readNotification()', () => {
  it('reads "perhaps any", and whose it is', () => {
    expect(readNotification(perhapsAny(SOURCE))).toEqual({ source: SOURCE, commit: null });
  });

  it.each([
    ['', ''],
    ['hello', ''],
    ['null', ''],
    ['{}', ''],
    ['[]', 'undefined'],
    ['[1]', '1'],
    ['[1,["a"],["b"]]', '1'],
    ['["x","y","z"]', 'x'],
    ['["x",["a"]]', 'x'],
    ['["x",["a"],"b"]', 'x'],
    ['["x",[1],["b"]]', 'x'],
    ['["x",["a"],["b",null]]', 'x'],
    ['["x",{"every":1},["b"]]', 'x'],
  ])('takes %j, which somebody else has said, for "perhaps any"', (payload, source) => {
    expect(readNotification(payload)).toEqual({ source, commit: null });
  });
});
