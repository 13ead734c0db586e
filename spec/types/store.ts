/** What a user of stores and of the manager may compile. */
import type { AnyRun } from 'agent-run';
import { Run, RunError } from 'agent-run';
import type { ManagedContext, RunManagerOptions } from 'agent-run/manager';
import { RunManager } from 'agent-run/manager';
import type {
  JournalEntry,
  RunFilter,
  RunPage,
  RunRecorder,
  RunStore,
  RunStoreOptions,
  TrackOptions,
} from 'agent-run/store';
import { MemoryRunStore } from 'agent-run/store';
import { PostgresRunStore } from 'agent-run/store/postgres';
import { SqliteRunStore } from 'agent-run/store/sqlite';

interface Question {
  prompt: string;
}

interface Reply {
  response: string;
}

const run = new Run<Question, Reply>({ sessionId: 'session-123', input: { prompt: 'Hi' } });
const options: RunStoreOptions = { pollMs: 100, workerName: 'worker-1', onError: ({ error }) => error.code };
const store: RunStore = new MemoryRunStore(options);
export const stores: RunStore[] = [
  store,
  new SqliteRunStore({ path: 'runs.db' }),
  new PostgresRunStore({ connectionString: 'postgres://localhost/runs' }),
];
// @ts-expect-error: no option of that name
new SqliteRunStore({ file: 'runs.db' });

// A run is read with the types that were promised for it.
export const typed: Promise<Run<Question, Reply> | null> = store.get<Question, Reply>(run.id);
export const open: Promise<Run | null> = store.get(run.id);
export const response: Promise<string | undefined> = store
  .get<Question, Reply>(run.id)
  .then((found) => found?.output?.response);
// @ts-expect-error: it may not be there
export const surely: Promise<Run<Question, Reply>> = store.get<Question, Reply>(run.id);

// Any run is recorded.
const tracking: TrackOptions = {
  whenBusy: 'queue',
  onError: ({ run: live, willRetry }) => [live, willRetry],
};
export const recorder: RunRecorder = store.track(run, tracking);
// @ts-expect-error: no such way
store.track(run, { whenBusy: 'wait' });

// What is asked for, and what comes.
const filter: RunFilter = {
  status: ['running', 'pending'],
  metadata: { plan: 'pro', seats: 3, trial: false },
};
export const page: Promise<RunPage> = store.list({ ...filter, startedBefore: new Date(), limit: 10 });
// @ts-expect-error: a misspelt filter
void store.list({ startedbefore: new Date() });
// @ts-expect-error: a list is no value of metadata
void store.list({ metadata: { tags: ['a'] } });
export const owner: Promise<string | undefined> = store.inspect(run.id).then((found) => found?.lease?.owner);
export const made: Promise<boolean> = store.create(run).then(({ created }) => created);
export const entries: Promise<JournalEntry[]> = store.events(run.id, { afterSeq: 1, limit: 10 });
export const watched: AsyncIterable<JournalEntry> = store.watch({ runId: run.id, afterSeq: 'end' });
export const ended: Promise<AnyRun> = store.waitFor(run.id, { signal: new AbortController().signal });
export const rows: Promise<(string | number | boolean | null | undefined)[]> = store
  .summarize({ groupBy: ['day', 'metadata.plan'], timeZone: 'Europe/Berlin' })
  .then((summary) => summary.map(({ group }) => group['metadata.plan']));
// @ts-expect-error: nothing to sum up by
void store.summarize({ groupBy: 'colour' });

// A manager hands its functions a run with its types, and a meter.
const settings: RunManagerOptions = { store, meter: { provider: 'openai' }, defaults: { timeoutMs: 1_000 } };
const manager = new RunManager(settings);
export const output: Promise<{ response: string }> = manager.execute(run, ({ run: live, meter, signal }) => {
  meter.record({ prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 });
  return { response: `${live.input?.prompt ?? ''} ${String(signal.aborted)}` };
});
export const managed = ({ run: live, meter }: ManagedContext): string =>
  `${live.id} ${Object.keys(meter.byModel()).join()}`;
export const prompt: string | undefined = manager.create<Question>({ sessionId: 's' }).input?.prompt;
manager.on('runCreated', ({ run: live, at }) => [live.id, at]);
manager.on('statusChanged', ({ run: live, to }) => [live.id, to]);
manager.on('storeError', ({ run: live, error, willRetry }) => [live?.id, error.code, willRetry]);
// @ts-expect-error: no option of that name
new RunManager({ stores: [store] });

// Whatever is thrown is told by its code.
export const isBusy = (error: unknown): boolean => error instanceof RunError && error.code === 'session_busy';
