/**
 * An OpenTelemetry span with the same facts: turns and usage as events, the sums as attributes, payloads
 * as texts; written as the JSON of OTLP. It cannot be read back.
 */
import type { Span, Tracer } from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { AlwaysOnSampler, BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { Subject } from '../subject';
import { repeated } from '../subject';
import type { Keeper, Usage } from '../work';
import { INPUT, METADATA, mutate, SESSION_ID } from '../work';

interface Kept {
  readonly span: Span;
  readonly usage: Record<string, number>;
}

const tracer: Tracer = new BasicTracerProvider({ sampler: new AlwaysOnSampler() }).getTracer('bench');

const keeper: Keeper<Kept> = {
  create() {
    const attributes = {
      'gen_ai.conversation.id': SESSION_ID,
      'gen_ai.provider.name': 'openai',
      'gen_ai.input.messages': JSON.stringify(INPUT),
      'run.metadata': JSON.stringify(METADATA),
    };
    return { span: tracer.startSpan('invoke_agent', { attributes }), usage: {} };
  },
  start: ({ span }) => void span.addEvent('running'),
  turn: ({ span }) => void span.addEvent('turn'),
  use({ span, usage }, delta) {
    span.addEvent('usage', { ...delta });
    span.setAttributes(add(usage, delta));
  },
  finish({ span }, output) {
    span.setAttribute('gen_ai.output.messages', JSON.stringify(output));
    span.end();
  },
};

function add(usage: Record<string, number>, delta: Usage): Record<string, number> {
  for (const [counter, count] of Object.entries(delta) as [string, number][]) {
    usage[counter] = (usage[counter] ?? 0) + count;
  }
  return usage;
}

export function lifecycle(): Subject {
  return repeated(() =>
    JsonTraceSerializer.serializeRequest([mutate(keeper).span as unknown as ReadableSpan]),
  );
}
