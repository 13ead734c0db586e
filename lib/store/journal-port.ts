import type { JournalEntry } from './journal';

/** Which entries of a session, or of the whole store. */
export interface JournalPageQuery {
  readonly sessionId?: string | undefined;
  readonly afterPosition: number;
  readonly limit: number;
}

/** What other parts of this package read of a store's journal, which is no public method. */
export interface JournalPort {
  /** The entries of a session, or of the whole store, that are there now, by position. */
  page(query: JournalPageQuery): Promise<JournalEntry[]>;
  /** The `seq` of a run's last entry; without a run, the last `position` of the whole store. */
  end(runId?: string): Promise<number>;
}

const PORTS = new WeakMap<object, JournalPort>();

/** Lets other parts of this package read the journal of a store. */
export function offerJournal(store: object, port: JournalPort): void {
  PORTS.set(store, port);
}

/** The journal of a store, for other parts of this package. */
export function journalOf(store: object): JournalPort {
  return PORTS.get(store) as JournalPort;
}
