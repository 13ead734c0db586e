import type { JournalPage, JournalQuery } from './backend';
import type { Clock } from './clock';
import type { Database } from './database';

/**
 * Reads the journal for all watchers of a store. What many ask in one tick, as they do when one commit
 * wakes them, is asked once.
 */
export class JournalReader {
  readonly #database: Database;
  readonly #clock: Clock;
  /**
   * What will be asked at the end of the tick. A question that is on its way is not shared: its answer may
   * lack the newest entries.
   */
  readonly #asked = new Map<string, Promise<JournalPage>>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  read(query: JournalQuery): Promise<JournalPage> {
    const { runId, sessionId, afterSeq, afterPosition, limit } = query;
    const key = JSON.stringify([runId, sessionId, afterSeq, afterPosition, limit]);
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked;
    const page = new Promise<JournalPage>((resolve) => {
      this.#clock.tick(() => {
        this.#asked.delete(key);
        resolve(this.#database.patiently('read the journal', (backend) => backend.journal(query)));
      });
    });
    this.#asked.set(key, page);
    return page;
  }
}
