import { Run } from 'agent-run';
import { milliseconds, useTelemetry } from './kit';

const kit = useTelemetry();

function runningRun(json: object = {}): Run {
  const run = Run.fromJSON({ ...new Run({ sessionId: 'session-123' }).toJSON(), ...json });
  kit().telemetry.observe(run);
  return run.updateStatus('running');
}

const turns = (): object[] =>
  kit()
    .span()
    .events.map(({ name, attributes }) => ({ name, ...attributes }));

const turn = (turnCount: number, input?: number, output?: number): object => ({
  name: 'agent_run.turn',
  'agent_run.turn_count': turnCount,
  ...(input === undefined ? {} : { 'gen_ai.usage.input_tokens': input }),
  ...(output === undefined ? {} : { 'gen_ai.usage.output_tokens': output }),
});

const usage = (input: number, output: number): object => ({ input_tokens: input, output_tokens: output });

describe('the turns of a span', () => {
  it('have the tokens reported after them, where turns are counted before the model call', () => {
    const run = runningRun();
    run.incrementTurn().updateTokenUsage(usage(100, 10)).updateTokenUsage(usage(5, 1));
    run.incrementTurn().updateTokenUsage(usage(200, 20));
    run.setOutput({});
    expect(turns()).toEqual([turn(1, 105, 11), turn(2, 200, 20)]);
  });

  it('have the tokens reported before them, where turns are counted after the model call', () => {
    const run = runningRun();
    run.updateTokenUsage(usage(100, 10)).incrementTurn();
    run.updateTokenUsage(usage(200, 20)).incrementTurn();
    run.setOutput({});
    expect(turns()).toEqual([turn(1, 100, 10), turn(2, 200, 20)]);
  });

  it('say nothing of tokens that nobody reported', () => {
    const run = runningRun();
    run.incrementTurn().incrementTurn().updateTokenUsage({ output_tokens: 3, note: 'x' }).cancel();
    expect(turns()).toEqual([turn(1), turn(2, undefined, 3)]);
  });

  it('stand at the time when they were counted', () => {
    const run = runningRun();
    const beforeMs = Date.now();
    run.incrementTurn();
    run.setOutput({});
    const { events, startTime, endTime } = kit().span();
    const atMs = milliseconds(events[0]!.time);
    expect(atMs).toBeGreaterThanOrEqual(milliseconds(startTime));
    expect(atMs).toBeLessThanOrEqual(milliseconds(endTime));
    expect(Math.abs(atMs - beforeMs)).toBeLessThan(60_000);
  });

  it('go on from those of a restored run, without the tokens of those', () => {
    const run = runningRun({ turn_count: 4, token_usage: usage(1000, 100) });
    run.incrementTurn().updateTokenUsage(usage(1, 2)).setOutput({});
    expect(turns()).toEqual([turn(5, 1, 2)]);
    expect(kit().span().attributes['gen_ai.usage.input_tokens']).toBe(1001);
  });

  it('are the first 128 of a run that takes more, so that the SDK has none to drop', () => {
    const run = runningRun();
    for (let index = 0; index < 1000; index++) run.incrementTurn();
    run.setOutput({});
    expect(kit().span().events).toHaveLength(128);
    expect(kit().span().droppedEventsCount).toBe(0);
    expect(kit().span().attributes['agent_run.turn_count']).toBe(1000);
  });

  it('count those taken before the run started', () => {
    const run = new Run({ sessionId: 'session-123' });
    kit().telemetry.observe(run);
    run.incrementTurn().setOutput({});
    expect(turns()).toEqual([turn(1)]);
  });
});
