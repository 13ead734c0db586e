import { join } from 'node:path';
import { startProgram } from '../examples/program';

interface Heaps {
  readonly heapAfterFirst: number;
  readonly heapAfterAll: number;
  readonly heapAfterRelay: number;
  readonly ended: number;
}

describe('100,000 steps of one run', () => {
  it('keep nothing, nor do steps that begin in one another and end one after the other', async () => {
    const file = join(__dirname, 'programs/many-steps.ts');
    const { code, output, errors } = await startProgram(file, [], { nodeFlags: ['--expose-gc'] }).ended;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const { heapAfterFirst, heapAfterAll, heapAfterRelay, ended } = JSON.parse(output) as Heaps;
    expect(ended).toBe(105_001);
    // Kept, 90,000 steps would multiply the heap.
    expect(heapAfterAll / heapAfterFirst).toBeLessThan(1.3);
    expect(heapAfterRelay / heapAfterFirst).toBeLessThan(1.5);
  }, 60_000);
});
