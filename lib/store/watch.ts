// Declarations name Symbol.asyncDispose, which a project of its own settings need not know.
/// <reference lib="esnext.disposable" preserve="true" />
import { onAbort } from '../execution/abort-listeners';
import type { JournalPage, JournalQuery, StoredEntry } from './backend';
import { encodeText } from './column-text';
import type { Database } from './database';
import { Deferred } from './deferred';
import type { JournalEntry } from './journal';
import { journalEntryOf } from './journal';
import { journalEnd } from './journal-end';
import type { JournalReader } from './journal-reader';
import type { Subject, Waiter } from './wake-ups';
import type { WatchSettings } from './watch-options';

/** What a watch needs of its store. */
export interface WatchHost {
  readonly database: Database;
  readonly journal: JournalReader;
  /** Wakes up when something of it is written. */
  enter(subject: Subject): Waiter;
  /** Calls back when the store closes. Returns a function that takes it back. */
  onClose(callback: () => void): () => void;
  /** Is told of an entry that cannot be read. */
  unreadable(error: unknown): void;
}

type Result = IteratorResult<JournalEntry, undefined>;

const PAGE = 500;
const OVER: Result = { done: true, value: undefined };

/** The journal from a given point on, as it grows. Leaving the loop settles a pending read at once. */
export class JournalWatch implements AsyncGenerator<JournalEntry, undefined> {
  readonly #host: WatchHost;
  readonly #signal: AbortSignal | undefined;
  readonly #subject: Subject;
  /** The query to begin with; `end` is looked up at the call. */
  readonly #begin: Promise<JournalQuery>;
  readonly #requests: Deferred<Result>[] = [];
  #query: JournalQuery | null = null;
  #page: readonly StoredEntry[] = [];
  #next = 0;
  #waiter: Waiter | null = null;
  #isPumping = false;
  #isOver = false;
  #stopListening: () => void = () => undefined;

  constructor({ runId, sessionId, after, signal }: WatchSettings, host: WatchHost) {
    this.#host = host;
    this.#signal = signal;
    const ids = { runId: encoded(runId), sessionId: encoded(sessionId) };
    this.#subject = subjectOf(ids);
    this.#begin = firstQuery(ids, after, host.database);
    this.#begin.catch(() => undefined);
  }

  next(): Promise<Result> {
    if (this.#isOver) return Promise.resolve(OVER);
    const request = new Deferred<Result>();
    this.#requests.push(request);
    if (!this.#isPumping) void this.#pump();
    return request.promise;
  }

  return(): Promise<Result> {
    this.#end();
    return Promise.resolve(OVER);
  }

  async throw(error: unknown): Promise<Result> {
    await this.return();
    throw error as Error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    this.#listen();
    try {
      while (this.#requests.length > 0) {
        const entry = this.#take();
        if (entry !== null) this.#requests.shift()?.resolve({ done: false, value: entry });
        else await this.#readOn();
      }
    } catch (error) {
      this.#requests.shift()?.reject(error);
      this.#end();
    }
    this.#isPumping = false;
  }

  /** The next entry of the page; those that cannot be read are passed over. */
  #take(): JournalEntry | null {
    for (;;) {
      const row = this.#page[this.#next];
      if (row === undefined) return null;
      this.#next += 1;
      try {
        return journalEntryOf(row);
      } catch (error) {
        this.#host.unreadable(error);
      }
    }
  }

  async #readOn(): Promise<void> {
    const query = (this.#query ??= await this.#begin);
    if (this.#isOver) return;
    const waiter = (this.#waiter ??= this.#host.enter(this.#subject));
    waiter.beginToLook();
    const page = await this.#host.journal.read(query);
    this.#page = page.entries;
    this.#next = 0;
    this.#query = nextQuery(query, page);
    if (isEnd(query, page)) await waiter.wait(Infinity);
  }

  #listen(): void {
    if (this.#query !== null) return;
    const end = (): void => this.#end();
    const stopClose = this.#host.onClose(end);
    const stopSignal = this.#signal === undefined ? undefined : onAbort(this.#signal, end);
    this.#stopListening = () => {
      stopClose();
      stopSignal?.();
    };
    if (this.#signal?.aborted === true) this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#stopListening();
    this.#waiter?.leave();
    for (const request of this.#requests.splice(0)) request.resolve(OVER);
  }
}

function encoded(id: string | undefined): string | undefined {
  return id === undefined ? undefined : encodeText(id);
}

interface Ids {
  readonly runId: string | undefined;
  readonly sessionId: string | undefined;
}

function subjectOf({ runId, sessionId }: Ids): Subject {
  if (runId !== undefined) return { runId };
  return sessionId === undefined ? 'all' : { sessionId };
}

async function firstQuery(
  { runId, sessionId }: Ids,
  after: number | 'end',
  database: Database,
): Promise<JournalQuery> {
  if (runId === undefined) {
    const afterPosition = after === 'end' ? await journalEnd(database, undefined) : after;
    return { sessionId, afterPosition, limit: PAGE };
  }
  const afterSeq = after === 'end' ? await journalEnd(database, runId) : after;
  return { runId, afterSeq, limit: PAGE };
}

/** Whether nothing more is there now. A backend may look at so much of a long journal at a time. */
function isEnd({ afterPosition = 0 }: JournalQuery, { entries, throughPosition }: JournalPage): boolean {
  return entries.length === 0 && throughPosition <= afterPosition;
}

function nextQuery(query: JournalQuery, { entries, throughPosition }: JournalPage): JournalQuery {
  if (query.runId === undefined) return { ...query, afterPosition: throughPosition };
  const last = entries.at(-1);
  return last === undefined ? query : { ...query, afterSeq: last.seq };
}
