import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AnyRun } from 'agent-run';
import type { RunRecorder } from 'agent-run/store';
import { SqliteRunStore } from 'agent-run/store/sqlite';
import type { Screen } from './screen';
import { dollars, styledStatus, tokensOf } from './screen';

/** Short, so that a run whose process was killed is found by one of the next starts. */
const LEASE_MS = 3_000;
const SHOWN = 5;

/** Where the runs of the agent that stands in this folder are kept, unless `AGENT_RUN_DB` says otherwise. */
export const DEFAULT_FILE = join('.agent-run', 'runs.db');

/** The agent's runs in an SQLite file. */
export class History {
  readonly file: string;
  readonly store: SqliteRunStore;
  readonly #screen: Screen;

  private constructor(file: string, screen: Screen) {
    this.file = file;
    this.store = new SqliteRunStore({ path: file });
    this.#screen = screen;
  }

  /** Opens the file, which need not be there. */
  static async open({ AGENT_RUN_DB: file = '' }: NodeJS.ProcessEnv, screen: Screen): Promise<History> {
    const path = file.trim() === '' ? DEFAULT_FILE : file;
    await mkdir(dirname(path), { recursive: true });
    return new History(path, screen);
  }

  /** Ends the runs that a killed process has left running, and says so. */
  async recover(): Promise<void> {
    for (const run of await this.store.recover({ staleAfterMs: LEASE_MS })) {
      this.#screen.fact('recovered', `${run.id}, left running by a process that is gone:`);
      this.#screen.fact('', this.#summary(run));
    }
  }

  /** Shows the newest runs of a session, one a line. */
  async showEarlier(sessionId: string): Promise<void> {
    const { runs } = await this.store.list({ sessionId, limit: SHOWN });
    for (const [index, run] of runs.entries()) {
      this.#screen.fact(index === 0 ? 'earlier' : '', this.#summary(run));
    }
  }

  /** Keeps every change of the run from here on. */
  track(run: AnyRun): RunRecorder {
    return this.store.track(run, { leaseMs: LEASE_MS });
  }

  close(): Promise<void> {
    return this.store.close();
  }

  #summary(run: AnyRun): string {
    const { startedAt, status, turnCount, tokenUsage, costUsd, input } = run;
    // The Swedish way to write a date is the international one, in local time.
    const when = startedAt.toLocaleString('sv-SE').slice(0, 16);
    const figures = `${turnCount} turns, ${tokensOf(tokenUsage)} tokens, ${dollars(costUsd)}`;
    // The file may hold runs of other programs too.
    const { question = '' } = (input ?? {}) as { readonly question?: string };
    return `${when}  ${styledStatus(status, this.#screen)}, ${figures}: ${question}`;
  }
}
