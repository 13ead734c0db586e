import type { Meter, Tracer } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import type { AnyRun } from '../run';
import { ErrorTypes } from './error-type';
import type { TokenCounters } from './instruments';
import { createDuration, createTokenCounters, InstrumentSource } from './instruments';
import { INSTRUMENTATION_NAME } from './names';
import { RunObservation } from './run-observation';
import type { SpanSettings } from './run-span';
import { countTokens } from './token-metrics';

/** Where telemetry goes, and what it may say. */
export interface RunTelemetryOptions {
  /** @default the global provider's, whenever it is registered */
  readonly tracer?: Tracer | undefined;
  /** @default the global provider's, whenever it is registered */
  readonly meter?: Meter | undefined;
  /** The agent's name, of runs that have no `agent_name` in their metadata. @default none */
  readonly agentName?: string | undefined;
  /**
   * Whether spans carry the run's input and output. They are personal data, and as long as they are.
   * @default false
   */
  readonly captureContent?: boolean | undefined;
  /**
   * Whether tokens are counted as metrics. Only where the model's SDK does not do it: they would be
   * counted twice.
   * @default false
   */
  readonly recordTokenMetrics?: boolean | undefined;
}

/**
 * Makes an OpenTelemetry span and a duration of every run that it observes.
 *
 * It only listens. Whatever a tracer, a meter or an exporter throws stays here and goes to
 * OpenTelemetry's `diag` logger; the run goes on as if nobody watched. Without a registered SDK it does
 * nothing.
 *
 * @example
 * ```ts
 * const telemetry = new RunTelemetry({ agentName: 'researcher' });
 * const run = new Run({ sessionId: 'session-123', input: { prompt: 'Hi' } });
 * telemetry.observe(run);
 * await run.execute(async ({ signal }) => answer(signal));
 * ```
 */
export class RunTelemetry {
  readonly #settings: SpanSettings;
  readonly #tokenCounters: InstrumentSource<TokenCounters> | null;
  readonly #observed = new WeakMap<AnyRun, () => void>();

  constructor(options: RunTelemetryOptions = {}) {
    const { tracer, meter, agentName, captureContent = false, recordTokenMetrics = false } = options;
    this.#settings = {
      tracer: () => tracer ?? trace.getTracer(INSTRUMENTATION_NAME),
      agentName,
      captureContent,
      duration: new InstrumentSource(meter, createDuration),
      errorTypes: new ErrorTypes(),
    };
    this.#tokenCounters = recordTokenMetrics ? new InstrumentSource(meter, createTokenCounters) : null;
  }

  /**
   * Makes one span of the run, kind INTERNAL, named `invoke_agent` and the agent's name, and records how
   * long it took. In the function of `execute` the span is the active one, so that the spans of model
   * SDKs become its children.
   *
   * - A pending run's span begins when the run starts, a running one's here. A run that ends without
   *   having started has a span from here to its end, one that has ended already from its `startedAt` to
   *   its `endedAt`: observe what a store recovered, not what it merely read.
   * - The span's parent is the span of the parent run, else the one that is active when the run starts,
   *   else the one that is active here.
   * - The run keeps its place in the trace (`trace_context` in its JSON). Where it is observed again in
   *   another trace, that span links back to this one.
   * - Observing a run that is observed already, or was to its end, does nothing.
   *
   * @returns a function that stops. A span that is open then ends, and no duration is recorded.
   */
  observe(run: AnyRun): () => void {
    const known = this.#observed.get(run);
    if (known !== undefined) return known;
    const stopCounting = this.#tokenCounters === null ? null : countTokens(run, this.#tokenCounters);
    const observation = new RunObservation(run, this.#settings);
    const stop = (): void => {
      observation.stop();
      stopCounting?.();
      if (!run.isTerminal) this.#observed.delete(run);
    };
    this.#observed.set(run, stop);
    observation.start();
    return stop;
  }
}
