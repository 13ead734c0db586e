import type { ChildProcess } from 'node:child_process';
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { archiveStore } from '../archive-stores';
import type { Part, PartResult, Row } from '../report';
import type { Scratch } from '../scratch';
import { inScratch } from '../scratch';
import { spreadOf } from '../statistics';
import type { LongWork, LongWorkReport } from '../store-loop-worker';
import type { StorePlace } from '../store-place';

const SUMMED = 1_000_000;
const PRUNED = 100_000;

/** Long work in large stores: what it costs, and what others feel of it. */
export const storeAtWork: Part = {
  name: 'store-at-work',
  run(progress): Promise<PartResult> {
    return inScratch(async (scratch) => {
      const rows: Row[] = [];
      for (const [index, kind] of (['sqlite', 'postgres'] as const).entries()) {
        const step = (share: number): void => progress((index + share) / 2);
        rows.push(...(await measure(scratch, kind, step)));
      }
      return { title: TITLE, rows, notes: NOTES };
    });
  },
};

const TITLE =
  'Long work in large stores: 1,000,000 runs summed up, 100,000 removed while another process writes';

const NOTES = [
  'steps of the event loop are the shorter of wall clock and processor time; on PostgreSQL the work is the server’s',
  'summed up by day and model, in milliseconds of this process; the server of PostgreSQL works beside it',
  'removed: runs that have ended, each with a journal of two entries; another process changes and flushes 20 runs every 10 ms',
];

async function measure(
  scratch: Scratch,
  kind: StorePlace['kind'],
  progress: (share: number) => void,
): Promise<Row[]> {
  const name = kind === 'sqlite' ? 'SQLite' : 'PostgreSQL';
  const large = await archiveStore(kind, SUMMED);
  progress(0.3);
  const summed = await longWork(large, 'summarize');
  progress(0.5);
  const pruned = await scratch.fill(kind, PRUNED);
  const writer = fork(join(__dirname, '../store-writer.js'), [JSON.stringify(pruned)]);
  await once(writer, 'message');
  const removed = await longWork(pruned, 'prune');
  const took = await stop(writer);
  progress(0.8);
  const recorded = await longWork(pruned, 'record');
  return [
    milliseconds(`a sum by day and model, ${name}`, summed.cpuMs, 4_000),
    {
      ...milliseconds(`  memory that it takes, ${name}`, summed.grownBytes / 1e6, 100),
      against: 'MB',
      unit: '',
    },
    milliseconds(`flush of others while runs are removed, 99 of 100, ${name}`, highest(took, 0.99), 100),
    ...(kind === 'sqlite'
      ? [
          milliseconds('longest step: sums up', summed.longestStep, 25),
          milliseconds('longest step: removes', removed.longestStep, 25),
          milliseconds('longest step: records 500 changed runs a batch', recorded.longestStep, 25),
        ]
      : []),
  ];
}

function milliseconds(what: string, value: number, atMost: number): Row {
  return { what, against: 'milliseconds', value: spreadOf([value]), unit: 'ms', figure: { atMost } };
}

function highest(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

async function longWork(where: StorePlace, what: LongWork): Promise<LongWorkReport> {
  const script = join(__dirname, '../store-loop-worker.js');
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify([where, what])]);
  return JSON.parse(stdout) as LongWorkReport;
}

/** How long each flush of the writer has taken. */
async function stop(writer: ChildProcess): Promise<readonly number[]> {
  const answered = once(writer, 'message') as Promise<[readonly number[]]>;
  writer.send('stop');
  const [took] = await answered;
  return took;
}
