import type { Run } from '../run';
import type { RunStore } from '../store/store';
import type { JournalEntry } from '../store/journal';
import { isRunStatus, isTerminalStatus } from '../record/status';
import { NO_STORE, SECURITY_HEADERS } from './answer';
import type { StoreView } from './coming';
import { viewOf } from './coming';
import { entryAnswer, runAnswer } from './wire';

/** How long a stream is silent before a comment says that it lives. */
export const HEARTBEAT_MS = 15_000;

const COMMENT = ':\n\n';
const PAGE = 1000;

const HEADERS = {
  ...SECURITY_HEADERS,
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': NO_STORE,
  // nginx would collect what is sent until its buffer is full.
  'X-Accel-Buffering': 'no',
};

/** The journal of one run as an event stream, which ends with the run. */
export function streamOfRun(
  store: RunStore,
  request: Request,
  { run, after }: { readonly run: Run; readonly after: number | 'end' },
): Response {
  return streamed(request, (signal) => messagesOfRun(viewOf(store), run, { after, signal }));
}

/** The journal of a session, or of the whole store, as an event stream without an end. */
export function streamOfSession(
  store: RunStore,
  request: Request,
  { sessionId, after }: { readonly sessionId: string | undefined; readonly after: number | 'end' },
): Response {
  const session = sessionId === undefined ? {} : { sessionId };
  return streamed(request, (signal) =>
    messagesOfSession(viewOf(store).watch({ ...session, afterPosition: after, signal })),
  );
}

/**
 * A stream that is read as fast as its client reads: what nobody has asked for yet is not taken from
 * the store. It begins when it is first read, and ends with the request.
 */
function streamed(request: Request, begin: (signal: AbortSignal) => AsyncGenerator<string>): Response {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  if (request.signal.aborted) leave();
  else request.signal.addEventListener('abort', leave, { once: true });
  let messages: AsyncGenerator<string> | undefined;
  let isCancelled = false;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    messages ??= begin(gone.signal);
    const next = await nextOf(messages);
    if (isCancelled) return;
    if (next === null || gone.signal.aborted) controller.close();
    else controller.enqueue(Buffer.from(next));
  };
  const cancel = (): void => {
    isCancelled = true;
    leave();
  };
  return new Response(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }), { headers: HEADERS });
}

/** The next message; null after the last. A store that fails ends the stream: its client comes again. */
async function nextOf(messages: AsyncGenerator<string>): Promise<string | null> {
  try {
    const { done, value } = (await messages.next()) as IteratorResult<string, undefined>;
    return done === true ? null : value;
  } catch {
    return null;
  }
}

async function* messagesOfSession(entries: AsyncGenerator<JournalEntry>): AsyncGenerator<string> {
  // Something to send at once: who waits for the headers gets them.
  yield COMMENT;
  for await (const entry of withPauses(entries)) {
    yield entry === null ? COMMENT : messageOf(entry, entry.position);
  }
}

interface RunStreamOptions {
  readonly after: number | 'end';
  readonly signal: AbortSignal;
}

async function* messagesOfRun(
  store: StoreView,
  run: Run,
  { after, signal }: RunStreamOptions,
): AsyncGenerator<string> {
  yield COMMENT;
  const last = run.isTerminal ? after : yield* liveMessages(store, run.id, { after, signal });
  if (!signal.aborted) yield* lastMessages(store, run.id, last);
}

/** Until the run has ended. Gives the `seq` of the last entry. */
async function* liveMessages(
  store: StoreView,
  id: string,
  { after, signal }: RunStreamOptions,
): AsyncGenerator<string, number | 'end'> {
  let last = after;
  for await (const entry of withPauses(store.watch({ runId: id, afterSeq: after, signal }))) {
    if (entry !== null) last = entry.seq;
    yield entry === null ? COMMENT : messageOf(entry, entry.seq);
    if (entry === null ? await isOver(store, id) : isEnd(entry)) break;
  }
  return last;
}

/** Whether nothing more can come: the run was removed, or had ended before the watch began. */
async function isOver(store: StoreView, id: string): Promise<boolean> {
  const run = await store.get(id);
  return run?.isTerminal !== false;
}

/** What the journal has beside and after the run's end, and the record as it stands then. */
async function* lastMessages(store: StoreView, id: string, after: number | 'end'): AsyncGenerator<string> {
  for (let last = after; last !== 'end';) {
    const page = await store.events(id, { afterSeq: last, limit: PAGE });
    for (const entry of page) yield messageOf(entry, entry.seq);
    last = page.length < PAGE ? 'end' : (page.at(-1) as JournalEntry).seq;
  }
  const run = await store.get(id);
  if (run?.isTerminal === true) yield `event: end\ndata: ${JSON.stringify({ run: runAnswer(run) })}\n\n`;
}

function messageOf(entry: JournalEntry, id: number): string {
  return `id: ${id}\ndata: ${JSON.stringify(entryAnswer(entry))}\n\n`;
}

function isEnd({ type, data }: JournalEntry): boolean {
  const to = data['to'];
  return type === 'statusChanged' && isRunStatus(to) && isTerminalStatus(to);
}

/** The entries, and null whenever there was none for a while. */
async function* withPauses(entries: AsyncGenerator<JournalEntry>): AsyncGenerator<JournalEntry | null> {
  try {
    for (let next = entries.next(); ;) {
      const result = await orPause(next, HEARTBEAT_MS);
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

/** What the promise gives; null where that takes longer. */
function orPause<Result>(promise: Promise<Result>, ms: number): Promise<Result | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, null);
    timer.unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
