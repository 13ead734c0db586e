import type { RunStatus } from '../record/status';
import { isTerminalStatus } from '../record/status';
import type { Run } from '../run';
import type { JournalEntry } from '../store/journal';
import type { RunStore } from '../store/store';

/** After how long without an entry a pause is reported, in milliseconds. */
export const PAUSE_MS = 15_000;

const PAGE = 1000;

/** Where to begin, and a signal that ends it. */
export interface FollowOptions {
  /** The `seq` of the last entry that is known; `end` for what stands now. */
  readonly after: number | 'end';
  readonly signal: AbortSignal;
}

/**
 * The journal of a run until the run has ended and every entry was given, or the run is removed. Gives null
 * now and then while nothing happens.
 */
export async function* followRun(
  store: RunStore,
  run: Run,
  { after, signal }: FollowOptions,
): AsyncGenerator<JournalEntry | null> {
  const last = run.isTerminal ? after : yield* liveEntries(store, run.id, { after, signal });
  if (!signal.aborted && last !== 'end') yield* restOf(store, run.id, last);
}

/** The entries, and null whenever there was none for a while. */
export async function* withPauses(
  entries: AsyncGenerator<JournalEntry>,
): AsyncGenerator<JournalEntry | null> {
  try {
    for (let next = entries.next(); ;) {
      const result = await orPause(next, PAUSE_MS);
      if (result === null) {
        yield null;
        continue;
      }
      if (result.done === true) return;
      yield result.value;
      next = entries.next();
    }
  } finally {
    await entries.return(undefined);
  }
}

/** Until the run has ended. Gives the `seq` of the last entry. */
async function* liveEntries(
  store: RunStore,
  id: string,
  { after, signal }: FollowOptions,
): AsyncGenerator<JournalEntry | null, number | 'end'> {
  const over = new AbortController();
  const watched = { runId: id, afterSeq: after, signal: AbortSignal.any([signal, over.signal]) };
  let last = after;
  for await (const entry of withPauses(store.watch(watched))) {
    if (entry !== null) last = entry.seq;
    yield entry;
    // The watch may be waiting for an entry that will never come, so it is aborted before the loop is left.
    if (entry === null ? await isOver(store, id) : isEnd(entry)) over.abort();
    if (over.signal.aborted) break;
  }
  return last;
}

/** The entries after the one that tells of the end: a run is counted for after its end, too. */
async function* restOf(store: RunStore, id: string, after: number): AsyncGenerator<JournalEntry> {
  for (let last = after; ;) {
    const page = await store.events(id, { afterSeq: last, limit: PAGE });
    yield* page;
    const end = page.at(-1);
    if (end === undefined || page.length < PAGE) return;
    last = end.seq;
  }
}

/** Whether nothing more can come: the run was removed, or had ended before the watch began. */
async function isOver(store: RunStore, id: string): Promise<boolean> {
  const run = await store.get(id);
  return run?.isTerminal !== false;
}

function isEnd({ type, data }: JournalEntry): boolean {
  return type === 'statusChanged' && isTerminalStatus(data['to'] as RunStatus);
}

/** The result of the promise; null where it takes longer. */
function orPause<Result>(promise: Promise<Result>, ms: number): Promise<Result | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, null);
    timer.unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
