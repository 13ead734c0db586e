import type { Counter, Histogram, Meter, MeterProvider } from '@opentelemetry/api';
import { metrics } from '@opentelemetry/api';
import {
  INFERENCE_CACHE_READ_TOKENS,
  INFERENCE_CACHE_WRITE_TOKENS,
  INFERENCE_INPUT_TOKENS,
  INFERENCE_OUTPUT_TOKENS,
  INFERENCE_REASONING_TOKENS,
  INSTRUMENTATION_NAME,
  INVOKE_AGENT_CALLS_BOUNDARIES,
  INVOKE_AGENT_DURATION,
  INVOKE_AGENT_INFERENCE_CALLS,
  INVOKE_AGENT_TOOL_CALLS,
  INVOKE_AGENT_DURATION_BOUNDARIES,
} from './names';

/**
 * Instruments of one meter, or of the global provider that is registered when they are asked for: the
 * API's global meter, unlike its tracer, does not follow a provider that is registered later.
 */
export class InstrumentSource<Instruments> {
  readonly #meter: Meter | undefined;
  readonly #create: (meter: Meter) => Instruments;
  #provider: MeterProvider | null = null;
  #instruments: Instruments | null = null;

  constructor(meter: Meter | undefined, create: (meter: Meter) => Instruments) {
    this.#meter = meter;
    this.#create = create;
  }

  get(): Instruments {
    const provider = this.#meter === undefined ? metrics.getMeterProvider() : null;
    if (this.#instruments === null || provider !== this.#provider) {
      this.#instruments = this.#create(this.#meter ?? metrics.getMeter(INSTRUMENTATION_NAME));
      this.#provider = provider;
    }
    return this.#instruments;
  }
}

/** How long runs took, in seconds. */
export function createDuration(meter: Meter): Histogram {
  return meter.createHistogram(INVOKE_AGENT_DURATION, {
    description: 'How long an agent took.',
    unit: 's',
    advice: { explicitBucketBoundaries: [...INVOKE_AGENT_DURATION_BOUNDARIES] },
  });
}

/** How many calls runs made. */
export interface CallHistograms {
  readonly inferenceCalls: Histogram;
  readonly toolCalls: Histogram;
}

export function createCallHistograms(meter: Meter): CallHistograms {
  const advice = { explicitBucketBoundaries: [...INVOKE_AGENT_CALLS_BOUNDARIES] };
  return {
    inferenceCalls: meter.createHistogram(INVOKE_AGENT_INFERENCE_CALLS, {
      description: 'How many model calls an agent made.',
      unit: '{call}',
      advice,
    }),
    toolCalls: meter.createHistogram(INVOKE_AGENT_TOOL_CALLS, {
      description: 'How many tool calls an agent made.',
      unit: '{call}',
      advice,
    }),
  };
}

/** The OpenTelemetry counter for each counter of a run's usage. */
export type TokenCounters = ReadonlyMap<string, Counter>;

/** The counters of a run's usage that become metrics, each with its metric's name and description. */
const TOLD_COUNTERS: readonly (readonly [counter: string, name: string, description: string])[] = [
  ['input_tokens', INFERENCE_INPUT_TOKENS, 'Tokens that went in, cached ones included.'],
  ['output_tokens', INFERENCE_OUTPUT_TOKENS, 'Tokens that came out, reasoning included.'],
  ['cache_read_tokens', INFERENCE_CACHE_READ_TOKENS, 'Input tokens that a cache had.'],
  ['cache_write_tokens', INFERENCE_CACHE_WRITE_TOKENS, 'Input tokens that were written to a cache.'],
  ['reasoning_tokens', INFERENCE_REASONING_TOKENS, 'Output tokens of reasoning.'],
];

export function createTokenCounters(meter: Meter): TokenCounters {
  return new Map(
    TOLD_COUNTERS.map(([counter, name, description]) => [
      counter,
      meter.createCounter(name, { description, unit: '{token}' }),
    ]),
  );
}
