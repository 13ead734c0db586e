import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { AnyRun, ExecuteOptions } from 'agent-run';
import { Run, RunError } from 'agent-run';
import { RunTelemetry } from 'agent-run/telemetry';
import { milliseconds, seconds, startTelemetry, useTelemetry } from './kit';

const kit = useTelemetry();

function newRun(attributes: object = {}): Run {
  return new Run({ sessionId: 'session-123', id: 'run_1', ...attributes });
}

function observedRun(attributes: object = {}): Run {
  const run = newRun(attributes);
  kit().telemetry.observe(run);
  return run;
}

describe('RunTelemetry', () => {
  describe('.observe()', () => {
    it('makes one INTERNAL span with the attributes of the conventions and no others', () => {
      const run = observedRun({
        metadata: { agent_name: 'researcher', model: 'gpt-5', secret: 'x' },
        input: { prompt: 'Hi' },
      });
      run.updateStatus('running');
      run.incrementTurn();
      run.updateTokenUsage({ input_tokens: 100, output_tokens: 50, cache_read_tokens: 80 });
      run.addCost(0.25);
      run.setOutput({ response: 'Hello!' });

      const span = kit().span();
      expect(span.name).toBe('invoke_agent researcher');
      expect(span.kind).toBe(SpanKind.INTERNAL);
      expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
      expect(span.attributes).toEqual({
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.conversation.id': 'session-123',
        'gen_ai.agent.name': 'researcher',
        'gen_ai.request.model': 'gpt-5',
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.output_tokens': 50,
        'agent_run.id': 'run_1',
        'agent_run.turn_count': 1,
        'agent_run.cost_usd': 0.25,
      });
    });

    it('leaves out what is unknown: no name, model, usage or cost is made up', () => {
      observedRun().setOutput({});
      expect(kit().span().name).toBe('invoke_agent');
      expect(kit().span().attributes).toEqual({
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.conversation.id': 'session-123',
        'agent_run.id': 'run_1',
        'agent_run.turn_count': 0,
      });
    });

    it('takes the name of the options for runs that have none of their own', () => {
      const telemetry = new RunTelemetry({ tracer: kit().tracer, meter: kit().meter, agentName: 'planner' });
      const [named, nameless] = [
        newRun({ id: 'a', metadata: { agent_name: 'critic' } }),
        newRun({ id: 'b' }),
      ];
      for (const run of [named, nameless]) {
        telemetry.observe(run);
        run.setOutput({});
      }
      expect(
        kit()
          .spans()
          .map(({ name }) => name),
      ).toEqual(['invoke_agent critic', 'invoke_agent planner']);
    });

    it('knows a model that is named on the way', () => {
      const run = observedRun();
      run.updateStatus('running');
      run.providerMetadata = { model: 'claude-opus-4-5' };
      run.setOutput({});
      expect(kit().span().attributes['gen_ai.request.model']).toBe('claude-opus-4-5');
    });

    it('begins the span when a pending run starts', async () => {
      const run = observedRun();
      await sleep(5);
      const beforeMs = Date.now();
      run.updateStatus('running').setOutput({});
      expect(milliseconds(kit().span().startTime)).toBeGreaterThanOrEqual(beforeMs);
    });

    it('begins the span of a running run when it is observed', async () => {
      const run = newRun().updateStatus('running');
      await sleep(5);
      const beforeMs = Date.now();
      kit().telemetry.observe(run);
      run.setOutput({});
      expect(milliseconds(kit().span().startTime)).toBeGreaterThanOrEqual(beforeMs);
    });

    it('spans a run that never started from when it was observed', async () => {
      const run = observedRun();
      const observedMs = Date.now();
      await sleep(5);
      run.cancel();
      expect(milliseconds(kit().span().startTime)).toBeLessThanOrEqual(observedMs);
      expect(seconds(kit().span().duration)).toBeGreaterThan(0);
    });

    it('spans a run that had ended already from its start to its end', async () => {
      const run = Run.fromJSON({
        ...newRun().toJSON(),
        status: 'failed',
        error: { code: 'orphaned', message: 'Its process is gone' },
        started_at: '2026-01-02T03:04:05.000Z',
        ended_at: '2026-01-02T03:04:07.500Z',
      });
      kit().telemetry.observe(run);
      expect(kit().span().startTime).toEqual([Date.parse('2026-01-02T03:04:05Z') / 1000, 0]);
      expect(kit().span().duration).toEqual([2, 500_000_000]);
      expect(kit().span().attributes['error.type']).toBe('orphaned');
      expect(await kit().durations()).toMatchObject([{ sum: 2.5, count: 1 }]);
    });

    it('gives an ended run whose end lies before its start a span without length', () => {
      kit().telemetry.observe(
        Run.fromJSON({
          ...newRun().toJSON(),
          status: 'completed',
          started_at: '2026-01-02T03:04:05Z',
          ended_at: '2026-01-02T03:04:04Z',
        }),
      );
      expect(kit().span().duration).toEqual([0, 0]);
    });

    it('leaves the record of an ended run as it is', () => {
      const run = newRun().setOutput({});
      const before = JSON.stringify(run);
      kit().tracer.startActiveSpan('request', (request) => {
        kit().telemetry.observe(run);
        request.end();
      });
      expect(JSON.stringify(run)).toBe(before);
    });

    it('makes one span of a run that is observed twice, or again after its end', () => {
      const run = observedRun();
      kit().telemetry.observe(run);
      run.setOutput({});
      kit().telemetry.observe(run);
      expect(kit().spans()).toHaveLength(1);
    });

    it('makes one span whichever of two ends wins', () => {
      const run = observedRun().updateStatus('running');
      run.on('statusChanged', ({ to }) => {
        if (to === 'completed') expect(() => run.cancel()).toThrow(RunError);
      });
      run.setOutput({});
      expect(kit().span().status.code).toBe(SpanStatusCode.UNSET);
    });

    it('hears a run that a listener ends as it starts', () => {
      const run = newRun();
      run.on('statusChanged', ({ to }) => {
        if (to === 'running') run.cancel('no');
      });
      kit().telemetry.observe(run);
      run.updateStatus('running');
      expect(kit().span().status).toEqual({ code: SpanStatusCode.ERROR, message: 'no' });
    });

    it('makes one span of a run that a listener of its start observes', () => {
      const run = newRun();
      run.once('statusChanged', () => {
        run.metadata = { seen: true };
        kit().telemetry.observe(run);
      });
      run.updateStatus('running').setOutput({});
      expect(kit().spans()).toHaveLength(1);
    });

    it('makes one span of a run that it hears of twice', () => {
      const run = newRun();
      run.once('turnIncremented', () => {
        run.updateStatus('running');
        kit().telemetry.observe(run);
      });
      run.incrementTurn();
      run.setOutput({});
      expect(kit().spans()).toHaveLength(1);
    });

    it('describes a failure without an error by its status', () => {
      observedRun().updateStatus('timeout');
      expect(kit().span().status.message).toBe('The run ended as "timeout"');
      expect(kit().span().attributes['error.type']).toBe('_OTHER');
    });

    it('leaves no listener on a run that has ended', () => {
      const run = observedRun();
      run.updateStatus('running').setOutput({});
      expect(run.eventNames()).toEqual([]);
    });
  });

  describe('the function that stops', () => {
    it('leaves a run that has not started alone', () => {
      const run = newRun();
      kit().telemetry.observe(run)();
      run.updateStatus('running').setOutput({});
      expect(kit().spans()).toEqual([]);
      expect(run.eventNames()).toEqual([]);
    });

    it('ends an open span without a status and records no duration', async () => {
      const run = newRun();
      const stop = kit().telemetry.observe(run);
      run.updateStatus('running');
      stop();
      stop();
      run.setError({ message: 'later' });
      expect(kit().span().status.code).toBe(SpanStatusCode.UNSET);
      expect(await kit().durations()).toEqual([]);
    });

    it('lets a run be observed anew', () => {
      const run = newRun().updateStatus('running');
      kit().telemetry.observe(run)();
      kit().telemetry.observe(run);
      run.setOutput({});
      expect(kit().spans()).toHaveLength(2);
    });

    it('does nothing after the end', () => {
      const run = newRun();
      const stop = kit().telemetry.observe(run);
      run.setOutput({});
      stop();
      kit().telemetry.observe(run);
      expect(kit().spans()).toHaveLength(1);
    });
  });
});

