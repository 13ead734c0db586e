import { Run, RunError } from 'agent-run';
import type { JournalEntry, RunStore, StoreErrorEvent } from 'agent-run/store';
import type { JournalPage, JournalQuery } from '../../lib/store/backend';
import { journalOf } from '../../lib/store/journal-port';
import { FlakyBackend, FlakyStore } from '../support/flaky-backend';
import { VirtualClock } from '../support/virtual-clock';

/** It looks at so many positions at a time, as a backend may. */
class NarrowBackend extends FlakyBackend {
  window = Infinity;
  /** Whether an entry cannot be read. */
  isSpoilt: (entry: { readonly seq: number }) => boolean = () => false;

  override async journal(query: JournalQuery): Promise<JournalPage> {
    const page = await super.journal(query);
    const entries = page.entries.map((entry) => (this.isSpoilt(entry) ? { ...entry, data: '{' } : entry));
    if (query.runId !== undefined) return { ...page, entries };
    const end = (query.afterPosition ?? 0) + this.window;
    return {
      entries: entries.filter(({ position }) => position <= end),
      throughPosition: Math.min(end, page.throughPosition),
    };
  }
}

const OVER = { done: true, value: undefined };

let clock: VirtualClock;
let backend: NarrowBackend;
let store: RunStore;
let other: RunStore;
let onError: jest.Mock<undefined, [StoreErrorEvent]>;

beforeEach(() => {
  clock = new VirtualClock(7);
  backend = new NarrowBackend();
  onError = jest.fn<undefined, [StoreErrorEvent]>();
  const options = { retryForMs: 500, callTimeoutMs: 500, onError };
  store = new FlakyStore(backend, options, clock);
  other = new FlakyStore(backend, {}, clock);
});

async function settle<Result>(promise: Promise<Result>, ms = 0): Promise<Result> {
  promise.catch(() => undefined);
  await clock.pass(ms);
  return promise;
}

/** Another process writes a run with so many entries. */
async function write(sessionId: string, entries: number, id?: string): Promise<Run> {
  const run = new Run({ sessionId, ...(id === undefined ? {} : { id }) });
  const recorder = other.track(run);
  for (let entry = 1; entry < entries; entry++) run.note(`note ${entry}`);
  await settle(recorder.stop());
  return run;
}

/** Another process writes one more entry of the run, and everybody hears of it. */
async function writeMore(run: Run): Promise<void> {
  const recorder = other.track(run);
  run.note('one more');
  await settle(recorder.stop());
  await clock.pass(200);
}

/** What comes until nothing does. */
function collect(watch: AsyncGenerator<JournalEntry, undefined>): JournalEntry[] {
  const entries: JournalEntry[] = [];
  const readAll = async (): Promise<void> => {
    for await (const entry of watch) entries.push(entry);
  };
  void readAll();
  return entries;
}

