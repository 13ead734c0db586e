import { join } from 'node:path';
import type { RunTotals } from 'agent-run';
import { startProgram } from '../examples/program';

/** Runs a program in a process that has to end by itself, and reads what it printed. */
async function resultOf<Result>(
  name: string,
  parameters: string[],
  nodeFlags: string[] = [],
): Promise<Result> {
  const file = join(__dirname, 'programs', `${name}.ts`);
  const { code, output, errors } = await startProgram(file, parameters, { nodeFlags }).ended;
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return JSON.parse(output) as Result;
}

describe('10,000 executions on one long-lived signal', () => {
  const mixed = { completed: 6_000, failed: 2_000, cancelled: 2_000 };

  it.each([
    ['in-turn', 'one after another', mixed],
    ['at-once', 'at once', mixed],
    ['aborted', 'at once, cancelled by the signal', { cancelled: 10_000 }],
  ])(
    '%s: %s, leave no listener, no timer and no warning, and the process ends by itself',
    async (mode, _, statuses) => {
      expect(await resultOf('shared-signal', [mode])).toEqual({
        statuses,
        mostListeners: 1,
        listeners: 0,
        timers: [],
        warnings: [],
      });
    },
    60_000,
  );
});

describe('100,000 children of one run', () => {
  it('leave their numbers and nothing else', async () => {
    const result = await resultOf<{ heapAfterFirst: number; heapAfterAll: number; totals: RunTotals }>(
      'many-children',
      [],
      ['--expose-gc'],
    );
    expect(result.totals).toEqual({
      runs: 100_001,
      turns: 100_000,
      tokenUsage: { input_tokens: 200_000, output_tokens: 100_000 },
      costUsd: 50_000,
    });
    // Kept, 90,000 runs multiply the heap by seven.
    expect(result.heapAfterAll / result.heapAfterFirst).toBeLessThan(1.5);
  }, 60_000);
});
