/** A process that executes and watches runs on call: see `WorkerProcess`. */
import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { JsonValue } from 'agent-run';
import { Run, RunError } from 'agent-run';
import type { JournalEntry, RunRecorder, RunStore, TrackOptions } from 'agent-run/store';
import { serve, tell } from '../../support/serve';
import type { Location } from './databases';
import { openStore } from './databases';

let store: RunStore;
const told = new EventEmitter();
const finished = new Set<string>();
const recorders = new Map<string, RunRecorder>();

/** How an attempt came out: `ok`, or the code of its error. */
export type Outcome = string;

/** A place in the journal, and which run was there. */
export type Seen = Pick<JournalEntry, 'position' | 'runId' | 'seq'>;

export const commands = {
  /** Opens the database, and makes its tables where that has to be done. */
  async open(location: Location): Promise<void> {
    finished.clear();
    store = openStore(location, { track: { onError: () => undefined } });
    await store.get('run_none');
  },

  /** Starts runs and stores them as running. @returns their ids */
  async start(count: number, sessionId: string, options: TrackOptions = {}): Promise<string[]> {
    const runs = Array.from({ length: count }, () => new Run({ sessionId }));
    await Promise.all(runs.map((run) => record(run, options).flush()));
    return runs.map(({ id }) => id);
  },

  /** Completes runs, a few at a time, each as if it were the only one. */
  complete: (ids: readonly string[]): Promise<Outcome[]> =>
    attemptEach(ids, async (id) => {
      const recorder = recorders.get(id)!;
      recorder.run.setOutput({ by: process.pid });
      await recorder.stop();
    }),

  /** Cancels runs, a few at a time. */
  cancel: (ids: readonly string[]): Promise<Outcome[]> =>
    attemptEach(ids, async (id) => {
      await store.cancel(id);
    }),

  /** Takes turns for ever, and tells after each flush how many are safe. */
  async takeTurns(sessionId: string): Promise<void> {
    const run = new Run({ sessionId });
    const recorder = record(run);
    tell({ id: run.id, turns: 0 });
    for (;;) {
      const count = 1 + Math.floor(Math.random() * 5);
      for (let turn = 0; turn < count; turn++) takeTurn(run);
      await recorder.flush();
      tell({ id: run.id, turns: run.turnCount });
    }
  },

  /** Takes a number of turns on a run that this process has started, with a pause between them. */
  async takeSomeTurns(id: string, count: number, pauseMs: number): Promise<Outcome> {
    const recorder = recorders.get(id)!;
    return attempt(async () => {
      for (let turn = 0; turn < count; turn++) {
        takeTurn(recorder.run);
        await setTimeout(pauseMs);
      }
      await recorder.flush();
    });
  },

  /** Enters steps of a new run, one of which ends, and stores what happened. @returns the run's id */
  async enterSteps(sessionId: string, options: TrackOptions): Promise<string> {
    const run = new Run({ sessionId });
    const recorder = record(run, options);
    await run.step('done', () => ({ found: 3 }), { output: true });
    const entered = new Promise<void>((resolve) => {
      void run.step('outer', async () => {
        run.startStep('inner', { kind: 'model', input: { page: 1 } });
        run.note('progress', { percent: 40 });
        resolve();
        await once(told, 'never');
      });
    });
    await entered;
    await recorder.flush();
    return run.id;
  },

  /** Takes a turn and a step in a new run, and has it wait. @returns its id */
  async park(sessionId: string): Promise<string> {
    const run = new Run({ sessionId });
    const recorder = store.track(run);
    await run.execute(async () => {
      takeTurn(run);
      await run.step('ask', () => undefined);
      return run.park({ reason: 'approval', state: { at: 1 } });
    });
    await recorder.flush();
    return run.id;
  },

  /** Answers a run that waits. */
  answer: (id: string, value: JsonValue): Promise<Outcome> =>
    attempt(async () => {
      await store.answer(id, value);
    }),

  /** Where a run that this process has started stands, as far as the process knows. */
  statusOf: (id: string): string => recorders.get(id)!.run.status,

  flush: (id: string): Promise<Outcome> => attempt(() => recorders.get(id)!.flush()),

  /**
   * Starts a run in a session, executes it, and says how that came out.
   *
   * @param forMs - How long; null until `finish` is called for the session.
   */
  execute: (sessionId: string, options: TrackOptions, forMs: number | null): Promise<Outcome> =>
    attempt(async () => {
      const run = new Run({ sessionId });
      const recorder = store.track(run, options);
      await run.execute(async ({ signal }) => {
        // Told perhaps before it got here: the last one in may be let in after all others have ended.
        if (forMs === null && finished.has(sessionId)) return;
        if (forMs === null) await Promise.race([once(told, sessionId), once(signal, 'abort')]);
        else await setTimeout(forMs, undefined, { signal });
      });
      await recorder.stop();
    }),

  /** Lets what is executed in a session complete. */
  finish(sessionId: string): void {
    finished.add(sessionId);
    told.emit(sessionId);
  },

  /** Ends what others have left behind. @returns the ids */
  async recover(): Promise<string[]> {
    return (await store.recover({ staleAfterMs: 0 })).map(({ id }) => id);
  },

  /** Reads the journal until it has as many entries, or for ever, and tells each. */
  async watch(afterPosition: number, count: number): Promise<void> {
    let left = count;
    if (left === 0) return;
    for await (const { position, runId, seq } of store.watch({ afterPosition })) {
      tell({ position, runId, seq } satisfies Seen);
      left -= 1;
      if (left === 0) return;
    }
  },

  async close(): Promise<void> {
    await store.close();
  },
};

export type WorkerCommands = typeof commands;

function record(run: Run, options: TrackOptions = {}): RunRecorder {
  const recorder = store.track(run, options);
  recorders.set(run.id, recorder);
  run.updateStatus('running');
  return recorder;
}

function takeTurn(run: RunRecorder['run']): void {
  run.incrementTurn();
  run.updateTokenUsage({ input_tokens: 10, output_tokens: 1 });
}

async function attemptEach(ids: readonly string[], act: (id: string) => Promise<void>): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const left = [...ids];
  while (left.length > 0) {
    const next = left.splice(0, 1 + Math.floor(Math.random() * 4));
    outcomes.push(...(await Promise.all(next.map((id) => attempt(() => act(id))))));
  }
  return outcomes;
}

async function attempt(act: () => Promise<void>): Promise<Outcome> {
  try {
    await act();
    return 'ok';
  } catch (error) {
    if (error instanceof RunError) return error.code;
    throw error;
  }
}

serve(commands);
