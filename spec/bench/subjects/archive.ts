/** Stores that hold many runs, and what is read in them. */
import type { Run as RunType, RunJSON } from 'agent-run';
import type { ListOptions, RunStore } from 'agent-run/store';
import { Run } from '../built';
import { USAGE } from '../work';

/** How many runs the store holds. */
export interface Archive {
  readonly runs: number;
}

/** What is read in it. */
export interface ArchiveReading extends Archive {
  readonly reading: Reading;
}

/** Runs are ten to a session, a second apart; the last run of every tenth session still runs. */
export const LAYOUT = {
  runsOfSession: 10,
  runsOfActive: 100,
  startedMs: Date.UTC(2026, 0, 1),
  apartMs: 1000,
};

/** Spreads the reads over all runs without a random number for each; prime. */
const STRIDE = 7_919;

/** By the name of the public method; each makes one piece of work, for the how-many-eth time. */
const READINGS = {
  get:
    (store, { runs }) =>
    (time) =>
      store.get(idOf(time % runs)),
  'list, the first page': (store) => () => store.list(),
  'list, a page by cursor': async (store, { runs }) => listMiddle(store, runs, {}),
  'list, a page of a status': (store, { runs }) => listMiddle(store, runs, { status: 'completed' }),
  'list, a session':
    (store, { runs }) =>
    (time) =>
      store.list({ sessionId: sessionOf(time % runs) }),
  getActive:
    (store, { runs }) =>
    (time) =>
      store.getActive(sessionOf((time * LAYOUT.runsOfActive - 1) % runs)),
} satisfies Record<string, (store: RunStore, archive: Archive) => Work | Promise<Work>>;

type Work = (time: number) => Promise<unknown>;

export type Reading = keyof typeof READINGS;

export const readings = Object.keys(READINGS) as readonly Reading[];

/** A piece of work: one read, each elsewhere. */
export async function readingIn(
  store: RunStore,
  { runs, reading }: ArchiveReading,
): Promise<() => Promise<unknown>> {
  const read = await READINGS[reading](store, { runs });
  let time = 0;
  return () => read((time += STRIDE));
}

/** The runs that rows of the archive are copied from: one that runs, one that has completed. */
export function samples(): { readonly running: RunType; readonly completed: RunType } {
  const attributes = { sessionId: 'sample', input: { prompt: 'What is open?' }, provider: 'openai' };
  const [running, completed] = [new Run(attributes), new Run(attributes)];
  for (const run of [running, completed]) run.updateStatus('running').incrementTurn().updateTokenUsage(USAGE);
  return { running, completed: completed.setOutput({ response: 'Three incidents are open.' }) };
}

/** The record of a run of the archive. */
export function copyOf(
  { running, completed }: Record<keyof ReturnType<typeof samples>, RunJSON>,
  index: number,
): RunJSON {
  const isActive = index % LAYOUT.runsOfActive === LAYOUT.runsOfActive - 1;
  const startedAt = new Date(LAYOUT.startedMs + index * LAYOUT.apartMs).toISOString();
  return {
    ...(isActive ? running : completed),
    id: idOf(index),
    session_id: sessionOf(index),
    started_at: startedAt,
  };
}

function idOf(index: number): string {
  return `run_${index.toString(16).padStart(32, '0')}`;
}

function sessionOf(index: number): string {
  return `session-${Math.floor(index / LAYOUT.runsOfSession)}`;
}

/** A page that begins in the middle of the archive. */
async function listMiddle(store: RunStore, runs: number, filter: ListOptions): Promise<Work> {
  const middle = new Date(LAYOUT.startedMs + (LAYOUT.apartMs * runs) / 2);
  const { nextCursor } = await store.list({ ...filter, startedBefore: middle, limit: 1 });
  return () => store.list({ ...filter, cursor: nextCursor });
}
