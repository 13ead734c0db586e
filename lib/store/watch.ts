import type { JournalQuery, StoreBackend } from './backend';
import { encodeText } from './column-text';
import { readStart } from './filter';
import type { JournalEntry } from './journal';
import { journalEntryOf } from './journal';

/** What to watch, and from where. */
export type WatchOptions = WatchRunOptions | WatchSessionOptions;

/** The journal of one run. */
export interface WatchRunOptions {
  readonly runId: string;
  /** The `seq` of the last entry that is known already. @default 0 */
  readonly afterSeq?: number | undefined;
  /** Ends the loop. */
  readonly signal?: AbortSignal | undefined;
}

/** The journal of a session, or of the whole store. */
export interface WatchSessionOptions {
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

  wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Settles at the next call of {@link wakeAll}, when the signal aborts, or after a while. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
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
      if (signal.aborted) wake();
    });
  }
}

/** What a watch needs of its store. */
export interface WatchHost {
  readonly backend: StoreBackend;
  readonly wakeUps: WakeUps;
  readonly pollMs: number;
  /** Aborts when the store closes. */
  readonly closed: AbortSignal;
}

const PAGE = 500;

/** Reads the journal from where it is told, and goes on as it grows. */
export async function* watchJournal(options: WatchOptions, host: WatchHost): AsyncGenerator<JournalEntry> {
  const signals = options.signal === undefined ? [host.closed] : [host.closed, options.signal];
  const signal = AbortSignal.any(signals);
  let query = firstQuery(options);
  while (!signal.aborted) {
    // Asked for before reading: what is committed in between wakes at once.
    const grown = host.wakeUps.wait(host.pollMs, signal);
    const page = await host.backend.journal(query);
    for (const row of page) {
      if (isAborted(signal)) return;
      yield journalEntryOf(row);
    }
    const last = page.at(-1);
    if (last === undefined) await grown;
    else query = nextQuery(query, last);
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
