import type { Run } from '../run';
import type { JournalEntry } from '../store/journal';
import { journalOf } from '../store/journal-port';
import type { RunStore } from '../store/store';
import { NO_STORE, SECURITY_HEADERS } from './answer';
import type { FollowOptions } from './follow-run';
import { followRun, withPauses } from './follow-run';
import { entryAnswer, runAnswer } from './wire';

/** A comment, which tells clients and proxies that the stream is alive. */
const COMMENT = ':\n\n';

const HEADERS = {
  ...SECURITY_HEADERS,
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': NO_STORE,
  // nginx would collect what is sent until its buffer is full.
  'X-Accel-Buffering': 'no',
};

/** Where a stream begins: after the entry of this number, or after all that exists at the call. */
export type StreamStart = number | 'end';

/** The journal of one run as an event stream, which ends with the run. */
export async function streamOfRun(
  store: RunStore,
  request: Request,
  { run, start }: { readonly run: Run; readonly start: StreamStart },
): Promise<Response> {
  const after = start === 'end' ? await journalOf(store).end(run.id) : start;
  const first = opening(start, after);
  return streamed(request, (signal) => messagesOfRun(store, run, { first, after, signal }));
}

/** The journal of a session, or of the whole store, as an event stream without an end. */
export async function streamOfSession(
  store: RunStore,
  request: Request,
  { sessionId, start }: { readonly sessionId: string | undefined; readonly start: StreamStart },
): Promise<Response> {
  const after = start === 'end' ? await journalOf(store).end() : start;
  const first = opening(start, after);
  const watched = { ...(sessionId === undefined ? {} : { sessionId }), afterPosition: after };
  return streamed(request, (signal) => messagesOfSession(store.watch({ ...watched, signal }), first));
}

/**
 * What is sent at once, so that clients get the headers without waiting for an entry. A client that begins
 * at the end is told where that is, and goes on from there if its connection is lost before the first
 * entry.
 */
function opening(start: StreamStart, after: number): string {
  return start === 'end' ? `:\nid: ${after}\n\n` : COMMENT;
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

async function* messagesOfSession(
  entries: AsyncGenerator<JournalEntry>,
  first: string,
): AsyncGenerator<string> {
  yield first;
  for await (const entry of withPauses(entries)) {
    yield entry === null ? COMMENT : messageOf(entry, entry.position);
  }
}

async function* messagesOfRun(
  store: RunStore,
  run: Run,
  { first, ...options }: FollowOptions & { readonly first: string },
): AsyncGenerator<string> {
  yield first;
  for await (const entry of followRun(store, run, options)) {
    yield entry === null ? COMMENT : messageOf(entry, entry.seq);
  }
  const ended = options.signal.aborted ? null : await store.get(run.id);
  if (ended?.isTerminal === true) yield `event: end\ndata: ${JSON.stringify({ run: runAnswer(ended) })}\n\n`;
}

function messageOf(entry: JournalEntry, id: number): string {
  return `id: ${id}\ndata: ${JSON.stringify(entryAnswer(entry))}\n\n`;
}