const never = () =>
  new Promise<never>(() => {
    // Never settles.
  });

interface Exit {
  readonly name: string;
  readonly options?: ExecuteOptions;
  readonly fn: (run: Run) => unknown;
  readonly errorType?: string;
  readonly description?: string;
}

const exits: readonly Exit[] = [
  { name: 'completed', fn: () => ({ response: 'Hello!' }) },
  {
    name: 'failed',
    fn: () => {
      throw Object.assign(new Error('Too many requests'), { code: 'rate_limited' });
    },
    errorType: 'rate_limited',
    description: 'Too many requests',
  },
  {
    name: 'cancelled',
    fn: (run) => {
      run.cancel('Enough');
    },
    errorType: 'cancelled',
    description: 'Enough',
  },
  {
    name: 'timeout',
    options: { timeoutMs: 10 },
    fn: () => sleep(20),
    errorType: 'timeout',
    description: 'Run run_1 took longer than 10 ms',
  },
  {
    name: 'limit exceeded',
    options: { limits: { maxTurns: 1 } },
    fn: (run) => {
      run.incrementTurn().incrementTurn();
    },
    errorType: 'limit_exceeded',
    description: expect.any(String) as string,
  },
  {
    name: 'abandoned',
    options: { timeoutMs: 10, graceMs: 10 },
    fn: never,
    errorType: 'timeout',
    description: 'Run run_1 took longer than 10 ms',
  },
];

