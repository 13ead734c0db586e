import type { SpanContext } from '@opentelemetry/api';
import { createTraceState, isSpanContextValid } from '@opentelemetry/api';
import type { TraceContext } from '../record/trace-context';

/** `version-traceid-parentid-flags`; https://www.w3.org/TR/trace-context/#traceparent-header (2021-11-23). */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** The context of a span as its run keeps it; null for a span outside of any trace. */
export function traceContextOf(span: SpanContext): TraceContext | null {
  if (!isSpanContextValid(span)) return null;
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  const traceparent = `00-${span.traceId}-${span.spanId}-${flags}`;
  const tracestate = span.traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}

/** The span that a kept context names, of whatever process; null where it names none. */
export function remoteSpanOf(kept: TraceContext | null): SpanContext | null {
  const { traceparent, tracestate } = (kept ?? {}) as Partial<Record<keyof TraceContext, unknown>>;
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return null;
  const span = {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    traceFlags: Number.parseInt(traceparent.slice(53, 55), 16),
    isRemote: true,
  };
  if (!isSpanContextValid(span)) return null;
  return typeof tracestate === 'string' ? { ...span, traceState: createTraceState(tracestate) } : span;
}
