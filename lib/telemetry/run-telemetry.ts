import type { Meter, Tracer } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import type { RunAttachment } from '../attachment';
import { portOf } from '../attachment';
import { refuseUnknown } from '../record/options';
import type { AnyRun } from '../run';
import { ErrorTypes } from './error-type';
import type { TokenCounters } from './instruments';
import { createCallHistograms, createDuration, createTokenCounters, InstrumentSource } from './instruments';
import { INSTRUMENTATION_NAME } from './names';
import { RunObservation } from './run-observation';
import type { SpanSettings } from './run-span';
import { TokenCount } from './token-metrics';

const OPTIONS = [
  'tracer',
  'meter',
  'agentName',
  'captureContent',
  'usageOnSpan',
  'toolSpans',
  'recordTokenMetrics',
] as const satisfies readonly (keyof RunTelemetryOptions)[];

const OBSERVE_OPTIONS = ['children'] as const satisfies readonly (keyof ObserveOptions)[];

const CHILDREN: NonNullable<RunAttachment['changes']> = new Set(['childCreated'] as const);
const USAGE_AND_CHILDREN: NonNullable<RunAttachment['changes']> = new Set([
  'childCreated',
  'usageUpdated',
] as const);

const NOTHING = (): void => undefined;

/** How a run is observed. */
export interface ObserveOptions {
  /** Whether the run's children are observed from the moment they are made, and theirs. @default true */
  readonly children?: boolean | undefined;
}

/** Where telemetry goes, and what it may say. */
export interface RunTelemetryOptions {
  /** A tracer of `@opentelemetry/api`. @default the global provider's, whenever it is registered */
  readonly tracer?:
    | {
        /** Starts a span. */
        startSpan(name: string, options?: object, context?: object): object;
      }
    | undefined;
  /** A meter of `@opentelemetry/api`. @default the global provider's, whenever it is registered */
  readonly meter?:
    | {
        /** Makes a histogram. */
        createHistogram(name: string, options?: object): object;
      }
    | undefined;
  /** The agent's name, of runs that have no `agent_name` in their metadata. @default none */
  readonly agentName?: string | undefined;
  /**
   * Whether spans carry the run's input and output. They are personal data, and as long as they are.
   * @default false
   */
  readonly captureContent?: boolean | undefined;
  /**
   * Whether spans carry the tokens of their runs. Not where the model SDK has a span of the agent with
   * summed usage of its own: backends that add spans up would double the cost.
   * @default true
   */
  readonly usageOnSpan?: boolean | undefined;
  /**
   * Whether steps of kind `tool` have spans. Not where a framework makes them.
   * @default true
   */
  readonly toolSpans?: boolean | undefined;
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

  /** @throws {RunError} `validation_error` for an unknown option. */
  constructor(options: RunTelemetryOptions = {}) {
    refuseUnknown(options, OPTIONS, 'options of RunTelemetry');
    const { agentName } = options;
    // By structure in the declarations, which have to compile where OpenTelemetry is not installed.
    const { tracer, meter } = options as { readonly tracer?: Tracer; readonly meter?: Meter };
    const {
      captureContent = false,
      usageOnSpan = true,
      toolSpans = true,
      recordTokenMetrics = false,
    } = options;
    this.#settings = {
      tracer: () => tracer ?? trace.getTracer(INSTRUMENTATION_NAME),
      agentName,
      captureContent,
      usageOnSpan,
      toolSpans,
      duration: new InstrumentSource(meter, createDuration),
      calls: new InstrumentSource(meter, createCallHistograms),
      errorTypes: new ErrorTypes(),
    };
    this.#tokenCounters = recordTokenMetrics ? new InstrumentSource(meter, createTokenCounters) : null;
  }

  /**
   * Makes one span of the run, kind INTERNAL, named `invoke_agent` and the agent's name, and records how
   * long it took and how many calls it made. In the function of `execute` the span is the active one, so
   * that the spans of model SDKs become its children; steps have spans of their own below it.
   *
   * - A pending run's span begins when the run starts, a running one's here. A run that ends without
   *   having started has a span from here to its end, one that has ended already from its `startedAt` to
   *   its `endedAt`: observe what a store recovered, not what it merely read.
   * - The span of a run that parks ends there, without an error; the execution that goes on has a span of
   *   its own, linked to it. Each tells what was used in it.
   * - The span's parent is the span of the parent run, else the one that is active when the run starts,
   *   else the one that is active here.
   * - The run keeps its place in the trace (`trace_context` in its JSON). Where it is observed again in
   *   another trace, that span links back to this one.
   * - Children that the run makes from here on are observed too, unless declined.
   * - Observing a run that is observed already, or was to its end, does nothing.
   *
   * @returns a function that stops. A span that is open then ends, and no metrics are recorded.
   * @throws {RunError} `validation_error` for an unknown option.
   */
  observe(run: AnyRun, options: ObserveOptions = {}): () => void {
    refuseUnknown(options, OBSERVE_OPTIONS, 'options of observe');
    const known = this.#observed.get(run);
    if (known !== undefined) return known;
    const observation = new RunObservation(run, this.#settings);
    const stopFollowing = run.isTerminal ? NOTHING : this.#follow(run, options.children ?? true);
    const stop = (): void => {
      observation.stop();
      stopFollowing();
      if (!run.isTerminal) this.#observed.delete(run);
    };
    this.#observed.set(run, stop);
    observation.start();
    return stop;
  }

  /** Counts the run's tokens, after its end too, and observes the children that it makes. */
  #follow(run: AnyRun, children: boolean): () => void {
    const tokens = this.#tokenCounters === null ? null : new TokenCount(run, this.#tokenCounters);
    if (tokens === null && !children) return NOTHING;
    return portOf(run).attach({
      changes: tokens === null ? CHILDREN : USAGE_AND_CHILDREN,
      changed: (name, event) => {
        if (name === 'usageUpdated') tokens?.update(event.tokenUsage);
        else if (name === 'childCreated' && children) this.observe(event.child);
      },
    });
  }
}
