import { setTimeout as sleep } from 'node:timers/promises';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { Run } from 'agent-run';
import type { RunTelemetryOptions } from 'agent-run/telemetry';
import { RunTelemetry } from 'agent-run/telemetry';
import { useTelemetry } from './kit';

const kit = useTelemetry();

function observedRun(options: RunTelemetryOptions = {}): Run {
  const run = new Run({ sessionId: 'session-123', id: 'run_1' });
  const { tracer, meter } = kit();
  new RunTelemetry({ tracer, meter, ...options }).observe(run);
  return run;
}

const named = (name: string) =>
  kit()
    .spans()
    .find((span) => span.name === name)!;

const parentOf = (name: string) => {
  const id = named(name).parentSpanContext?.spanId;
  return kit()
    .spans()
    .find((span) => span.spanContext().spanId === id)?.name;
};

describe('the span of a step', () => {
  it('is execute_tool and the name of a tool, INTERNAL, a child of the run', async () => {
    const run = observedRun();
    await run.execute(() => run.step('fetch_page', () => sleep(5)));
    const span = named('execute_tool fetch_page');
    expect(span.kind).toBe(SpanKind.INTERNAL);
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span.attributes).toEqual({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'fetch_page',
    });
    expect(parentOf('execute_tool fetch_page')).toBe('invoke_agent');
    expect(span.duration[1]).toBeGreaterThan(3_000_000);
  });

  it('is named after a step of another kind', async () => {
    const run = observedRun();
    await run.execute(() => run.step('gpt-5', () => 'x', { kind: 'model' }));
    expect(named('gpt-5').attributes).toEqual({ 'agent_run.step.kind': 'model' });
  });

  it('is active within the function, and the parent of the steps in it', async () => {
    const run = observedRun();
    await run.execute(async () => {
      await run.step('outer', async () => {
        await sleep(1);
        kit().tracer.startSpan('GET /page').end();
        await run.step('inner', () => {
          kit().tracer.startSpan('SELECT').end();
        });
        run.startStep('by hand', { kind: 'retrieval' }).end();
      });
      kit().tracer.startSpan('after').end();
    });
    expect(parentOf('GET /page')).toBe('execute_tool outer');
    expect(parentOf('execute_tool inner')).toBe('execute_tool outer');
    expect(parentOf('SELECT')).toBe('execute_tool inner');
    expect(parentOf('by hand')).toBe('execute_tool outer');
    expect(parentOf('after')).toBe('invoke_agent');
  });

  it('has the class of the error of a step that fails', async () => {
    const run = observedRun();
    await run.execute(async () => {
      await run.step('a', () => Promise.reject(new TypeError('no page'))).catch(() => undefined);
    });
    expect(named('execute_tool a').attributes['error.type']).toBe('TypeError');
    expect(named('execute_tool a').status).toEqual({ code: SpanStatusCode.ERROR, message: 'no page' });
  });

  it('is ended before the span of a run that is stopped', async () => {
    const run = observedRun();
    const settled = run.execute(() => run.step('wait', ({ signal }) => sleep(10_000, undefined, { signal })));
    run.cancel('Enough');
    await expect(settled).rejects.toThrow('Enough');
    const [step, agent] = kit().spans();
    expect([step!.name, agent!.name]).toEqual(['execute_tool wait', 'invoke_agent']);
    expect(step!.attributes['error.type']).toBe('cancelled');
  });

  it('is not there for tools where a framework makes it', async () => {
    const run = observedRun({ toolSpans: false });
    await run.execute(async () => {
      await run.step('tool', () => kit().tracer.startSpan('inside').end());
      await run.step('plan', () => undefined, { kind: 'plan' });
    });
    expect(named('execute_tool tool')).toBeUndefined();
    expect(parentOf('inside')).toBe('invoke_agent');
    expect(parentOf('plan')).toBe('invoke_agent');
  });

  it('of a step that throws in a broken tracer changes nothing', async () => {
    const run = new Run({ sessionId: 'session-123' });
    await run.execute(() => run.step('a', () => ({ a: 1 }), { output: true }));
    expect(run.output).toEqual({ a: 1 });
  });
});

