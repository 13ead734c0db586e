import { setTimeout as sleep } from 'node:timers/promises';
import { Run } from 'agent-run';
import type { JournalEntry, RunStore, WatchOptions } from 'agent-run/store';
import { take } from './test-database';
import type { TestDatabase } from './test-database';

async function runThrough(store: RunStore, sessionId: string, turns: number): Promise<Run> {
  const run = new Run({ sessionId });
  const recorder = store.track(run);
  run.updateStatus('running');
  for (let turn = 0; turn < turns; turn++) {
    run.incrementTurn();
    await recorder.flush();
  }
  run.setOutput({});
  await recorder.flush();
  return run;
}

const positionsOf = (entries: readonly JournalEntry[]): number[] => entries.map(({ position }) => position);

export function describeWatch(database: () => TestDatabase): void {
  describe('.watch()', () => {
    it('follows a run of another process from its beginning', async () => {
      const [writer, reader] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const watched = take(reader.watch({ runId: run.id }), 5);
      const recorder = writer.track(run);
      run.updateStatus('running');
      run.incrementTurn();
      await recorder.flush();
      run.incrementTurn();
      run.setOutput({});
      await recorder.flush();
      expect((await watched).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    });

    it('goes on after the seq that is known', async () => {
      const store = database().connect();
      const run = await runThrough(store, 'session-1', 3);
      const entries = await take(store.watch({ runId: run.id, afterSeq: 4 }), 2);
      expect(entries.map(({ seq }) => seq)).toEqual([5, 6]);
    });

    it('follows a session, and only it, from a position', async () => {
      const [writer, reader] = [database().connect(), database().connect()];
      const first = await runThrough(writer, 'session-1', 2);
      await runThrough(writer, 'session-2', 2);
      const second = await runThrough(writer, 'session-1', 2);
      const all = await take(reader.watch({ sessionId: 'session-1' }), 10);
      expect(all.map(({ runId }) => runId)).toEqual([
        ...Array<string>(5).fill(first.id),
        ...Array<string>(5).fill(second.id),
      ]);
      const afterPosition = all[2]!.position;
      const rest = await take(reader.watch({ sessionId: 'session-1', afterPosition }), 7);
      expect(rest).toEqual(all.slice(3));
    });

    it('gives a session that lies far back in the journal', async () => {
      const store = database().connect();
      const runs = [new Run({ sessionId: 'session-1' }), new Run({ sessionId: 'session-1' })];
      for (const run of runs) store.track(run).run.updateStatus('running');
      await Promise.all(runs.map((run) => store.track(run).flush()));
      const loud = new Run({ sessionId: 'session-2' });
      const recorder = store.track(loud);
      loud.updateStatus('running');
      for (let turn = 0; turn < 3000; turn++) loud.incrementTurn();
      await recorder.flush();
      for (const run of runs) run.setOutput({});
      await Promise.all(runs.map((run) => store.track(run).flush()));
      const entries = await take(store.watch({ sessionId: 'session-1' }), 6);
      expect(positionsOf(entries)).toEqual([...positionsOf(entries)].sort((left, right) => left - right));
      expect(new Set(entries.map(({ runId }) => runId)).size).toBe(2);
      const moves = entries.filter(({ type }) => type === 'statusChanged').map(({ data }) => data['to']);
      expect(moves).toEqual(['running', 'running', 'completed', 'completed']);
    });

    it('misses nothing of what several processes write at once, and gives nothing twice', async () => {
      const writers = [database().connect(), database().connect(), database().connect()];
      const watched = take(database().connect().watch({}), writers.length * 4 * 13);
      await Promise.all(
        writers.map(async (store, index) => {
          for (let run = 0; run < 4; run++) await runThrough(store, `session-${index}`, 10);
        }),
      );
      const entries = await watched;
      const positions = positionsOf(entries);
      expect(positions).toEqual([...new Set(positions)].sort((left, right) => left - right));
      for (const id of new Set(entries.map(({ runId }) => runId))) {
        const seqs = entries.filter(({ runId }) => runId === id).map(({ seq }) => seq);
        expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
      }
    });

    it('ends when its signal aborts, and when the store closes', async () => {
      const store = database().connect();
      const controller = new AbortController();
      const [byAbort, byClose] = [
        take(store.watch({ runId: 'run_none', signal: controller.signal }), 1),
        take(store.watch({}), 1),
      ];
      controller.abort();
      expect(await byAbort).toEqual([]);
      await store.close();
      expect(await byClose).toEqual([]);
      expect(await take(database().connect().watch({ signal: AbortSignal.abort() }), 1)).toEqual([]);
    });

    it('begins at what stands at the call, for "end"', async () => {
      const store = database().connect();
      const run = await runThrough(store, 'session-1', 2);
      const watches = [
        take(store.watch({ afterPosition: 'end' }), 1),
        take(store.watch({ sessionId: 'session-1', afterPosition: 'end' }), 1),
        take(store.watch({ runId: run.id, afterSeq: 'end' }), 1),
      ];
      const all = Promise.all(watches).then(() => true);
      // Where it stands has to be asked: what comes meanwhile may be known already.
      while (!(await Promise.race([all, sleep(20, false)]))) {
        run.updateTokenUsage({ input_tokens: 1 });
        await store.track(run).flush();
      }
      const types = (await Promise.all(watches)).map(([entry]) => entry?.type);
      expect(types).toEqual(['usageUpdated', 'usageUpdated', 'usageUpdated']);
    });

    it('settles at once when it is left while it waits', async () => {
      const store = database().connect();
      const watch = store.watch({ runId: 'run_none' });
      const waiting = watch.next();
      await sleep(20);
      expect(await watch.return(undefined)).toEqual({ done: true, value: undefined });
      expect(await waiting).toEqual({ done: true, value: undefined });
      expect(await watch.next()).toEqual({ done: true, value: undefined });
    });

    it('gives what is asked for side by side, each once and in order', async () => {
      const store = database().connect();
      const run = await runThrough(store, 'session-1', 2);
      const watch = store.watch({ runId: run.id });
      const results = await Promise.all([
        watch.next(),
        watch.next(),
        watch.next(),
        watch.next(),
        watch.next(),
      ]);
      expect(results.map(({ value }) => value?.seq)).toEqual([1, 2, 3, 4, 5]);
      await watch.return(undefined);
    });

    it.each([
      { afterPosition: 1.5 },
      { afterSeq: 1 },
      { runId: 'run_1', afterPosition: 1 },
      { runId: 'run_1', sessionId: 'session-1' },
      { runId: 7 },
      { sesionId: 'session-1' },
      { signal: {} },
      { runId: 'run_1', afterSeq: 'begin' },
    ])('refuses %p at the call', (options) => {
      const store = database().connect();
      expect(() => store.watch(options as WatchOptions)).toThrow('Invalid watch options');
    });
  });
}
