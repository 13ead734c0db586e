import { createDatabase } from '../support/postgres';
import { startExample } from './program';

describe('worker-pool', () => {
  it('does every task once, although a worker is killed in the middle of one', async () => {
    const database = await createDatabase();
    const environment = { DATABASE_URL: database.url };
    const { code, output, errors } = await startExample('worker-pool', [], { environment }).ended;
    expect(errors).toBe('');
    expect(output).toMatch(/^worker \d+ is in the middle of a task, and is killed$/m);
    expect(output.match(/^worker \d+ found a run that a dead worker had left$/gm)).toHaveLength(1);
    expect(output.match(/ -> completed *$/gm)).toHaveLength(6);
    expect(output.match(/ -> failed orphaned$/gm)).toHaveLength(1);
    expect(output).toContain('completed: 6 runs, 18 turns, { input_tokens: 3600, output_tokens: 360 }');
    expect(output).toMatch(/^failed: 1 runs, [0-3] turns,/m);
    expect(code).toBe(0);
    expect(await database.query('SELECT FROM agent_run_runs')).toEqual([]);
    await database.drop();
  }, 60_000);

  it('says what it needs where there is no database', async () => {
    const { code, errors } = await startExample('worker-pool', [], { environment: { DATABASE_URL: '' } })
      .ended;
    expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('DATABASE_URL') as string });
  }, 60_000);
});
