/** A service's event loop with 100,000 live runs under load; says how long its longest step took. */
import { PerformanceObserver } from 'node:perf_hooks';
import { fleetOf, floorFleetKeeper, runFleetKeeper } from './subjects/fleet';

/** Milliseconds. */
export interface LoopReport {
  /** The longest step: the shorter of wall clock and processor time, since others use the processor too. */
  readonly longestStep: number;
  /** The longest pause of the garbage collector, by the wall clock. */
  readonly longestPause: number;
  readonly steps: number;
}

const RUNS = 100_000;
/** One a second for each run. */
const ARRIVALS_A_MILLISECOND = RUNS / 1000;
const MOST_A_STEP = 50;
const WARM_MS = 3_000;
const LASTS_MS = 7_000;

let longestPause = 0;
let longestStep = 0;
let steps = 0;
let counts = false;

new PerformanceObserver((list) => {
  if (counts) for (const { duration } of list.getEntries()) longestPause = Math.max(longestPause, duration);
}).observe({ entryTypes: ['gc'] });

const fleet = { runs: RUNS };
const arrive =
  process.argv[2] === 'floor' ? fleetOf(floorFleetKeeper(), fleet) : fleetOf(runFleetKeeper(), fleet);
const began = performance.now();
let arrived = 0;
let cpu = process.cpuUsage();
let busy = performance.eventLoopUtilization();
setImmediate(step);

/** Some of what has come in. What the loop has done since the last step is timed, its waiting left out. */
function step(): void {
  const { user, system } = process.cpuUsage(cpu);
  const { active } = performance.eventLoopUtilization(busy);
  cpu = process.cpuUsage();
  busy = performance.eventLoopUtilization();
  if (counts) {
    steps += 1;
    longestStep = Math.max(longestStep, Math.min(active, (user + system) / 1000));
  }
  const lasted = performance.now() - began;
  const due = lasted * ARRIVALS_A_MILLISECOND;
  for (let taken = 0; arrived < due && taken < MOST_A_STEP; taken++, arrived++) arrive();
  counts = lasted > WARM_MS;
  if (lasted > WARM_MS + LASTS_MS) {
    process.stdout.write(JSON.stringify({ longestStep, longestPause, steps } satisfies LoopReport));
  } else if (arrived < due) setImmediate(step);
  else setTimeout(step, 1);
}
