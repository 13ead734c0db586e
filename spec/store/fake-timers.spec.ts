import { Run } from 'agent-run';
import { MemoryRunStore } from 'agent-run/store';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import type * as ClockFile from '../../lib/store/clock';

afterEach(() => {
  jest.useRealTimers();
});

describe('under fake timers', () => {
  it.each([
    ['MemoryRunStore', () => new MemoryRunStore()],
    ['SqliteRunStore', () => new SqliteRunStore({ path: ':memory:' })],
  ])('%s stores, waits and closes', async (_, open) => {
    jest.useFakeTimers();
    const store = open();
    const run = new Run({ sessionId: 'session-1' });
    const recorder = store.track(run, { whenBusy: 'queue' });
    await recorder.flush();
    const ended = store.waitFor(run.id);
    const watch = store.watch({ runId: run.id });
    await run.execute(() => ({ done: true }));
    await recorder.flush();
    expect((await watch.next()).value).toMatchObject({ type: 'created' });
    expect((await ended).status).toBe('completed');
    expect((await store.get(run.id))?.status).toBe('completed');
    await store.close();
  });

  it('the clock has turns of its own although the timers were fake before it was loaded', async () => {
    jest.useFakeTimers();
    const turns: string[] = [];
    await jest.isolateModulesAsync(async () => {
      const fake = Object.assign(() => undefined, { clock: {} });
      jest.doMock('node:timers', () => ({ setImmediate: fake }));
      const { nextTick, systemClock } = jest.requireActual<typeof ClockFile>('../../lib/store/clock');
      systemClock.tick(() => turns.push('first'));
      await nextTick(systemClock);
      turns.push('second');
    });
    expect(turns).toEqual(['first', 'second']);
  });
});
