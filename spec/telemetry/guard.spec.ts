import type { Context, ContextManager, Meter, Span, Tracer } from '@opentelemetry/api';
import { context, diag, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { AnyRun } from 'agent-run';
import { Run, RunError } from 'agent-run';
import { RunTelemetry } from 'agent-run/telemetry';
import { callWithin } from '../../lib/telemetry/guard';
import { startTelemetry, useDiagnostics } from './kit';

const diagnostics = useDiagnostics();

/** An object each of whose methods throws. */
function broken(name: string): object {
  return new Proxy(
    {},
    {
      get: (_target, member) => {
        throw new Error(`${name}.${String(member)}`);
      },
    },
  );
}

const brokenTracer = broken('tracer') as Tracer;
const brokenMeter = broken('meter') as Meter;
const tracerOfBrokenSpans = { startSpan: () => broken('span') as Span } as unknown as Tracer;
const tracerOfNothing = { startSpan: () => undefined } as unknown as Tracer;

type Calling = (fn: () => unknown) => unknown;

function contextManager(active: () => Context, calling: Calling): ContextManager {
  const manager = {
    active,
    with: (_context: Context, fn: () => unknown) => calling(fn),
    bind: (_context: Context, target: unknown) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager as unknown as ContextManager;
}

function fail(): never {
  throw new Error('broken');
}

const brokenManagers = {
  'throws at everything': contextManager(fail, fail),
  'throws after the call': contextManager(
    () => ROOT_CONTEXT,
    (fn) => {
      fn();
      fail();
    },
  ),
  'calls nothing': contextManager(
    () => ROOT_CONTEXT,
    () => undefined,
  ),
  'calls twice': contextManager(
    () => ROOT_CONTEXT,
    (fn) => [fn(), fn()],
  ),
};

/** What a run goes through, ended in the way that is asked for. */
async function lived(run: AnyRun, end: (run: AnyRun) => unknown): Promise<unknown> {
  const settled = run.execute(
    async () => {
      run.incrementTurn().updateTokenUsage({ input_tokens: 1, output_tokens: 1 });
      const child = run.createChild();
      await child.execute(() => ({}));
      run.addCost(1);
      return end(run);
    },
    { graceMs: 1 },
  );
  return settled.catch((error: unknown) => error);
}

const ends: Readonly<Record<string, (run: AnyRun) => unknown>> = {
  completed: () => ({ response: 'Hello!' }),
  failed: () => {
    throw new Error('no');
  },
  cancelled: (run) => {
    run.cancel();
  },
};

describe('a run under broken telemetry', () => {
  for (const [name, tracer] of Object.entries({ brokenTracer, tracerOfBrokenSpans, tracerOfNothing })) {
    for (const [status, end] of Object.entries(ends)) {
      it(`is ${status} all the same (${name})`, async () => {
        const options = { captureContent: true, recordTokenMetrics: true };
        const telemetry = new RunTelemetry({ tracer, meter: brokenMeter, ...options });
        const errors: unknown[] = [];
        const run = new Run({ sessionId: 'session-123', input: { prompt: 'Hi' } });
        run.on('listenerError', ({ error }) => errors.push(error));
        const stop = telemetry.observe(run);
        const plain = new Run({ sessionId: 'session-123' });

        const result = await lived(run, end);
        expect(result).toEqual(await lived(plain, end));
        stop();
        expect(run.status).toBe(status);
        expect(errors).toEqual([]);
        expect(diagnostics.length).toBeGreaterThan(0);
        expect(diagnostics.every((message) => message.startsWith('agent-run: '))).toBe(true);
      });
    }

    it(`may have ended before it is observed (${name})`, () => {
      const run = new Run({ sessionId: 'session-123' }).setOutput({});
      new RunTelemetry({ tracer, meter: brokenMeter, captureContent: true }).observe(run)();
      expect(run.status).toBe('completed');
    });
  }

  it('has its span where only the meter is broken', () => {
    const kit = startTelemetry();
    const run = new Run({ sessionId: 'session-123' });
    new RunTelemetry({ tracer: kit.tracer, meter: brokenMeter }).observe(run);
    run.setOutput({});
    expect(kit.span().ended).toBe(true);
  });

  it('has its duration where only the tracer is broken', async () => {
    const kit = startTelemetry();
    const run = new Run({ sessionId: 'session-123' });
    new RunTelemetry({ tracer: brokenTracer, meter: kit.meter }).observe(run);
    run.setOutput({});
    expect(await kit.durations()).toMatchObject([{ count: 1 }]);
  });

  for (const [name, manager] of Object.entries(brokenManagers)) {
    it(`is executed once under a context manager that ${name}`, async () => {
      context.setGlobalContextManager(manager);
      const kit = startTelemetry();
      const run = new Run({ sessionId: 'session-123' });
      kit.telemetry.observe(run);
      const fn = jest.fn(() => ({ response: 'Hello!' }));
      const output = await run.execute(fn);
      context.disable();
      expect(output).toEqual({ response: 'Hello!' });
      expect(fn).toHaveBeenCalledTimes(1);
    });
  }

  it('has the spans of its function below the span above where it has none', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const kit = startTelemetry();
    const run = new Run({ sessionId: 'session-123' });
    new RunTelemetry({ tracer: brokenTracer }).observe(run);
    await kit.tracer.startActiveSpan('request', async (request) => {
      await run.execute(() => {
        kit.tracer.startSpan('chat gpt-5').end();
      });
      request.end();
    });
    context.disable();
    const [chat, request] = kit.spans();
    expect(chat!.parentSpanContext?.spanId).toBe(request!.spanContext().spanId);
  });

  it('survives listeners that throw at what telemetry keeps with it', () => {
    const kit = startTelemetry();
    const run = new Run({ sessionId: 'session-123' });
    const heard: unknown[] = [];
    run.on('attributesChanged', () => {
      throw new Error('listener');
    });
    run.on('listenerError', ({ error }) => heard.push(error));
    kit.telemetry.observe(run);
    run.updateStatus('running').setOutput({});
    expect(heard).toHaveLength(1);
    expect(kit.span().ended).toBe(true);
  });

  it('survives a diag logger that throws', () => {
    const failing = { error: fail, warn: fail, info: () => undefined, debug: () => undefined };
    diag.setLogger({ ...failing, verbose: failing.debug }, { suppressOverrideMessage: true });
    const run = new Run({ sessionId: 'session-123' });
    expect(() => new RunTelemetry({ tracer: brokenTracer }).observe(run)).not.toThrow();
    expect(() => run.setOutput({})).not.toThrow();
    diag.disable();
  });
});

describe('callWithin()', () => {
  it('throws what the function throws', () => {
    const fn = jest.fn(() => {
      throw new RunError('conflict', 'no');
    });
    expect(() => callWithin(ROOT_CONTEXT, fn)).toThrow(RunError);
    expect(fn).toHaveBeenCalledTimes(1);
  });
});

describe('the global providers', () => {
  afterEach(() => {
    trace.disable();
    metrics.disable();
  });

  it('may be registered after the telemetry is made', async () => {
    const telemetry = new RunTelemetry();
    const early = new Run({ sessionId: 'session-123' });
    telemetry.observe(early);
    early.setOutput({});

    const kit = startTelemetry();
    trace.setGlobalTracerProvider({ getTracer: () => kit.tracer });
    metrics.setGlobalMeterProvider({ getMeter: () => kit.meter });
    const run = new Run({ sessionId: 'session-123' });
    telemetry.observe(run);
    run.setOutput({});
    expect(kit.span().attributes['agent_run.id']).toBe(run.id);
    expect(await kit.durations()).toMatchObject([{ count: 1 }]);
    expect(diagnostics).toEqual([]);
  });

  it('may be missing: runs go on, and keep no trace context', async () => {
    const run = new Run({ sessionId: 'session-123' });
    new RunTelemetry({ recordTokenMetrics: true }).observe(run);
    await run.execute(() => {
      run.updateTokenUsage({ input_tokens: 1 });
    });
    expect(run.toJSON()).not.toHaveProperty('trace_context');
    expect(diagnostics).toEqual([]);
  });
});
