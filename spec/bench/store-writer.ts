/** A process whose runs change and are flushed all the time; says over IPC how long each flush took. */
import { setTimeout as pause } from 'node:timers/promises';
import { Run } from './built';
import type { StorePlace } from './store-place';
import { openStore } from './store-place';

const RUNS = 20;
const BETWEEN_MS = 10;

const store = openStore(JSON.parse(process.argv[2]!) as StorePlace);
let isOver = false;

process.on('message', () => {
  isOver = true;
});
void main();

async function main(): Promise<void> {
  const took: number[] = [];
  const runs = Array.from({ length: RUNS }, (_, index) => new Run({ sessionId: `writer-${index}` }));
  await Promise.all(runs.map((run) => store.track(run.updateStatus('running')).flush()));
  process.send?.('ready');
  await Promise.all(runs.map((run) => write(run, took)));
  await store.close();
  process.send?.(took);
  process.disconnect();
}

async function write(run: InstanceType<typeof Run>, took: number[]): Promise<void> {
  const recorder = store.track(run);
  while (!isOver) {
    run.incrementTurn();
    const began = performance.now();
    await recorder.flush();
    took.push(performance.now() - began);
    await pause(BETWEEN_MS * (0.5 + Math.random()));
  }
  run.cancel();
}
