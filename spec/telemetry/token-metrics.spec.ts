import { portOf } from '../../lib/attachment';
import { Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import { startTelemetry, useContextManager, useDiagnostics } from './kit';

useContextManager();
const diagnostics = useDiagnostics();

afterEach(() => {
  expect(diagnostics).toEqual([]);
});

const INPUT = 'gen_ai.client.inference.usage.input_tokens';
const OUTPUT = 'gen_ai.client.inference.usage.output_tokens';

describe('the counters of tokens', () => {
  it('are not there unless asked for: the model SDK may count already', async () => {
    const kit = startTelemetry();
    const run = new Run({ sessionId: 'session-123' });
    kit.telemetry.observe(run);
    run.updateTokenUsage({ input_tokens: 1 }).setOutput({});
    expect(await kit.points(INPUT)).toEqual([]);
  });

  it('count what runs use, by provider and model', async () => {
    const kit = startTelemetry({ recordTokenMetrics: true });
    for (const id of ['a', 'b']) {
      const run = new Run({ sessionId: 's', id, provider: 'openai', providerMetadata: { model: 'gpt-5' } });
      kit.telemetry.observe(run);
      run.updateTokenUsage({ input_tokens: 100 }).updateTokenUsage({ input_tokens: 10, output_tokens: 5 });
      run.addCost(1).setOutput({});
    }
    const attributes = {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-5',
      'gen_ai.token.modality': 'unknown',
    };
    expect(await kit.points(INPUT)).toEqual([{ attributes, value: 220 }]);
    expect(await kit.points(OUTPUT)).toEqual([{ attributes, value: 10 }]);
  });

  it('count what a cache had and took, and what was reasoning, as parts', async () => {
    const kit = startTelemetry({ recordTokenMetrics: true });
    const run = new Run({ sessionId: 'session-123' });
    kit.telemetry.observe(run);
    run.updateTokenUsage({
      cache_read_tokens: 5,
      cache_write_tokens: 3,
      reasoning_tokens: 2,
      other_tokens: 9,
    });
    run.updateTokenUsage({ cache_read_tokens: 1 });
    const usage = 'gen_ai.client.inference.usage';
    expect(await kit.points(`${usage}.cache_read.input_tokens`)).toMatchObject([{ value: 6 }]);
    expect(await kit.points(`${usage}.cache_write.input_tokens`)).toMatchObject([{ value: 3 }]);
    expect(await kit.points(`${usage}.reasoning.output_tokens`)).toMatchObject([{ value: 2 }]);
    expect(await kit.points(INPUT)).toEqual([]);
  });

  it('count for the one model that was metered, without serializing the run', async () => {
    const kit = startTelemetry({ recordTokenMetrics: true });
    const run = new Run({ sessionId: 'session-123' });
    kit.telemetry.observe(run);
    const meter = new UsageMeter(run, { provider: 'openai', model: 'gpt-5' });
    const serialized = jest.spyOn(run, 'toJSON');
    for (let index = 0; index < 100; index++) {
      meter.record({ prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 });
    }
    run.setOutput({});
    expect(serialized).not.toHaveBeenCalled();
    expect(await kit.points(INPUT)).toMatchObject([
      { value: 10_000, attributes: { 'gen_ai.request.model': 'gpt-5' } },
    ]);
  });

  it('count usage that is reported after the end', async () => {
    const kit = startTelemetry({ recordTokenMetrics: true });
    const run = new Run({ sessionId: 'session-123' });
    kit.telemetry.observe(run);
    run.cancel().updateTokenUsage({ output_tokens: 3 });
    expect(await kit.points(OUTPUT)).toMatchObject([{ value: 3 }]);
    expect(await kit.points(INPUT)).toEqual([]);
  });

  it('do not count what a restored run had used before', async () => {
    const kit = startTelemetry({ recordTokenMetrics: true });
    const json = new Run({ sessionId: 'session-123' }).updateTokenUsage({ input_tokens: 1000 }).toJSON();
    const run = Run.fromJSON(json);
    kit.telemetry.observe(run);
    run.updateTokenUsage({ input_tokens: 1 });
    expect(await kit.points(INPUT)).toMatchObject([{ value: 1 }]);
  });

  it('end where corrected usage ends, without a warning', async () => {
    const kit = startTelemetry({ recordTokenMetrics: true });
    const run = new Run({ sessionId: 'session-123' });
    kit.telemetry.observe(run);
    portOf(run).recordUsage({ input_tokens: 100 }, null);
    portOf(run).recordUsage({ input_tokens: -40 }, null);
    portOf(run).recordUsage({ input_tokens: 50 }, null);
    expect(run.tokenUsage).toEqual({ input_tokens: 110 });
    expect(await kit.points(INPUT)).toMatchObject([{ value: 110 }]);
  });

  it('stop when observing stops', async () => {
    const kit = startTelemetry({ recordTokenMetrics: true });
    const run = new Run({ sessionId: 'session-123' });
    kit.telemetry.observe(run)();
    run.updateTokenUsage({ input_tokens: 1 });
    expect(await kit.points(INPUT)).toEqual([]);
    expect(run.eventNames()).toEqual([]);
  });
});
