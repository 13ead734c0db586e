import { join } from 'node:path';
import { startProgram } from '../examples/program';

describe('runs that are observed and dropped without an end', () => {
  it('leave nothing behind', async () => {
    const file = join(__dirname, 'programs/dropped-runs.ts');
    const { code, output, errors } = await startProgram(file, [], { nodeFlags: ['--expose-gc'] }).ended;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const { observed, left } = JSON.parse(output) as { observed: boolean; left: number };
    expect(observed).toBe(true);
    // The last one may still stand on the stack.
    expect(left).toBeLessThanOrEqual(1);
  }, 60_000);
});
