/**
 * Executes 10,000 runs on one signal and prints what they left behind, as JSON.
 *
 * Parameter: `in-turn`, `at-once`, or `aborted` (at once, and the signal aborts while all go on).
 */
import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { ExecutionContext } from 'agent-run';
import { Run } from 'agent-run';

const RUNS = 10_000;
const mode = process.argv[2];
const controller = new AbortController();
const { signal } = controller;
const warnings: string[] = [];
const statuses: Record<string, number> = {};
let mostListeners = 0;

process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));

/** A function for each way in which an execution goes on and ends. */
const endings: ((context: ExecutionContext) => unknown)[] = [
  () => ({ response: 'Hello!' }),
  () => setImmediate('later'),
  () => Promise.reject(new Error('broken')),
  ({ run }) => run.setOutput({ response: 'inside' }),
  ({ run }) => run.cancel(),
];

function answer({ signal: mine }: ExecutionContext): Promise<void> {
  return new Promise((resolve) => {
    mine.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function executeOne(index: number): Promise<void> {
  const run = new Run({ sessionId: 'session-123' });
  const fn = mode === 'aborted' ? answer : endings[index % endings.length]!;
  const promise = run.execute(fn, { signal, timeoutMs: 2 ** 40 });
  mostListeners = Math.max(mostListeners, getEventListeners(signal, 'abort').length);
  await promise.catch(() => undefined);
  statuses[run.status] = (statuses[run.status] ?? 0) + 1;
}

async function main(): Promise<void> {
  const indexes = Array.from({ length: RUNS }, (_, index) => index);
  if (mode === 'in-turn') {
    for (const index of indexes) await executeOne(index);
  } else {
    const all = Promise.all(indexes.map(executeOne));
    if (mode === 'aborted') controller.abort(new Error('shut down'));
    await all;
  }
  await setImmediate();
  const listeners = getEventListeners(signal, 'abort').length;
  const timers = process.getActiveResourcesInfo().filter((name) => /timeout|immediate/i.test(name));
  console.log(JSON.stringify({ statuses, mostListeners, listeners, timers, warnings }));
}

void main();