describe('an execution', () => {
  for (const { name, options, fn, errorType, description } of exits) {
    it(`that is ${name} has one span and a duration that equals it`, async () => {
      const run = observedRun();
      await run.execute(() => fn(run), options).catch(() => undefined);
      expect(kit().span().ended).toBe(true);
      expect(kit().span().attributes['error.type']).toBe(errorType);
      expect(kit().span().status).toEqual(
        errorType === undefined
          ? { code: SpanStatusCode.UNSET }
          : { code: SpanStatusCode.ERROR, message: description },
      );
      const [duration, ...others] = await kit().durations();
      expect(others).toEqual([]);
      expect(duration).toMatchObject({ count: 1, sum: seconds(kit().span().duration) });
      expect(duration!.attributes).toEqual(errorType === undefined ? {} : { 'error.type': errorType });
    });
  }

  it('has its span active, in what it starts as well', async () => {
    const run = observedRun();
    await run.execute(async () => {
      await sleep(1);
      kit().tracer.startSpan('chat gpt-5').end();
    });
    const [chat, invoke] = kit().spans();
    expect(invoke!.name).toBe('invoke_agent');
    expect(chat!.parentSpanContext).toEqual(invoke!.spanContext());
  });

  it('has its span active where a listener started it', async () => {
    const run = observedRun();
    const settled = new Promise((resolve) => {
      run.once('turnIncremented', () => {
        resolve(run.execute(() => kit().tracer.startSpan('chat gpt-5').end()));
      });
    });
    run.incrementTurn();
    await settled;
    const [chat, invoke] = kit().spans();
    expect(chat!.parentSpanContext).toEqual(invoke!.spanContext());
    expect(kit().spans()).toHaveLength(2);
  });

  it('that a listener starts and a signal has cancelled already has its span', async () => {
    const run = observedRun();
    const settled = new Promise((resolve) => {
      run.once('turnIncremented', () => {
        resolve(run.execute(() => undefined, { signal: AbortSignal.abort() }));
      });
    });
    run.incrementTurn();
    await expect(settled).rejects.toThrow(RunError);
    expect(kit().span().attributes['error.type']).toBe('cancelled');
  });

  it('has no span active after it', async () => {
    await observedRun().execute(() => undefined);
    expect(trace.getSpan(context.active())).toBeUndefined();
  });

  it('keeps the usage that is reported on the way out of a cancel, and the end where it was', async () => {
    const run = observedRun();
    let reportedMs = 0;
    const settled = run.execute(async ({ signal }) => {
      await once(signal, 'abort');
      await sleep(5);
      reportedMs = Date.now();
      run.updateTokenUsage({ input_tokens: 7, output_tokens: 3 });
    });
    run.cancel();
    await expect(settled).rejects.toThrow(RunError);
    expect(kit().span().attributes).toMatchObject({
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 3,
    });
    expect(milliseconds(kit().span().endTime)).toBeLessThan(reportedMs);
  });

  it('of a run that completes inside ends its span at once', async () => {
    const run = observedRun();
    await run.execute(() => {
      run.setOutput({});
      expect(kit().spans()).toHaveLength(1);
    });
    expect(kit().spans()).toHaveLength(1);
  });

  it('that is stopped being observed on the way out ends its span once', async () => {
    const run = newRun();
    const stop = kit().telemetry.observe(run);
    const settled = run.execute(({ signal }) => once(signal, 'abort'));
    run.cancel('Enough');
    stop();
    await expect(settled).rejects.toThrow('Enough');
    expect(kit().span().status.message).toBe('Enough');
  });

  it('observed from inside has its span, which is active in the next one only', async () => {
    const run = newRun();
    await run.execute(() => {
      kit().telemetry.observe(run);
    });
    expect(kit().spans()).toHaveLength(1);
  });
});

