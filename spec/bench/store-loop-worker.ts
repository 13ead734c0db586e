/** Long work on a store, in a process of its own; says how long it took, and its longest step. */
import { Run } from './built';
import { StepMeter } from './step-meter';
import type { StorePlace } from './store-place';
import { openStore } from './store-place';

/** What is done: the public method, or changes recorded again and again. */
export type LongWork = 'record' | 'prune' | 'summarize';

/** Milliseconds, and bytes. */
export interface LongWorkReport {
  readonly longestStep: number;
  readonly cpuMs: number;
  readonly grownBytes: number;
}

const BATCH = 500;
const BATCHES = 200;

/** After so many, the code is compiled. */
const WARM = 20;

const [place, what] = JSON.parse(process.argv[2]!) as [StorePlace, LongWork];
const store = openStore(place);

const WORK: Readonly<Record<LongWork, () => Promise<unknown>>> = {
  record: () => recordBatches(BATCHES),
  prune: () => store.prune({ endedBefore: new Date() }),
  summarize: () => store.summarize({ groupBy: ['day', 'model'] }),
};

const runs = Array.from({ length: BATCH }, (_, index) =>
  new Run({ sessionId: `session-${index}` }).updateStatus('running'),
);

void main();

async function main(): Promise<void> {
  await store.list({ limit: 1 });
  if (what === 'record') await recordBatches(WARM);
  const meter = new StepMeter();
  const memory = process.memoryUsage().rss;
  let highest = memory;
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().rss);
  }, 20);
  const before = process.cpuUsage();
  await WORK[what]();
  const { user, system } = process.cpuUsage(before);
  clearInterval(watch);
  const longestStep = meter.stop();
  await store.close();
  const report = { longestStep, cpuMs: (user + system) / 1000, grownBytes: highest - memory };
  process.stdout.write(JSON.stringify(report satisfies LongWorkReport));
}

/** Five hundred live runs that all change in one tick, again and again. */
async function recordBatches(batches: number): Promise<void> {
  const recorders = runs.map((run) => store.track(run));
  for (let batch = 0; batch < batches; batch++) {
    for (const run of runs) run.incrementTurn().updateTokenUsage({ input_tokens: 100, output_tokens: 50 });
    await Promise.all(recorders.map((recorder) => recorder.flush()));
  }
}
