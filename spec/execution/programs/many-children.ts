/**
 * Gives one parent 100,000 children, one after another, and prints the heap in bytes after the first
 * 10,000 and after all of them, with the parent's totals, as JSON. Needs `--expose-gc`.
 */
import { Run } from 'agent-run';

const FIRST = 10_000;
const ALL = 100_000;

const parent = new Run({ sessionId: 'session-123', limits: { maxTotalTokens: 10 * ALL, maxCostUsd: ALL } });

async function addChildren(count: number): Promise<number> {
  for (let index = 0; index < count; index++) {
    const child = parent.createChild({ input: { index } });
    child.on('statusChanged', () => undefined);
    await child.execute(({ run }) => {
      run.incrementTurn().updateTokenUsage({ input_tokens: 2, output_tokens: 1 }).addCost(0.5);
      return { response: `child ${index}` };
    });
  }
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function main(): Promise<void> {
  parent.updateStatus('running');
  const heapAfterFirst = await addChildren(FIRST);
  const heapAfterAll = await addChildren(ALL - FIRST);
  parent.setOutput({ response: 'done' });
  console.log(JSON.stringify({ heapAfterFirst, heapAfterAll, totals: parent.totals }));
}

void main();
