/** Runs that have had many usage updates. */
import type { Run as RunType } from 'agent-run';
import { Run } from '../built';
import type { Subject } from '../subject';
import { nanosecondsSince } from '../subject';
import { listen, SESSION_ID, USAGE } from '../work';

const UPDATES_AT_ONCE = 100_000;

/** Updates on runs that have had so many before; as many again are timed. A slice does whole rounds. */
export function usageAfter({ before }: { readonly before: number }): Subject {
  const runs = UPDATES_AT_ONCE / before;
  return {
    slice(iterations) {
      const rounds = Math.max(1, Math.round(iterations / UPDATES_AT_ONCE));
      let timed = 0;
      for (let round = 0; round < rounds; round++) timed += timeUpdates(before, runs);
      return (timed * iterations) / (rounds * UPDATES_AT_ONCE);
    },
  };
}

function timeUpdates(before: number, count: number): number {
  const runs = Array.from({ length: count }, () =>
    new Run({ sessionId: SESSION_ID }).on('usageUpdated', listen),
  );
  for (const run of runs) update(run, before);
  const start = process.cpuUsage();
  for (const run of runs) update(run, before);
  return nanosecondsSince(start);
}

function update(run: RunType, times: number): void {
  for (let index = 0; index < times; index++) run.updateTokenUsage(USAGE);
}
