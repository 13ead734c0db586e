import { Run } from 'agent-run';
import type { JournalEntry } from 'agent-run/store';
import type { TestDatabase } from './test-database';

const typesOf = (entries: readonly JournalEntry[]): string[] => entries.map(({ type }) => type);

export function describeJournal(database: () => TestDatabase): void {
  describe('.track()', () => {
    it('journals every event in order, without gaps', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run);
      run.updateStatus('running');
      run.incrementTurn();
      await recorder.flush();
      run.updateTokenUsage({ input_tokens: 10 });
      run.metadata = { step: 2 };
      run.setOutput({ response: 'Hello!' });
      await recorder.flush();
      const entries = await database().connect().events(run.id);
      expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(entries.map(({ type, data }) => ({ type, data }))).toEqual([
        { type: 'created', data: { parentRunId: null } },
        { type: 'statusChanged', data: { from: 'pending', to: 'running' } },
        { type: 'turnIncremented', data: { turnCount: 1 } },
        {
          type: 'usageUpdated',
          data: { delta: { input_tokens: 10 }, tokenUsage: { input_tokens: 10 }, costUsd: null },
        },
        { type: 'attributesChanged', data: { names: ['metadata'] } },
        { type: 'statusChanged', data: { from: 'running', to: 'completed' } },
      ]);
      expect(new Set(entries.map(({ runId }) => runId))).toEqual(new Set([run.id]));
      expect(entries.every(({ at }) => Math.abs(at - Date.now()) < 60_000)).toBe(true);
    });

    it('stores the run as it is before anything happens to it', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1', input: { prompt: 'Hi' } });
      await store.track(run).flush();
      expect((await store.get(run.id))?.toJSON()).toEqual(run.toJSON());
      expect(typesOf(await store.events(run.id))).toEqual(['created']);
    });

    it('keeps the row in step with the run, whatever changes', async () => {
      const [store, reader] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1', limits: { maxTurns: 10 } });
      const recorder = store.track(run);
      const changes: (() => unknown)[] = [
        () => run.updateStatus('running'),
        () => run.incrementTurn(),
        () => run.updateTokenUsage({ input_tokens: 1, input_tokens_details: { cached_tokens: 1 } }),
        () => run.addCost(0.25),
        () => (run.metadata = { a: 1 }),
        () => (run.provider = 'openai'),
        () => (run.providerMetadata = { b: 2 }),
        () => (run.traceContext = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }),
        () => run.updateStatus('completed'),
        () => run.setOutput({ filled: 'in late' }),
        () => run.updateTokenUsage({ output_tokens: 5 }),
        () => run.addCost(0.5),
      ];
      for (const change of changes) {
        change();
        await recorder.flush();
        expect((await reader.get(run.id))?.toJSON()).toEqual(run.toJSON());
      }
      expect(await reader.events(run.id)).toHaveLength(1 + changes.length);
    });

    it('records what a listener changes', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      run.once('statusChanged', () => run.incrementTurn());
      const recorder = store.track(run);
      run.on('turnIncremented', () => run.updateTokenUsage({ input_tokens: 1 }));
      run.updateStatus('running');
      await recorder.flush();
      expect(typesOf(await store.events(run.id))).toEqual([
        'created',
        'statusChanged',
        'turnIncremented',
        'usageUpdated',
      ]);
    });

    it('gives back the recorder that records a run already', () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      expect(store.track(run)).toBe(store.track(run));
    });

    it('goes on with a run that was read', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = first.track(run);
      run.updateStatus('running').incrementTurn();
      await recorder.stop();
      const restored = await second.get(run.id);
      {
        await using next = second.track(restored!);
        await restored!.execute(({ run: current }) => ({ turns: current.incrementTurn().turnCount }));
        expect(next.run).toBe(restored);
      }
      const entries = await first.events(run.id);
      expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
      expect((await first.get(run.id))?.output).toEqual({ turns: 2 });
    });

    it('stores what has changed while nobody recorded the run, though it is no longer than before', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(5_000));
      const run = new Run({ sessionId: 'session-1', metadata: { text: texts[0] } });
      await first.save(run);
      run.metadata = { text: texts[1] };
      await first.track(run).stop();
      expect((await second.get(run.id))?.metadata).toEqual({ text: texts[1] });
      const read = (await second.get(run.id))!;
      read.metadata = { text: texts[2] };
      await second.track(read).flush();
      expect((await first.get(run.id))?.metadata).toEqual({ text: texts[2] });
    });

    it('goes on counting the steps of a run that was read', async () => {
      const [first, second] = [database().connect(), database().connect()];
      const run = new Run({ sessionId: 'session-1' });
      const recorder = first.track(run);
      run.updateStatus('running').startStep('a').end();
      await run.step('b', () => run.startStep('c'));
      await recorder.stop();
      const restored = (await second.get(run.id))!;
      const restoredRecorder = second.track(restored);
      await restored.execute(async () => {
        await restored.step('d', () => restored.step('e', () => undefined));
      });
      await restoredRecorder.stop();
      const started = (await first.events(run.id)).filter(({ type }) => type === 'stepStarted');
      expect(started.map(({ data }) => data['step'])).toMatchObject([
        { index: 1, name: 'a' },
        { index: 2, name: 'b' },
        { index: 3, name: 'c' },
        { index: 4, name: 'd', parent: null },
        { index: 5, name: 'e', parent: 4 },
      ]);
      expect((await first.get(run.id))?.toJSON()).toEqual(restored.toJSON());
      expect(restored.toJSON()).not.toHaveProperty('step_count');
    });

    it('refuses a run of an id that the store has from elsewhere', async () => {
      const store = database().connect();
      await store.save(new Run({ sessionId: 'session-1', id: 'run_1' }));
      const run = new Run({ sessionId: 'session-1', id: 'run_1' });
      const recorder = store.track(run, { onError: () => undefined });
      await expect(recorder.flush()).rejects.toMatchObject({ code: 'already_exists' });
    });

    it('records nothing after it was stopped', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run);
      run.updateStatus('running');
      await recorder.stop();
      await recorder.stop();
      run.incrementTurn();
      await recorder.flush();
      expect(typesOf(await store.events(run.id))).toEqual(['created', 'statusChanged']);
      expect(run.listenerCount('turnIncremented')).toBe(0);
    });

    it('refuses options that make no sense', () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const track =
        (options: object): (() => unknown) =>
        () =>
          store.track(run, options);
      expect(track({ leaseMs: 0 })).toThrow('leaseMs');
      expect(track({ whenBusy: 'perhaps' })).toThrow('whenBusy');
      expect(track({ maxBuffered: Number.NaN })).toThrow('maxBuffered');
    });

    it('records many runs at once', async () => {
      const store = database().connect();
      const runs = Array.from({ length: 300 }, (_, index) => new Run({ sessionId: `session-${index % 7}` }));
      const recorders = runs.map((run) => store.track(run));
      for (const run of runs) run.updateStatus('running').incrementTurn().setOutput({ id: run.id });
      await Promise.all(recorders.map((recorder) => recorder.flush()));
      const last = runs.at(-1)!;
      expect((await store.get(last.id))?.output).toEqual({ id: last.id });
      const [row] = await store.summarize({ groupBy: 'status' });
      expect(row).toMatchObject({ group: { status: 'completed' }, runs: 300, turns: 300 });
    });
  });

  describe('.events()', () => {
    it('pages by seq', async () => {
      const store = database().connect();
      const run = new Run({ sessionId: 'session-1' });
      const recorder = store.track(run);
      run.updateStatus('running');
      for (let turn = 0; turn < 9; turn++) run.incrementTurn();
      await recorder.flush();
      const seqs = async (options: object): Promise<number[]> =>
        (await store.events(run.id, options)).map(({ seq }) => seq);
      expect(await seqs({ limit: 3 })).toEqual([1, 2, 3]);
      expect(await seqs({ afterSeq: 7 })).toEqual([8, 9, 10, 11]);
      expect(await seqs({ afterSeq: 11 })).toEqual([]);
      await expect(store.events(run.id, { afterSeq: -1 })).rejects.toMatchObject({
        code: 'validation_error',
      });
      await expect(store.events(run.id, { limit: 5000 })).rejects.toMatchObject({ code: 'validation_error' });
    });

    it('gives any page of a long journal, whatever else was written in between', async () => {
      const store = database().connect();
      const runs = ['session-1', 'session-1', 'session-2'].map((sessionId) => new Run({ sessionId }));
      const recorders = runs.map((run) => store.track(run));
      for (const [round, turns] of [1, 2, 60, 3, 64, 7, 63].entries()) {
        for (const run of runs.slice(round % 2)) for (let turn = 0; turn < turns; turn++) run.incrementTurn();
        await Promise.all(recorders.map((recorder) => recorder.flush()));
      }
      await store.delete(runs[1]!.id);
      expect(await store.events(runs[1]!.id)).toEqual([]);
      const seqs = Array.from({ length: 201 }, (_, index) => index + 1);
      for (const afterSeq of [0, 1, 62, 63, 64, 65, 127, 128, 150, 199, 200, 500]) {
        for (const limit of [1, 2, 63, 64, 65, 128, 1000]) {
          const page = await store.events(runs[2]!.id, { afterSeq, limit });
          expect(page.map(({ seq }) => seq)).toEqual(seqs.slice(afterSeq, afterSeq + limit));
        }
      }
    });
  });
}
