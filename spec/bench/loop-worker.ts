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
const ARRIVALS_A_STEP = 50;
const WARM_MS = 4_000;
const LASTS_MS = 10_000;

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
setImmediate(step);

function step(): void {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  for (let index = 0; index < ARRIVALS_A_STEP; index++) arrive();
  const { user, system } = process.cpuUsage(cpu);
  const end = performance.now();
  if (counts) {
    steps += 1;
    longestStep = Math.max(longestStep, Math.min(end - wall, (user + system) / 1000));
  }
  counts = end - began > WARM_MS;
  if (end - began < WARM_MS + LASTS_MS) setImmediate(step);
  else process.stdout.write(JSON.stringify({ longestStep, longestPause, steps } satisfies LoopReport));
}
