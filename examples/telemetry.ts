/**
 * Traces a request that a planner and its sub-agents answer: spans and metrics on the console, and at a
 * collector as well where OTEL_EXPORTER_OTLP_ENDPOINT names one (http://localhost:4318).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { metrics, trace } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { AnyRun } from 'agent-run';
import { Run } from 'agent-run';
import { RunTelemetry } from 'agent-run/telemetry';
import { metricLines, traceLines } from './support/trace-view';

// What a service does once, at its start.
const spans = new InMemorySpanExporter();
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const sendsOn = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] !== undefined;
const tracers = new NodeTracerProvider({
  spanProcessors: [spans, ...(sendsOn ? [new OTLPTraceExporter()] : [])].map(
    (exporter) => new SimpleSpanProcessor(exporter),
  ),
});
const meters = new MeterProvider({
  readers: [measured, ...(sendsOn ? [new OTLPMetricExporter()] : [])].map(
    (exporter) => new PeriodicExportingMetricReader({ exporter }),
  ),
});
tracers.register();
metrics.setGlobalMeterProvider(meters);

const telemetry = new RunTelemetry();
const tracer = trace.getTracer('example');

/** The client of a model that traces its calls, as many do. */
async function callModel(run: AnyRun, model: string, signal: AbortSignal): Promise<void> {
  await tracer.startActiveSpan(`chat ${model}`, async (span) => {
    await sleep(20, undefined, { signal }).finally(() => span.end());
  });
  run.updateTokenUsage({ input_tokens: 700, output_tokens: 40, requests: 1 }).addCost(0.0013);
}

/** Has a sub-agent think it over, each time with another call. */
async function askAgent(planner: AnyRun, name: string, calls: number): Promise<void> {
  const run = planner.createChild({ metadata: { agent_name: name }, limits: { maxTurns: 2 } });
  await run.execute(async ({ signal }) => {
    for (let call = 0; call < calls; call++) {
      run.checkLimits();
      run.incrementTurn();
      await callModel(run, 'gpt-5-mini', signal);
    }
  });
}

/** A tool that the planner calls: a step of its run. */
async function search(run: AnyRun, query: string): Promise<number> {
  return run.step('search', async ({ signal }) => {
    await sleep(10, undefined, { signal });
    return query.length;
  });
}

/** What the service does for each request. The sub-agents' runs are observed from when they are made. */
async function answer(): Promise<void> {
  const run = new Run({ sessionId: 'session-123', metadata: { agent_name: 'planner' } });
  telemetry.observe(run);
  await run.execute(async ({ signal }) => {
    run.incrementTurn();
    await callModel(run, 'gpt-5', signal);
    await search(run, 'boats');
    await askAgent(run, 'researcher', 1);
    await askAgent(run, 'critic', 100).catch((error: unknown) => console.log(`critic: ${String(error)}\n`));
    run.incrementTurn();
    await callModel(run, 'gpt-5', signal);
    return { response: 'Hello!' };
  });
}

async function main(): Promise<void> {
  await tracer.startActiveSpan('POST /answer', (request) => answer().finally(() => request.end()));
  await tracers.forceFlush();
  await meters.forceFlush();
  for (const line of traceLines(spans.getFinishedSpans())) console.log(line);
  console.log();
  for (const line of metricLines(measured.getMetrics())) console.log(line);
  await Promise.all([tracers.shutdown(), meters.shutdown()]);
}

void main();

// Prints:
// critic: RunError: Limit maxTurns used up: 2 of 2
//
// POST /answer 128 ms
// └─ invoke_agent planner, turns 2, 1400 tokens in, 80 out, $0.0026, 124 ms
//    ├─ · agent_run.turn 1, 700 tokens in, 40 out
//    ├─ chat gpt-5 20 ms
//    ├─ execute_tool search 10 ms
//    ├─ invoke_agent researcher, turns 1, 700 tokens in, 40 out, $0.0013, 22 ms
//    │  ├─ · agent_run.turn 1, 700 tokens in, 40 out
//    │  └─ chat gpt-5-mini 20 ms
//    ├─ invoke_agent critic ERROR limit_exceeded, turns 2, 1400 tokens in, 80 out, $0.0026, 43 ms
//    │  ├─ · agent_run.turn 1, 700 tokens in, 40 out
//    │  ├─ chat gpt-5-mini 20 ms
//    │  ├─ · agent_run.turn 2, 700 tokens in, 40 out
//    │  └─ chat gpt-5-mini 20 ms
//    ├─ · agent_run.turn 2, 700 tokens in, 40 out
//    └─ chat gpt-5 19 ms
//
// gen_ai.invoke_agent.duration {gen_ai.agent.name=researcher} count 1, sum 0.022 s
// gen_ai.invoke_agent.duration {gen_ai.agent.name=critic, error.type=limit_exceeded} count 1, sum 0.043 s
// gen_ai.invoke_agent.duration {gen_ai.agent.name=planner} count 1, sum 0.124 s
// gen_ai.invoke_agent.inference_calls {gen_ai.agent.name=researcher} count 1, sum 1 {call}
// gen_ai.invoke_agent.inference_calls {gen_ai.agent.name=critic, error.type=limit_exceeded} count 1, sum 2 {call}
// gen_ai.invoke_agent.inference_calls {gen_ai.agent.name=planner} count 1, sum 2 {call}
// gen_ai.invoke_agent.tool_calls {gen_ai.agent.name=researcher} count 1, sum 0 {call}
// gen_ai.invoke_agent.tool_calls {gen_ai.agent.name=critic, error.type=limit_exceeded} count 1, sum 0 {call}
// gen_ai.invoke_agent.tool_calls {gen_ai.agent.name=planner} count 1, sum 1 {call}
