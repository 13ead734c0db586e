/**
 * Takes one run through 100,000 steps and prints the heap in bytes after the first 10,000 and after all of
 * them, as JSON. Needs `--expose-gc`. Some steps are left behind by the one before: each begins while
 * that one is open, and goes on after its end.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Run } from 'agent-run';

const FIRST = 10_000;
const ALL = 100_000;

const run = new Run({ sessionId: 'session-123' });
let ended = 0;
run.on('stepEnded', () => (ended += 1));

async function takeSteps(count: number): Promise<number> {
  for (let index = 0; index < count / 2; index++) {
    await run.step('tool', () => index, { input: { index }, output: true });
    run.startStep('model', { kind: 'model' }).end({ index });
  }
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Every step begins in the one before, which ends first. */
async function relay(left: number): Promise<void> {
  let next = Promise.resolve();
  await run.step('relay', async () => {
    await turn();
    if (left > 0) next = relay(left - 1);
  });
  if (left % 500 === 0) await next;
  else void next;
}

async function main(): Promise<void> {
  run.updateStatus('running');
  const heapAfterFirst = await takeSteps(FIRST);
  const heapAfterAll = await takeSteps(ALL - FIRST);
  await relay(5_000);
  await turn();
  while (ended < ALL + 5_001) await turn();
  globalThis.gc?.();
  const heapAfterRelay = process.memoryUsage().heapUsed;
  run.setOutput({});
  console.log(JSON.stringify({ heapAfterFirst, heapAfterAll, heapAfterRelay, ended }));
}

void main();
