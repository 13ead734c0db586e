import { RunError } from '../record/error';
import type { JournalQuery, StoreBackend, StoredEntry } from './backend';
import { encodeText } from './column-text';
import { readStart } from './filter';
import type { JournalEntry } from './journal';
import { journalEntryOf } from './journal';

/** What to watch, and from where. */
export type WatchOptions = WatchRunOptions | WatchSessionOptions;

/** The journal of one run. */
export interface WatchRunOptions {
  /** The run whose journal it is. */
  readonly runId: string;
  /** The `seq` of the last entry that is known already. @default 0 */
  readonly afterSeq?: number | undefined;
  /** Ends the loop. */
  readonly signal?: AbortSignal | undefined;
}

/** The journal of a session, or of the whole store. */
export interface WatchSessionOptions {
  /** Not together with a session or a position. */
  readonly runId?: undefined;
  /** @default all sessions */
  readonly sessionId?: string | undefined;
  /** The `position` of the last entry that is known already. @default 0 */
  readonly afterPosition?: number | undefined;
  /** Ends the loop. */
  readonly signal?: AbortSignal | undefined;
}

/** Wakes those who wait for new entries. */
export class WakeUps {
  readonly #waiting = new Set<() => void>();
  #count = 0;

  /** How often somebody was to be woken. Taken before a look, so that nothing slips in after it. */
  get count(): number {
    return this.#count;
  }

  wakeAll(): void {
    this.#count += 1;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Settles when there was a {@link wakeAll} after that count, when the signal aborts, or after a while. */
  wait(count: number, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted || this.#count !== count) wake();
    });
  }
}

/** What a watch needs of its store. */
export interface WatchHost {
  readonly backend: StoreBackend;
  readonly wakeUps: WakeUps;
  readonly pollMs: number;
  /** How long it goes on trying when the database does not answer, in milliseconds. */
  readonly retryForMs: number;
  /** Aborts when the store closes. */
  readonly closed: AbortSignal;
}

const PAGE = 500;
const RETRY_MS = 100;

/** Reads the journal from where it is told, and goes on as it grows. */
export async function* watchJournal(options: WatchOptions, host: WatchHost): AsyncGenerator<JournalEntry> {
  const signals = options.signal === undefined ? [host.closed] : [host.closed, options.signal];
  const signal = AbortSignal.any(signals);
  let query = firstQuery(options);
  while (!signal.aborted) {
    const { count } = host.wakeUps;
    const page = await readPatiently(query, host, signal);
    for (const row of page) {
      if (isAborted(signal)) return;
      yield journalEntryOf(row);
    }
    const last = page.at(-1);
    if (last === undefined) await host.wakeUps.wait(count, host.pollMs, signal);
    else query = nextQuery(query, last);
  }
}

/** Reads a page; where the database is away for a while, as soon as it is back. */
async function readPatiently(
  query: JournalQuery,
  { backend, wakeUps, retryForMs }: WatchHost,
  signal: AbortSignal,
): Promise<readonly StoredEntry[]> {
  const startedAt = Date.now();
  for (;;) {
    const { count } = wakeUps;
    try {
      return (await backend.journal(query)).entries;
    } catch (error) {
      if (isAborted(signal)) return [];
      const mayPass = error instanceof RunError && error.retryable;
      if (!mayPass || Date.now() - startedAt >= retryForMs) throw error;
    }
    await wakeUps.wait(count, RETRY_MS, signal);
  }
}

function firstQuery(options: WatchOptions): JournalQuery {
  if (options.runId !== undefined) {
    const afterSeq = readStart(options.afterSeq, 'afterSeq');
    return { runId: encodeText(options.runId), afterSeq, limit: PAGE };
  }
  const { sessionId } = options;
  return {
    sessionId: sessionId === undefined ? undefined : encodeText(sessionId),
    afterPosition: readStart(options.afterPosition, 'afterPosition'),
    limit: PAGE,
  };
}

function nextQuery(query: JournalQuery, { seq, position }: { seq: number; position: number }): JournalQuery {
  return query.runId === undefined ? { ...query, afterPosition: position } : { ...query, afterSeq: seq };
}

/** Read anew: the consumer of the loop may have aborted it meanwhile. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
