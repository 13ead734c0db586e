import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Run } from 'agent-run';
import { pendingRun } from './subjects';

describe('Run.current()', () => {
  it('is undefined outside of execute', async () => {
    expect(Run.current()).toBeUndefined();
    await pendingRun().execute(() => 'done');
    expect(Run.current()).toBeUndefined();
    await pendingRun()
      .execute(() => {
        throw new Error('broken');
      })
      .catch(() => expect(Run.current()).toBeUndefined());
  });

  it('is the run, in the function and after each await', async () => {
    const run = pendingRun();
    await run.execute(async () => {
      expect(Run.current()).toBe(run);
      await Promise.resolve();
      expect(Run.current()).toBe(run);
      await setTimeout(1);
      expect(Run.current()).toBe(run);
    });
  });

  it('is the run in callbacks, timers, microtasks and promises below', async () => {
    const run = pendingRun();
    const seen: unknown[] = [];
    const look = (): void => void seen.push(Run.current());
    await run.execute(async () => {
      [1].forEach(look);
      queueMicrotask(look);
      process.nextTick(look);
      globalThis.setTimeout(look, 1);
      await Promise.all([Promise.resolve().then(look), setImmediate().then(look)]);
      const ticking = globalThis.setInterval(look, 1);
      await setTimeout(20);
      clearInterval(ticking);
      const emitter = new EventEmitter().once('done', look);
      emitter.emit('done');
    });
    expect(seen.length).toBeGreaterThanOrEqual(8);
    expect(new Set(seen)).toEqual(new Set([run]));
  });

  it('is the run in streams and generators below', async () => {
    const run = pendingRun();
    const seen: unknown[] = [];
    async function* words(): AsyncGenerator<string> {
      for (const word of ['a', 'b']) {
        seen.push(Run.current());
        await setImmediate();
        yield word;
      }
    }
    await run.execute(() =>
      pipeline(Readable.from(words()), async (source: AsyncIterable<string>) => {
        for await (const word of source) seen.push(word === '' || Run.current());
      }),
    );
    expect(seen).toEqual([run, run, run, run]);
  });

  it('is its own for each of many runs at once', async () => {
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        const run = pendingRun();
        return run.execute(async () => {
          await setTimeout(index % 7);
          expect(Run.current()).toBe(run);
        });
      }),
    );
  });

  it('is the inner run in a nested one, and the outer one again after it', async () => {
    const outer = pendingRun();
    const inner = outer.createChild();
    await outer.execute(async () => {
      const running = inner.execute(async () => {
        expect(Run.current()).toBe(inner);
        await setImmediate();
        expect(Run.current()).toBe(inner);
      });
      expect(Run.current()).toBe(outer);
      await running;
      expect(Run.current()).toBe(outer);
    });
  });

  it('is the run in listeners of what the function does', async () => {
    const run = pendingRun();
    const seen: unknown[] = [];
    run.on('turnIncremented', () => seen.push(Run.current()));
    await run.execute(() => void run.incrementTurn());
    expect(seen).toEqual([run]);
  });

  it('is the run in work that goes on after the end', async () => {
    const run = pendingRun();
    let seen: Promise<unknown> | undefined;
    await run.execute(() => {
      seen = setTimeout(5).then(() => Run.current());
    });
    expect(run.isTerminal).toBe(true);
    expect(await seen).toBe(run);
  });
});