describe('the parent of a span', () => {
  const inside = <Result>(name: string, fn: () => Result): Result =>
    kit().tracer.startActiveSpan(name, (span) => {
      const result = fn();
      span.end();
      return result;
    });
  const named = (name: string) =>
    kit()
      .spans()
      .find((span) => span.name === name)!;
  const parentOf = (name: string) => named(name).parentSpanContext?.spanId;

  it('is the span that was active when the run started', () => {
    const run = inside('request', () => observedRun());
    inside('job', () => run.updateStatus('running'));
    run.setOutput({});
    expect(parentOf('invoke_agent')).toBe(named('job').spanContext().spanId);
  });

  it('is the span that was active when the run was observed, where none was when it started', () => {
    const run = inside('request', () => observedRun());
    run.updateStatus('running').setOutput({});
    expect(parentOf('invoke_agent')).toBe(named('request').spanContext().spanId);
  });

  it('is the span that was active when a running run was observed', () => {
    const run = newRun().updateStatus('running');
    inside('request', () => kit().telemetry.observe(run));
    run.setOutput({});
    expect(parentOf('invoke_agent')).toBe(named('request').spanContext().spanId);
  });

  it('of a run that ends without having started is not whoever ended it', () => {
    const run = inside('request', () => observedRun());
    inside('cancel', () => run.cancel());
    expect(parentOf('invoke_agent')).toBe(named('request').spanContext().spanId);
  });

  const child = (parent: AnyRun, name: string): Run => parent.createChild({ metadata: { agent_name: name } });

  it("is the parent run's span, inside and outside of execute", async () => {
    const run = observedRun();
    await run.execute(async () => {
      const sub = child(run, 'inside');
      kit().telemetry.observe(sub);
      await kit().tracer.startActiveSpan('execute_tool ask', async (tool) => {
        await sub.execute(() => ({}));
        tool.end();
      });
    });
    expect(parentOf('invoke_agent inside')).toBe(named('invoke_agent').spanContext().spanId);
  });

  it('is the span of another telemetry where that one observes the parent', () => {
    const run = observedRun();
    run.updateStatus('running');
    const sub = child(run, 'researcher');
    new RunTelemetry({ tracer: kit().tracer, meter: kit().meter }).observe(sub);
    sub.updateStatus('running').setOutput({});
    run.setOutput({});
    expect(parentOf('invoke_agent researcher')).toBe(named('invoke_agent').spanContext().spanId);
  });

  it('is the span of the same telemetry where several observe the parent', async () => {
    const other = startTelemetry();
    const run = newRun();
    for (const { telemetry } of [other, kit()]) telemetry.observe(run);
    run.updateStatus('running');
    const sub = child(run, 'sub');
    for (const { telemetry } of [kit(), other]) telemetry.observe(sub);
    sub.updateStatus('running').setOutput({});
    run.setOutput({});
    for (const { spans } of [kit(), other]) {
      const [inner, outer] = spans();
      expect(inner!.parentSpanContext?.spanId).toBe(outer!.spanContext().spanId);
    }
    await other.shutdown();
  });

  it('is the newer of two spans, where two copies of the parent are observed', () => {
    const run = observedRun();
    const copy = Run.fromJSON(run.updateStatus('running').toJSON());
    kit().telemetry.observe(copy);
    run.setOutput({});
    const sub = child(copy, 'sub');
    kit().telemetry.observe(sub);
    sub.updateStatus('running').setOutput({});
    copy.setOutput({});
    const [, inner, outer] = kit().spans();
    expect(inner!.parentSpanContext?.spanId).toBe(outer!.spanContext().spanId);
  });

  it('is kept for children that end with their parent', () => {
    const run = observedRun();
    run.updateStatus('running');
    const [started, waiting] = [child(run, 'started'), child(run, 'waiting')];
    kit().telemetry.observe(started);
    kit().telemetry.observe(waiting);
    started.updateStatus('running');
    run.cancel();
    const { spanId } = named('invoke_agent').spanContext();
    expect(parentOf('invoke_agent started')).toBe(spanId);
    expect(parentOf('invoke_agent waiting')).toBe(spanId);
  });
});
