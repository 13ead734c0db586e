import type { DiagLogger, HrTime, Meter, Tracer } from '@opentelemetry/api';
import { context, diag, DiagLogLevel } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { RunTelemetryOptions } from 'agent-run/telemetry';
import { RunTelemetry } from 'agent-run/telemetry';

/** A point of a metric, without what varies. */
export interface Point {
  readonly attributes: object;
  readonly value: unknown;
}

/** Telemetry that goes to memory through the real SDK. */
export interface TelemetryKit {
  readonly telemetry: RunTelemetry;
  readonly tracer: Tracer;
  readonly meter: Meter;
  /** The spans that have ended. */
  spans(): ReadableSpan[];
  /** The only span there is. */
  span(): ReadableSpan;
  /** The points of a metric so far. */
  points(name: string): Promise<Point[]>;
  /** The points of the duration histogram so far. */
  durations(): Promise<(Histogram & Pick<Point, 'attributes'>)[]>;
  shutdown(): Promise<unknown>;
}

export function startTelemetry(options: RunTelemetryOptions = {}): TelemetryKit {
  const exporter = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 3_600_000,
  });
  const meters = new MeterProvider({ readers: [reader] });
  const tracer = tracers.getTracer('spec');
  const meter = meters.getMeter('spec');

  const points = async (name: string): Promise<Point[]> => {
    metricExporter.reset();
    await reader.forceFlush();
    const found = metricExporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
      .filter(({ descriptor }) => descriptor.name === name);
    return found.flatMap(({ dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({ attributes, value })),
    );
  };

  return {
    telemetry: new RunTelemetry({ tracer, meter, ...options }),
    tracer,
    meter,
    spans: () => exporter.getFinishedSpans(),
    span: () => {
      const [span, ...others] = exporter.getFinishedSpans();
      expect(others.map(({ name }) => name)).toEqual([]);
      return span!;
    },
    points,
    durations: async () => {
      const found = await points('gen_ai.invoke_agent.duration');
      return found.map(({ attributes, value }) => ({ attributes, ...(value as Histogram) }));
    },
    shutdown: () => Promise.all([tracers.shutdown(), meters.shutdown()]),
  };
}

/** A kit for each test of this file, in which OpenTelemetry must have nothing to warn of. */
export function useTelemetry(): () => TelemetryKit {
  let kit: TelemetryKit;
  const diagnostics = useDiagnostics();
  useContextManager();
  beforeEach(() => {
    kit = startTelemetry();
  });
  afterEach(async () => {
    await kit.shutdown();
    expect(diagnostics).toEqual([]);
  });
  return () => kit;
}

/** Lets contexts follow promises and timers, as a Node service has it, for the tests of this file. */
export function useContextManager(): void {
  const manager = new AsyncLocalStorageContextManager();
  beforeAll(() => {
    context.setGlobalContextManager(manager.enable());
  });
  afterAll(() => {
    context.disable();
  });
}

/** Gathers what OpenTelemetry warns of, for the tests of this file. */
export function useDiagnostics(): string[] {
  const messages: string[] = [];
  const keep = (message: string): void => void messages.push(message);
  const logger: DiagLogger = { error: keep, warn: keep, info: keep, debug: keep, verbose: keep };
  beforeAll(() => {
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  });
  beforeEach(() => {
    messages.length = 0;
  });
  afterAll(() => {
    diag.disable();
  });
  return messages;
}

export function seconds([whole, nanos]: HrTime): number {
  return whole + nanos / 1e9;
}

export function milliseconds([whole, nanos]: HrTime): number {
  return whole * 1e3 + nanos / 1e6;
}
