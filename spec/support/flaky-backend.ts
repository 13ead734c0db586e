import { RunError } from 'agent-run';
import { RunStore } from 'agent-run/store';
import type { JournalPage, JournalQuery, RunWrite, StaleQuery, WriteOutcome } from '../../lib/store/backend';
import type { StoredRun } from '../../lib/store/columns';
import { MemoryBackend } from '../../lib/store/memory/backend';

/** What the database does about one batch. */
export type Answer = 'ok' | 'away' | 'lost answer' | 'refused' | 'hangs' | 'hangs, and commits';

/** The error of a database that may be back soon. */
export function awayError(): RunError {
  return new RunError('storage_error', 'The database is away', { retryable: true });
}

/** A database that is away for a while, does not answer, or whose answer is lost after it has committed. */
export class FlakyBackend extends MemoryBackend {
  answers: Answer[] = [];
  /** What it answers when `answers` is used up. */
  then: Answer = 'ok';
  /** Whether everything that is not a batch goes the way of `then`. */
  isAllBad = false;
  readonly batches: (readonly RunWrite[])[] = [];
  /** What looking for orphans, or reading a run, throws the next times. */
  readonly errors: RunError[] = [];
  /** How often each call came. */
  readonly calls = { head: 0, journal: 0, read: 0, stale: 0, update: 0 };

  override stale(query: StaleQuery): Promise<readonly StoredRun[]> {
    this.calls.stale += 1;
    return this.#answer(() => super.stale(query), this.errors.shift());
  }

  override read(id: string): Promise<StoredRun | null> {
    this.calls.read += 1;
    return this.#answer(() => super.read(id), this.errors.shift());
  }

  override head(): Promise<number> {
    this.calls.head += 1;
    return this.#answer(() => super.head());
  }

  override journal(query: JournalQuery): Promise<JournalPage> {
    this.calls.journal += 1;
    return this.#answer(() => super.journal(query));
  }

  override update(
    id: string,
    decide: (row: StoredRun | null) => RunWrite | null,
  ): Promise<WriteOutcome | null> {
    this.calls.update += 1;
    return this.#answer(() => super.update(id, decide));
  }

  override apply(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
    this.batches.push(writes);
    return this.#give(this.answers.shift() ?? this.then, () => super.apply(writes));
  }

  #answer<Result>(work: () => Promise<Result>, error?: RunError): Promise<Result> {
    if (error !== undefined) return Promise.reject(error);
    return this.#give(this.isAllBad ? this.then : 'ok', work);
  }

  async #give<Result>(answer: Answer, work: () => Promise<Result>): Promise<Result> {
    if (answer === 'away') throw awayError();
    if (answer === 'refused') throw new RunError('storage_error', 'The database is read-only');
    if (answer === 'hangs') return noAnswer();
    const result = await work();
    if (answer === 'lost answer') throw awayError();
    return answer === 'hangs, and commits' ? noAnswer() : result;
  }
}

function noAnswer(): Promise<never> {
  return new Promise(() => {
    // It never comes.
  });
}

/** A store on rows that it shares with others. */
export class FlakyStore extends RunStore {}
