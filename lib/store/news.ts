import type { Commit, StoredEntry } from './backend';
import type { Clock } from './clock';
import { nextTick } from './clock';
import type { Database } from './database';
import type { Subject, Waiter } from './wake-ups';
import { WakeUps } from './wake-ups';

/** Who else is told of what others wrote. */
export interface NewsReader {
  /** Whether it wants to hear at all. */
  readonly isInterested: boolean;
  /** Others have written these runs. */
  written(runIds: readonly string[]): void;
  /** The journal has these entries, this process's own among them. */
  appended(entries: readonly StoredEntry[]): void;
}

const PAGE = 1000;

/** How many pages are read to find out whom to wake. Beyond them, everybody is woken. */
const MOST_PAGES = 10;

/** When it will look. */
interface Timer {
  readonly stop: () => void;
  /** Whether the process may end before. */
  readonly mayExit: boolean;
}

/**
 * Learns of what is written, once for the whole store, and wakes those who wait for it. Where the backend
 * cannot tell, it looks at the end of the journal now and then.
 */
export class News {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #reader: NewsReader;
  readonly #wakeUps: WakeUps;
  /** Up to where the journal was looked at; null before the first look. */
  #position: number | null = null;
  #isLooking = false;
  #looksAgain = false;
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(database: Database, clock: Clock, pollMs: number, reader: NewsReader) {
    this.#database = database;
    this.#clock = clock;
    this.#pollMs = pollMs;
    this.#reader = reader;
    this.#wakeUps = new WakeUps(clock);
  }

  /** Somebody waits for news, until it leaves. */
  enter(subject: Subject): Waiter {
    const waiter = this.#wakeUps.enter(subject);
    this.expect();
    return waiter;
  }

  /** Looks now and then from here on, for as long as somebody is interested. */
  expect(): void {
    if (this.#isLooking || !this.#isWanted) return;
    if (this.#position === null) void this.#look();
    else this.#lookLater();
  }

  /** This process has written. */
  ownCommit(commit: Commit): void {
    this.#wakeUps.wake(commit);
  }

  /** Others have written: these runs, or null where nobody can tell which. */
  commit(commit: Commit | null): void {
    if (commit === null) {
      void this.#look();
    } else {
      this.#wakeUps.wake(commit);
      this.#reader.written(commit.runIds);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.stop();
    this.#wakeUps.wakeAll();
  }

  get #isWanted(): boolean {
    return !this.#isClosed && (!this.#wakeUps.isEmpty || this.#reader.isInterested);
  }

  /** A look that is to come already stays, or it would never come where somebody enters all the time. */
  #lookLater(): void {
    // Recorders do not keep the process alive, and those who wait do.
    const mayExit = this.#wakeUps.isEmpty;
    if (this.#timer !== null && (mayExit || !this.#timer.mayExit)) return;
    this.#timer?.stop();
    const stop = this.#clock.after(this.#pollMs, () => void this.#look(), mayExit);
    this.#timer = { stop, mayExit };
  }

  async #look(): Promise<void> {
    this.#looksAgain = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#timer?.stop();
    this.#timer = null;
    while (this.#looksAgain && this.#isWanted) {
      this.#looksAgain = false;
      try {
        await this.#readOn();
      } catch {
        // The database is away. Those who wait decide for themselves how long they are patient.
        this.#wakeUps.wakeAll();
      }
    }
    this.#isLooking = false;
    if (this.#isWanted) this.#lookLater();
  }

  async #readOn(): Promise<void> {
    const head = await this.#database.attempt('read the journal', (backend) => backend.head());
    if (this.#position === null || head - this.#position > MOST_PAGES * PAGE) {
      this.#position = head;
      this.#wakeUps.wakeAll();
      return;
    }
    while (this.#position < head && this.#isWanted) await this.#readPage(this.#position, head);
  }

  /** @param head - Where the journal ended: an empty page says that nothing is left before it. */
  async #readPage(afterPosition: number, head: number): Promise<void> {
    const query = { afterPosition, limit: PAGE };
    const { entries } = await this.#database.attempt('read the journal', (backend) => backend.journal(query));
    this.#position = entries.at(-1)?.position ?? head;
    this.#wakeUps.wake({
      runIds: entries.map(({ run_id: id }) => id),
      sessionIds: entries.map(({ session_id: id }) => id),
    });
    this.#reader.appended(entries);
    await nextTick(this.#clock);
  }
}
