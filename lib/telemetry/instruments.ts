import type { Counter, Histogram, Meter, MeterProvider } from '@opentelemetry/api';
import { metrics } from '@opentelemetry/api';
import {
  INFERENCE_INPUT_TOKENS,
  INFERENCE_OUTPUT_TOKENS,
  INSTRUMENTATION_NAME,
  INVOKE_AGENT_DURATION,
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

/** What runs used. */
export interface TokenCounters {
  readonly inputTokens: Counter;
  readonly outputTokens: Counter;
}

export function createTokenCounters(meter: Meter): TokenCounters {
  return {
    inputTokens: meter.createCounter(INFERENCE_INPUT_TOKENS, {
      description: 'Tokens that went in, cached ones included.',
      unit: '{token}',
    }),
    outputTokens: meter.createCounter(INFERENCE_OUTPUT_TOKENS, {
      description: 'Tokens that came out, reasoning included.',
      unit: '{token}',
    }),
  };
}
