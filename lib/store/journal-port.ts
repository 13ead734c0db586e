import type { JournalEntry } from './journal';

/** Which entries of a session, or of the whole store. */
export interface JournalPageQuery {
  readonly sessionId?: string | undefined;
  readonly afterPosition: number;
  readonly limit: number;
}

type ReadPage = (query: JournalPageQuery) => Promise<JournalEntry[]>;

const READERS = new WeakMap<object, ReadPage>();

/** Lets other parts of this package read pages of a store's whole journal, which is no public method. */
export function offerJournal(store: object, read: ReadPage): void {
  READERS.set(store, read);
}

/** The entries of a session, or of the whole store, that are there now, by position. */
export function readJournal(store: object, query: JournalPageQuery): Promise<JournalEntry[]> {
  return (READERS.get(store) as ReadPage)(query);
}
