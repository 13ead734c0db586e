import { Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import { startTelemetry, useContextManager, useDiagnostics } from './kit';

useContextManager();
const diagnostics = useDiagnostics();

afterEach(() => {
  expect(diagnostics).toEqual([]);
});

function contentOf(input: object | null, output: object | null, captureContent?: boolean) {
  const kit = startTelemetry({ captureContent });
  const run = new Run({ sessionId: 'session-123', input });
  kit.telemetry.observe(run);
  if (output === null) run.updateStatus('completed');
  else run.setOutput(output);
  const { attributes } = kit.span();
  const parsed = (name: string): unknown => {
    const value = attributes[name];
    return typeof value === 'string' ? (JSON.parse(value) as unknown) : value;
  };
  return {
    text: JSON.stringify(attributes),
    input: parsed('gen_ai.input.messages'),
    output: parsed('gen_ai.output.messages'),
  };
}

describe('the content of a run', () => {
  it('is not in its span', () => {
    expect(contentOf({ prompt: 'secret' }, { response: 'secret' }).text).not.toContain('secret');
  });

  it('is in its span on request, as messages', () => {
    const content = contentOf({ prompt: 'Hi' }, { response: 'Hello!' }, true);
    expect(content.input).toEqual([{ role: 'user', parts: [{ type: 'text', content: 'Hi' }] }]);
    expect(content.output).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'Hello!' }], finish_reason: 'stop' },
    ]);
  });

  it('is JSON where it is more than one text', () => {
    const content = contentOf({ prompt: 'Hi', depth: 2 }, { rows: [1, 2] }, true);
    expect(content.input).toEqual([
      { role: 'user', parts: [{ type: 'text', content: '{"prompt":"Hi","depth":2}' }] },
    ]);
    expect(content.output).toMatchObject([{ parts: [{ content: '{"rows":[1,2]}' }] }]);
  });

  it('is left out where there is none', () => {
    const content = contentOf(null, null, true);
    expect(content.input).toBeUndefined();
    expect(content.output).toBeUndefined();
  });
});

describe('the model of a run', () => {
  const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };

  function modelAfter(count: (run: Run) => void): unknown {
    const kit = startTelemetry();
    const run = new Run({ sessionId: 'session-123' });
    kit.telemetry.observe(run);
    count(run);
    run.setOutput({});
    return kit.span().attributes['gen_ai.request.model'];
  }

  it('is the one that a meter counted for', () => {
    const model = modelAfter((run) =>
      new UsageMeter(run, { provider: 'openai', model: 'gpt-5' }).record(usage),
    );
    expect(model).toBe('gpt-5');
  });

  it('is unknown where a meter counted for several, or knew none', () => {
    const several = modelAfter((run) => {
      const meter = new UsageMeter(run, { provider: 'openai' });
      for (const model of ['gpt-5', 'gpt-5-mini']) meter.record(usage, { model });
    });
    const none = modelAfter((run) => new UsageMeter(run).record(usage));
    const unused = modelAfter((run) => new UsageMeter(run, { model: 'gpt-5' }));
    expect([several, none, unused]).toEqual([undefined, undefined, undefined]);
  });

  it('is the one that the run names, whatever was counted', () => {
    const model = modelAfter((run) => {
      run.providerMetadata = { model: 'gpt-5-2025-08-07' };
      new UsageMeter(run, { provider: 'openai', model: 'gpt-5' }).record(usage);
    });
    expect(model).toBe('gpt-5-2025-08-07');
  });

  it('is known of a run that was read from a record', () => {
    const run = new Run({ sessionId: 'session-123' });
    new UsageMeter(run, { provider: 'openai', model: 'gpt-5' }).record(usage);
    const kit = startTelemetry();
    kit.telemetry.observe(Run.fromJSON(JSON.parse(JSON.stringify(run.setOutput({})))));
    expect(kit.span().attributes['gen_ai.request.model']).toBe('gpt-5');
  });
});
