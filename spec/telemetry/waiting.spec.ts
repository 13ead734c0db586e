import { SpanStatusCode } from '@opentelemetry/api';
import { Run } from 'agent-run';
import { useTelemetry } from './kit';

const kit = useTelemetry();

/** Parks the run after some use, as its function does. */
async function park(run: Run): Promise<void> {
  await run.execute(async () => {
    run.incrementTurn().updateTokenUsage({ input_tokens: 100, output_tokens: 10, requests: 1 }).addCost(0.25);
    run.startStep('left open');
    await run.step('look', () => undefined);
    return run.park({ reason: 'approval' });
  });
}

const goOn = (run: Run) =>
  run.execute(() => {
    run.incrementTurn().updateTokenUsage({ input_tokens: 7, output_tokens: 3, requests: 2 }).addCost(0.5);
    return { done: true };
  });

const agentSpans = () =>
  kit()
    .spans()
    .filter(({ name }) => name === 'invoke_agent');

describe('a run that waits for a person', () => {
  it('ends its span when it parks, without an error, its steps before', async () => {
    const run = new Run({ sessionId: 'session-123' });
    kit().telemetry.observe(run);
    await park(run);
    expect(
      kit()
        .spans()
        .map(({ name }) => name),
    ).toEqual(['execute_tool look', 'execute_tool left open', 'invoke_agent']);
    const [span] = agentSpans();
    expect(span!.status.code).toBe(SpanStatusCode.UNSET);
    expect(span!.attributes).not.toHaveProperty('error.type');
    expect(await kit().durations()).toMatchObject([{ count: 1 }]);
  });

  it.each([
    ['here', (run: Run) => run],
    ['in another process', (run: Run) => Run.fromJSON(JSON.parse(JSON.stringify(run)))],
  ])('goes on %s in a span that is linked to it, and tells only what is new', async (_where, moved) => {
    const parked = new Run({ sessionId: 'session-123' });
    kit().telemetry.observe(parked);
    await park(parked);
    const run = moved(parked);
    kit().telemetry.observe(run);
    run.answer({ approved: true });
    await goOn(run);
    const [before, after, ...others] = agentSpans();
    expect(others).toEqual([]);
    expect(after!.links.map(({ context }) => context.spanId)).toEqual([before!.spanContext().spanId]);
    expect(before!.attributes).toMatchObject({
      'gen_ai.usage.input_tokens': 100,
      'agent_run.turn_count': 1,
      'agent_run.cost_usd': 0.25,
    });
    expect(after!.attributes).toMatchObject({
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 3,
      'agent_run.turn_count': 1,
      'agent_run.cost_usd': 0.5,
    });
    expect(before!.events).toHaveLength(1);
    expect(after!.events).toHaveLength(1);
    const calls = await kit().points('gen_ai.invoke_agent.inference_calls');
    expect(calls).toMatchObject([{ value: { count: 2, sum: 3 } }]);
    const tools = await kit().points('gen_ai.invoke_agent.tool_calls');
    expect(tools).toMatchObject([{ value: { count: 2, sum: 2 } }]);
  });

  it('is linked within one trace too', async () => {
    const run = new Run({ sessionId: 'session-123' });
    await kit().tracer.startActiveSpan('conversation', async (conversation) => {
      kit().telemetry.observe(run);
      await park(run);
      await goOn(run.answer(true));
      conversation.end();
    });
    const [before, after] = agentSpans();
    expect(after!.spanContext().traceId).toBe(before!.spanContext().traceId);
    expect(after!.links).toHaveLength(1);
  });

  it('has a span without length for an end while it waits', async () => {
    const parked = new Run({ sessionId: 'session-123' });
    await park(parked);
    const run = Run.fromJSON(JSON.parse(JSON.stringify(parked)));
    kit().telemetry.observe(run);
    run.cancel('Never mind');
    const [span, ...others] = agentSpans();
    expect(others).toEqual([]);
    expect(span!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'Never mind' });
    expect(span!.attributes).not.toHaveProperty('gen_ai.usage.input_tokens', 100);
    expect(span!.duration[0]).toBe(0);
  });
});
