import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { compare } from '../compare';
import type { LoopReport } from '../loop-worker';
import type { Part, PartResult, Row } from '../report';
import { slowness } from '../report';
import { spreadOf } from '../statistics';

const RUNS = 100_000;
const LOOPS = 3;

/** A hundred thousand live runs, each with three listeners on each event. */
export const liveRuns: Part = {
  name: 'live-runs',
  async run(progress): Promise<PartResult> {
    const parameters = { runs: RUNS };
    const [compared] = await compare({
      base: { name: 'the floor', module: 'subjects/fleet', factory: 'floor', parameters },
      candidates: [{ name: 'an arrival, Run', module: 'subjects/fleet', factory: 'run', parameters }],
      warmMs: 2000,
      progress: (share) => progress(0.2 * share),
    });
    const rows: Row[] = [slowness(compared!, 'the floor', { atMost: 2 })];
    const reports = { run: [] as LoopReport[], floor: [] as LoopReport[] };
    for (let round = 0; round < LOOPS; round++) {
      reports.run.push(loop('run'));
      reports.floor.push(loop('floor'));
      progress(0.2 + (0.8 * (round + 1)) / LOOPS);
    }
    rows.push(...stepRows('Run', reports.run), ...stepRows('the floor', reports.floor));
    return {
      title: '100,000 live runs under load: turns, usage, one arrival in ten completes',
      rows,
      notes: NOTES,
    };
  },
};

const NOTES = [
  'the floor does not isolate its listeners',
  'steps: every run has an arrival a second, at most 50 are taken in one turn of the event loop; a step is all that the loop does between two turns, pauses of the garbage collector included, the longest of 7 seconds',
];

function stepRows(name: string, reports: readonly LoopReport[]): Row[] {
  const longest = spreadOf(reports.map(({ longestStep }) => longestStep));
  const pause = spreadOf(reports.map(({ longestPause }) => longestPause));
  const figure = name === 'Run' ? { figure: { atMost: 10 } } : {};
  return [
    { what: `longest step, ${name}`, against: 'milliseconds', value: longest, unit: 'ms', ...figure },
    { what: `longest pause for garbage, ${name}`, against: 'milliseconds', value: pause, unit: 'ms' },
  ];
}

function loop(kind: 'run' | 'floor'): LoopReport {
  const script = join(__dirname, '../loop-worker.js');
  return JSON.parse(execFileSync(process.execPath, [script, kind], { encoding: 'utf8' })) as LoopReport;
}
