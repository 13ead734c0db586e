/** Draws traces and metrics for people to read. */
import type { Attributes, HrTime } from '@opentelemetry/api';
import { SpanStatusCode } from '@opentelemetry/api';
import type { Histogram, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** A line for each span and each of its events, below the span that it is part of. */
export function traceLines(spans: readonly ReadableSpan[]): string[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const roots = spans.filter(
    ({ parentSpanContext: parent }) => parent === undefined || !ids.has(parent.spanId),
  );
  return roots.flatMap((root) => [describe(root), ...below(root, spans, '')]);
}

/** A line for each point of each metric. */
export function metricLines(collected: readonly ResourceMetrics[]): string[] {
  const all = collected.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  return all.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
    dataPoints.map(({ attributes, value }) => {
      const { count, sum = 0 } = value as Histogram;
      const facts = Object.entries(attributes).map(([key, fact]) => `${key}=${String(fact)}`);
      const total = unit === 's' ? `${sum.toFixed(3)} s` : `${sum} ${unit}`;
      return `${name} {${facts.join(', ')}} count ${count}, sum ${total}`;
    }),
  );
}

interface Entry {
  /** In whole milliseconds, as precisely as spans begin; an event comes before the span it leads to. */
  readonly timeMs: number;
  readonly text: string;
  readonly span?: ReadableSpan;
}

function below(span: ReadableSpan, spans: readonly ReadableSpan[], indent: string): string[] {
  const { spanId } = span.spanContext();
  const children = spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === spanId);
  const entries: Entry[] = [
    ...span.events.map(({ name, time, attributes }) => ({
      timeMs: wholeMs(time),
      text: `· ${name} ${String(attributes?.['agent_run.turn_count'])}${tokens(attributes)}`,
    })),
    ...children.map((child) => ({ timeMs: wholeMs(child.startTime), text: describe(child), span: child })),
  ].sort((one, other) => one.timeMs - other.timeMs);
  return entries.flatMap((entry, index) => {
    const isLast = index === entries.length - 1;
    const line = `${indent}${isLast ? '└─' : '├─'} ${entry.text}`;
    const inside = `${indent}${isLast ? '   ' : '│  '}`;
    return [line, ...(entry.span === undefined ? [] : below(entry.span, spans, inside))];
  });
}

function describe({ name, status, attributes, duration }: ReadableSpan): string {
  const failure = status.code === SpanStatusCode.ERROR ? ` ERROR ${String(attributes['error.type'])}` : '';
  return `${name}${failure}${facts(attributes)} ${wholeMs(duration)} ms`;
}

function wholeMs([seconds, nanos]: HrTime): number {
  return Math.floor(seconds * 1e3 + nanos / 1e6);
}

/** What a reader looks for first. */
function facts(attributes: Attributes): string {
  const { 'agent_run.turn_count': turns, 'agent_run.cost_usd': usd } = attributes;
  if (turns === undefined) return '';
  const cost = usd === undefined ? '' : `, $${String(usd)}`;
  return `, turns ${String(turns)}${tokens(attributes)}${cost},`;
}

function tokens(attributes: Attributes = {}): string {
  const { 'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': output } = attributes;
  return input === undefined ? '' : `, ${String(input)} tokens in, ${String(output ?? 0)} out`;
}