describe('a watch', () => {
  it.each([500, 501, 1_001])('gives all of %p entries that are there, in order', async (count) => {
    const run = await write('session-1', count);
    const seqs = Array.from({ length: count }, (_, index) => index + 1);
    const ofRun = collect(store.watch({ runId: run.id }));
    const ofAll = collect(store.watch());
    await clock.pass(1);
    expect(ofRun.map(({ seq }) => seq)).toEqual(seqs);
    expect(ofAll.map(({ seq }) => seq)).toEqual(seqs);
    await store.close();
  });

  it('finds entries of a session however far they lie behind those of others', async () => {
    backend.window = 10;
    await write('session-2', 35);
    const run = await write('session-1', 3);
    await write('session-2', 35);
    const entries = collect(store.watch({ sessionId: 'session-1' }));
    await clock.pass(1);
    expect(entries.map(({ runId, seq }) => [runId, seq])).toEqual([1, 2, 3].map((seq) => [run.id, seq]));
    const page = { sessionId: 'session-1', afterPosition: 0, limit: 2 };
    expect((await settle(journalOf(store).page(page))).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(await settle(journalOf(store).page({ ...page, afterPosition: 38 }))).toEqual([]);
    await store.close();
  });

  it('gives what is asked for before it is there, each once and in order', async () => {
    const run = await write('session-1', 1);
    const watch = store.watch({ runId: run.id, afterSeq: 1 });
    const seqs: (number | undefined)[] = [];
    for (let request = 0; request < 5; request++) {
      void watch.next().then(({ value }) => seqs.push(value?.seq));
    }
    await clock.pass(1_000);
    const recorder = other.track(run);
    for (let note = 0; note < 3; note++) run.note('one of three');
    await settle(recorder.stop(), 200);
    expect(seqs).toEqual([2, 3, 4]);
    for (let more = 0; more < 2; more++) await writeMore(run);
    expect(seqs).toEqual([2, 3, 4, 5, 6]);
    await watch.return(undefined);
  });

  it('goes on behind what was asked for side by side', async () => {
    const run = await write('session-1', 4);
    const watch = store.watch({ runId: run.id });
    const both = Promise.all([watch.next(), watch.next()]);
    expect((await settle(both)).map(({ value }) => value?.seq)).toEqual([1, 2]);
    expect((await settle(watch.next())).value?.seq).toBe(3);
    expect((await settle(watch.next())).value?.seq).toBe(4);
    await watch.return(undefined);
  });

  it('hears of a whole store, of a session and of a run', async () => {
    const run = await write('session-1', 1);
    const found = [{}, { sessionId: 'session-1' }, { runId: run.id }].map((options) =>
      collect(store.watch(options)),
    );
    await clock.pass(1_000);
    await writeMore(run);
    expect(found.map((entries) => entries.map(({ seq }) => seq))).toEqual(Array(3).fill([1, 2]));
    await store.close();
  });

  it('reads no more than it has to while nothing is written', async () => {
    const run = await write('session-1', 3);
    collect(store.watch({ runId: run.id, afterSeq: 3 }));
    collect(store.watch({ sessionId: 'session-1', afterPosition: 3 }));
    await clock.pass(1);
    const { journal } = backend.calls;
    await clock.pass(10_000);
    expect(backend.calls.journal).toBe(journal);
    await store.close();
  });

  it('follows ids that a database would not take as they are', async () => {
    const run = await write('session \0', 2, 'run \0');
    await write('session-2', 2);
    const watches = [
      { runId: run.id },
      { sessionId: 'session \0' },
      { runId: run.id, afterSeq: 'end' as const },
    ];
    const found = watches.map((options) => collect(store.watch(options)));
    await clock.pass(1);
    expect(found.map((entries) => entries.map(({ seq }) => seq))).toEqual([[1, 2], [1, 2], []]);
    await writeMore(run);
    expect(found.map((entries) => entries.at(-1)?.seq)).toEqual([3, 3, 3]);
    await store.close();
  });

  it('passes over what cannot be read, and says so', async () => {
    const run = await write('session-1', 4);
    backend.isSpoilt = ({ seq }) => seq === 2 || seq === 4;
    const entries = collect(store.watch({ runId: run.id }));
    await clock.pass(1);
    expect(entries.map(({ seq }) => seq)).toEqual([1, 3]);
    expect(onError).toHaveBeenCalledTimes(2);
    await writeMore(run);
    expect(entries.map(({ seq }) => seq)).toEqual([1, 3, 5]);
    await store.close();
  });

  it('may be left by whoever is told of what cannot be read', async () => {
    const run = await write('session-1', 2);
    backend.isSpoilt = ({ seq }) => seq === 1;
    const watch = store.watch({ runId: run.id });
    onError.mockImplementation(() => void watch.return(undefined));
    expect(await settle(watch.next())).toEqual(OVER);
  });

  it('throws what the database says in the end, once, and is over', async () => {
    const run = await write('session-1', 2);
    const watch = store.watch({ runId: run.id });
    backend.then = 'away';
    backend.isAllBad = true;
    const [first, second] = [watch.next(), watch.next()];
    await expect(settle(first, 1_000)).rejects.toMatchObject({ code: 'storage_error', retryable: true });
    expect(await second).toEqual(OVER);
    expect(await watch.next()).toEqual(OVER);
    await clock.pass(1_000);
    const { head } = backend.calls;
    await clock.pass(10_000);
    expect(backend.calls.head).toBe(head);
  });

  it('throws where the end that it is to begin at cannot be looked up', async () => {
    backend.then = 'refused';
    backend.isAllBad = true;
    const watch = store.watch({ afterPosition: 'end' });
    await clock.pass(1_000);
    await expect(watch.next()).rejects.toMatchObject({ code: 'storage_error' });
  });

  it('goes to nobody for an error that comes after it was left', async () => {
    const run = await write('session-1', 2);
    const watch = store.watch({ runId: run.id });
    backend.then = 'hangs';
    backend.isAllBad = true;
    const next = watch.next();
    await clock.pass(10);
    await watch.return(undefined);
    expect(await next).toEqual(OVER);
    await clock.pass(10_000);
    expect(clock.waiting).toBe(0);
  });

  it('waits for nothing when it was left before its beginning was known', async () => {
    const watch = store.watch({ afterPosition: 'end' });
    const next = watch.next();
    await watch.return(undefined);
    expect(await next).toEqual(OVER);
    await clock.pass(1_000);
    expect(backend.calls).toMatchObject({ head: 1, journal: 0 });
    expect(clock.waiting).toBe(0);
  });

  it('asks for the same no more once it was left while it read', async () => {
    const watch = store.watch();
    const next = watch.next();
    await clock.pass(0);
    void watch.return(undefined);
    expect(await next).toEqual(OVER);
    await clock.pass(1_000);
    expect(clock.waiting).toBe(0);
    const { head } = backend.calls;
    await clock.pass(1_000);
    expect(backend.calls.head).toBe(head);
  });

  it.each(['throw()', 'dispose', 'break'])('is over after %s', async (way) => {
    const run = await write('session-1', 2);
    const watch = store.watch({ runId: run.id });
    const error = new Error('enough');
    if (way === 'throw()') await expect(watch.throw(error)).rejects.toBe(error);
    if (way === 'dispose') await watch[Symbol.asyncDispose]();
    if (way === 'break') {
      const leave = async (): Promise<void> => {
        for await (const entry of watch) if (entry.seq === 1) break;
      };
      await settle(leave());
    }
    expect(await watch.next()).toEqual(OVER);
  });

  it('listens to its signal only as long as it goes on', async () => {
    const { signal } = new AbortController();
    const [add, remove] = [jest.spyOn(signal, 'addEventListener'), jest.spyOn(signal, 'removeEventListener')];
    const run = await write('session-1', 2);
    const watch = store.watch({ runId: run.id, signal });
    for (let entry = 0; entry < 2; entry++) await settle(watch.next());
    const next = watch.next();
    await clock.pass(1);
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 0]);
    await watch.return(undefined);
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1]);
    expect(await next).toEqual(OVER);
  });

  it.each(['before', 'after'])('ends with a signal that aborts %s it begins', async (when) => {
    await write('session-1', 1);
    const controller = new AbortController();
    const watch = store.watch({ afterPosition: 1, signal: controller.signal });
    if (when === 'before') controller.abort();
    const next = watch.next();
    await clock.pass(1);
    if (when === 'after') controller.abort();
    expect(await next).toEqual(OVER);
    await clock.pass(1_000);
    expect(clock.waiting).toBe(0);
  });

  it('is told a refusal that is no error of the store at once', async () => {
    const error = new RunError('storage_error', 'The file is broken');
    const run = await write('session-1', 1);
    jest.spyOn(backend, 'journal').mockRejectedValueOnce(error);
    await expect(settle(store.watch({ runId: run.id }).next())).rejects.toBe(error);
  });
});