describe('the calls of a run', () => {
  const INFERENCE = 'gen_ai.invoke_agent.inference_calls';
  const TOOLS = 'gen_ai.invoke_agent.tool_calls';

  it('are told when it ends: requests, and steps of kind tool, failed ones too', async () => {
    const run = observedRun({ agentName: 'planner' });
    await run
      .execute(async () => {
        run.updateTokenUsage({ requests: 2 }).updateTokenUsage({ requests: 1 });
        await run.step('a', () => undefined);
        await run.step('b', () => Promise.reject(new Error('no'))).catch(() => undefined);
        await run.step('c', () => undefined, { kind: 'model' });
        throw new TypeError('no');
      })
      .catch(() => undefined);
    const attributes = { 'gen_ai.agent.name': 'planner', 'error.type': 'TypeError' };
    expect(await kit().points(INFERENCE)).toMatchObject([{ attributes, value: { count: 1, sum: 3 } }]);
    expect(await kit().points(TOOLS)).toMatchObject([{ attributes, value: { count: 1, sum: 2 } }]);
    const [point] = await kit().points(TOOLS);
    expect(point!.value).toMatchObject({ buckets: { boundaries: [1, 2, 4, 8, 16, 32, 64, 128] } });
  });

  it('of sub-agents are their own', async () => {
    const run = observedRun();
    await run.execute(async () => {
      await run.step('ask', async () => {
        await run.createChild({ metadata: { agent_name: 'sub' } }).execute(({ run: child }) => {
          child.updateTokenUsage({ requests: 5 });
        });
      });
    });
    expect(await kit().points(INFERENCE)).toMatchObject([
      { attributes: { 'gen_ai.agent.name': 'sub' }, value: { sum: 5 } },
    ]);
    const tools = await kit().points(TOOLS);
    expect(tools.map(({ attributes, value }) => [attributes, (value as { sum: number }).sum])).toEqual([
      [{ 'gen_ai.agent.name': 'sub' }, 0],
      [{}, 1],
    ]);
  });

  it('that nobody counted are unknown, not zero', async () => {
    observedRun().setOutput({});
    expect(await kit().points(INFERENCE)).toEqual([]);
    kit().telemetry.observe(Run.fromJSON(new Run({ sessionId: 's' }).setOutput({}).toJSON()));
    expect(await kit().points(TOOLS)).toMatchObject([{ value: { count: 1, sum: 0 } }]);
  });
});

describe('usage', () => {
  it('is not on a span where the model SDK has one with it', () => {
    const run = observedRun({ usageOnSpan: false });
    run.updateStatus('running').incrementTurn().updateTokenUsage({ input_tokens: 5, output_tokens: 2 });
    run.addCost(1).setOutput({});
    const span = kit().span();
    expect(Object.keys(span.attributes)).not.toContain('gen_ai.usage.input_tokens');
    expect(span.events.map(({ attributes }) => attributes)).toEqual([{ 'agent_run.turn_count': 1 }]);
    expect(span.attributes['agent_run.cost_usd']).toBe(1);
  });
});

describe('children', () => {
  it('are observed from the moment they are made, and theirs', async () => {
    const run = observedRun();
    await run.execute(async () => {
      const child = run.createChild({ metadata: { agent_name: 'child' } });
      await child.execute(async () => {
        await child.createChild({ metadata: { agent_name: 'grandchild' } }).execute(() => undefined);
      });
    });
    expect(parentOf('invoke_agent child')).toBe('invoke_agent');
    expect(parentOf('invoke_agent grandchild')).toBe('invoke_agent child');
  });

  it('are not, where that was declined', async () => {
    const run = new Run({ sessionId: 'session-123' });
    kit().telemetry.observe(run, { children: false });
    await run.execute(() => run.createChild().execute(() => undefined));
    expect(kit().spans()).toHaveLength(1);
  });
});

describe('options', () => {
  it('that are not known are refused', () => {
    const refused = expect.objectContaining({ code: 'validation_error' }) as Error;
    expect(() => new RunTelemetry({ agent: 'x' } as RunTelemetryOptions)).toThrow(refused);
    const run = new Run({ sessionId: 'session-123' });
    expect(() => kit().telemetry.observe(run, { kids: true } as object)).toThrow(refused);
  });
});
