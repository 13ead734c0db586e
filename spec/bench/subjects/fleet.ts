/** Many live runs at once: turns and usage arrive for any of them, one arrival in ten completes its run. */
import type { Run as RunType } from 'agent-run';
import type { Subject } from '../subject';
import { nanosecondsSince } from '../subject';
import type { Keeper } from '../work';
import { OUTPUT, USAGE } from '../work';
import type { FloorRun } from './floor';
import { floorKeeper } from './floor';
import { runKeeper } from './run';

/** How many live at once. */
export interface Fleet {
  readonly runs: number;
}

const LISTENERS = 3;
const COMPLETES = 10;
/** Spreads arrivals over the fleet without a random number for each; prime. */
const STRIDE = 7_919;

/** The runs, and the next arrival for one of them. */
export function fleetOf<Kept>(keeper: Keeper<Kept>, { runs }: Fleet): () => void {
  const fleet = Array.from({ length: runs }, () => started(keeper));
  let arrivals = 0;
  return () => {
    arrivals += 1;
    const place = (arrivals * STRIDE) % runs;
    const kept = fleet[place]!;
    keeper.turn(kept);
    keeper.use(kept, USAGE);
    if (arrivals % COMPLETES === 0) {
      keeper.finish(kept, OUTPUT);
      fleet[place] = started(keeper);
    }
  };
}

function started<Kept>(keeper: Keeper<Kept>): Kept {
  const kept = keeper.create();
  keeper.start(kept);
  return kept;
}

function subjectOf(arrive: () => void): Subject {
  return {
    slice(iterations) {
      const start = process.cpuUsage();
      for (let index = 0; index < iterations; index++) arrive();
      return nanosecondsSince(start);
    },
  };
}

export const runFleetKeeper = (): Keeper<RunType> => runKeeper({ listeners: LISTENERS });
export const floorFleetKeeper = (): Keeper<FloorRun> => floorKeeper({ listeners: LISTENERS, copies: true });

export function run(fleet: Fleet): Subject {
  return subjectOf(fleetOf(runFleetKeeper(), fleet));
}

export function floor(fleet: Fleet): Subject {
  return subjectOf(fleetOf(floorFleetKeeper(), fleet));
}
