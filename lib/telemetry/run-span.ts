import type { Context, Histogram, HrTime, Link, Span, Tracer } from '@opentelemetry/api';
import { INVALID_SPAN_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { AnyRun } from '../run';
import type { Sums } from './attributes';
import {
  agentNameOf,
  countSince,
  endAttributes,
  inputContent,
  metricAttributes,
  outputContent,
  startAttributes,
  usageAttributes,
} from './attributes';
import type { ErrorTypes } from './error-type';
import { activeContext, callWithin, guarded } from './guard';
import type { CallHistograms, InstrumentSource } from './instruments';
import { rememberSpan } from './live-spans';
import { OPERATION_INVOKE_AGENT, TURN_EVENT } from './names';
import { secondsBetween } from './stopwatch';
import { remoteSpanOf, traceContextOf } from './trace-context';
import type { Turn } from './turn-log';

/** What the spans of one telemetry have in common. */
export interface SpanSettings {
  readonly tracer: () => Tracer;
  readonly agentName: string | undefined;
  readonly captureContent: boolean;
  readonly usageOnSpan: boolean;
  readonly toolSpans: boolean;
  readonly duration: InstrumentSource<Histogram>;
  readonly calls: InstrumentSource<CallHistograms>;
  readonly errorTypes: ErrorTypes;
}

/** How a span begins. */
export interface SpanStart {
  readonly time: HrTime;
  /** The context with the span that this one is a child of. */
  readonly parent: Context;
  /** What earlier spans of the run have reported. */
  readonly told: Sums;
  /** Whether the run goes on after a wait: the span then links to the one before, in whatever trace. */
  readonly goesOn: boolean;
}

/** How a span ends. */
export interface SpanEnd {
  readonly time: HrTime;
  readonly turns: readonly Turn[];
  /** The tool calls within the span; null where nobody counted. */
  readonly toolCalls: number | null;
  /** Whether the execution is over, and metrics are recorded. */
  readonly isOver: boolean;
}

/** The span of a run, from its start to its one end. Nothing here throws. */
export class RunSpan {
  readonly #run: AnyRun;
  readonly #settings: SpanSettings;
  readonly #agentName: string | undefined;
  readonly #start: SpanStart;
  readonly #span: Span;
  readonly #forget: () => void;

  constructor(run: AnyRun, settings: SpanSettings, start: SpanStart) {
    this.#run = run;
    this.#settings = settings;
    this.#start = start;
    this.#agentName = agentNameOf(run, settings.agentName);
    this.#span = guarded('starting a span', () => this.#open()) ?? standIn(start.parent);
    this.#forget = rememberSpan(run.id, settings, this.#span);
  }

  /** The context for children of the span. */
  get context(): Context {
    return trace.setSpan(this.#start.parent, this.#span);
  }

  /** Keeps the span with its run, so that whoever goes on with the run elsewhere can link to it. */
  keepWithRun(): void {
    guarded('keeping the trace context', () => {
      const kept = traceContextOf(this.#span.spanContext());
      if (kept !== null) this.#run.traceContext = kept;
    });
  }

  /** Calls the function with the span active. */
  activate<Result>(fn: () => Result): Result {
    return callWithin(trace.setSpan(activeContext(), this.#span), fn);
  }

  /** Ends the span, and records the metrics of an execution that is over. */
  end(end: SpanEnd): void {
    const errorType = this.#settings.errorTypes.of(this.#run);
    this.#forget();
    guarded('describing a span', () => {
      this.#describe(end.turns, errorType);
    });
    if (errorType !== undefined) {
      guarded('setting the status of a span', () => {
        this.#span.setStatus({ code: SpanStatusCode.ERROR, message: descriptionOf(this.#run) });
      });
    }
    guarded('ending a span', () => {
      this.#span.end(end.time);
    });
    if (end.isOver) this.#recordMetrics(end, errorType);
  }

  #open(): Span {
    const { time, parent } = this.#start;
    const name = this.#agentName === undefined ? '' : ` ${this.#agentName}`;
    const span = this.#settings.tracer().startSpan(
      `${OPERATION_INVOKE_AGENT}${name}`,
      {
        kind: SpanKind.INTERNAL,
        startTime: time,
        attributes: startAttributes(this.#run, this.#agentName),
        links: this.#links(),
      },
      parent,
    );
    if (this.#settings.captureContent) {
      guarded('capturing an input', () => span.setAttributes(inputContent(this.#run)));
    }
    return span;
  }

  /** Links to the span that the run had before: in another trace, or before it waited. */
  #links(): Link[] {
    const { parent, goesOn } = this.#start;
    const before = remoteSpanOf(this.#run.traceContext);
    const isElsewhere = before?.traceId !== trace.getSpanContext(parent)?.traceId;
    return before !== null && (isElsewhere || goesOn) ? [{ context: before }] : [];
  }

  #describe(turns: readonly Turn[], errorType: string | undefined): void {
    const { captureContent, usageOnSpan } = this.#settings;
    for (const { attributes, time } of turns) this.#span.addEvent(TURN_EVENT, attributes, time);
    this.#span.setAttributes(endAttributes(this.#run, this.#start.told, errorType));
    if (usageOnSpan) this.#span.setAttributes(usageAttributes(this.#run, this.#start.told));
    if (!captureContent) return;
    guarded('capturing an output', () => this.#span.setAttributes(outputContent(this.#run)));
  }

  #recordMetrics({ time, toolCalls }: SpanEnd, errorType: string | undefined): void {
    guarded('recording metrics', () => {
      const run = this.#run;
      const attributes = metricAttributes(run, this.#agentName, errorType);
      const within = trace.setSpan(activeContext(), this.#span);
      const requests = countSince('requests', this.#start.told.tokenUsage, run.tokenUsage);
      this.#settings.duration.get().record(secondsBetween(this.#start.time, time), attributes, within);
      const { inferenceCalls, toolCalls: toolHistogram } = this.#settings.calls.get();
      if (requests !== undefined) inferenceCalls.record(requests, attributes, within);
      if (toolCalls !== null) toolHistogram.record(toolCalls, attributes, within);
    });
  }
}

/** Stands in for a span that could not be started: its children become children of the span above. */
function standIn(parent: Context): Span {
  const above = guarded('reading the parent of a span', () => trace.getSpanContext(parent));
  return trace.wrapSpanContext(above ?? INVALID_SPAN_CONTEXT);
}

function descriptionOf({ error, status }: AnyRun): string {
  const message = error?.['message'];
  return typeof message === 'string' && message !== '' ? message : `The run ended as "${status}"`;
}
