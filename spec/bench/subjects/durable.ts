/** Lives of runs whose every turn is stored before the next begins, as what can be gone on from has to be. */
import { Pool } from 'pg';
import { postgresStore, Run } from '../built';
import type { Subject } from '../subject';
import { repeatedOnTheClock } from '../subject';
import { INPUT, METADATA, OUTPUT, USAGE } from '../work';

/** Where, how many lives go on at once, and how many turns each has. */
export interface Living {
  readonly url: string;
  readonly runs: number;
  readonly turns: number;
}

/** A piece of work is so many lives at once, each turn of them stored before the next. */
export function lives(living: Living): Subject {
  return storedLives(living, true);
}

/** The same with one flush, at the end. */
export function livesFlushedOnce(living: Living): Subject {
  return storedLives(living, false);
}

/** So many lives at once, by the clock. */
export function atOnce(lives: number, live: (life: number) => Promise<unknown>): Subject {
  let begun = 0;
  return repeatedOnTheClock(() => Promise.all(Array.from({ length: lives }, () => live((begun += 1)))));
}

function storedLives({ url, runs, turns }: Living, flushesEachTurn: boolean): Subject {
  const pool = new Pool({ connectionString: url });
  const store = new (postgresStore().PostgresRunStore)({ pool });
  const live = async (life: number): Promise<void> => {
    const run = new Run({ sessionId: `session-${life}`, input: INPUT, metadata: METADATA });
    const recorder = store.track(run);
    await run.execute(async () => {
      for (let turn = 0; turn < turns; turn++) {
        run.incrementTurn().updateTokenUsage(USAGE);
        if (flushesEachTurn) await recorder.flush();
      }
      return OUTPUT;
    });
    await recorder.flush();
  };
  return { ...atOnce(runs, live), close: () => store.close().then(() => pool.end()) };
}
