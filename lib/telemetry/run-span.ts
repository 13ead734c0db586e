import type { Context, Histogram, HrTime, Link, Span, Tracer } from '@opentelemetry/api';
import { INVALID_SPAN_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { AnyRun } from '../run';
import {
  agentNameOf,
  durationAttributes,
  endAttributes,
  inputContent,
  outputContent,
  startAttributes,
} from './attributes';
import type { ErrorTypes } from './error-type';
import { activeContext, callWithin, guarded } from './guard';
import type { InstrumentSource } from './instruments';
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
  readonly duration: InstrumentSource<Histogram>;
  readonly errorTypes: ErrorTypes;
}

/** The span of a run, from its start to its one end. Nothing here throws. */
export class RunSpan {
  readonly #run: AnyRun;
  readonly #settings: SpanSettings;
  readonly #agentName: string | undefined;
  readonly #startTime: HrTime;
  readonly #span: Span;
  readonly #forget: () => void;

  /** Starts the span, as a child of the one in the context. */
  constructor(run: AnyRun, settings: SpanSettings, startTime: HrTime, parent: Context) {
    this.#run = run;
    this.#settings = settings;
    this.#startTime = startTime;
    this.#agentName = agentNameOf(run, settings.agentName);
    this.#span = guarded('starting a span', () => this.#start(parent)) ?? standIn(parent);
    this.#forget = rememberSpan(run.id, settings, this.#span);
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

  /** Ends the span, and where the run has ended records how long it took. */
  end(endTime: HrTime, turns: readonly Turn[]): void {
    const run = this.#run;
    const errorType = this.#settings.errorTypes.of(run);
    this.#forget();
    guarded('describing a span', () => {
      for (const { attributes, time } of turns) this.#span.addEvent(TURN_EVENT, attributes, time);
      this.#span.setAttributes(endAttributes(run, errorType));
    });
    if (this.#settings.captureContent) {
      guarded('capturing an output', () => this.#span.setAttributes(outputContent(run)));
    }
    if (errorType !== undefined) {
      guarded('setting the status of a span', () => {
        this.#span.setStatus({ code: SpanStatusCode.ERROR, message: descriptionOf(run) });
      });
    }
    guarded('ending a span', () => {
      this.#span.end(endTime);
    });
    if (run.isTerminal) this.#recordDuration(endTime, errorType);
  }

  #start(parent: Context): Span {
    const name = this.#agentName === undefined ? '' : ` ${this.#agentName}`;
    const span = this.#settings.tracer().startSpan(
      `${OPERATION_INVOKE_AGENT}${name}`,
      {
        kind: SpanKind.INTERNAL,
        startTime: this.#startTime,
        attributes: startAttributes(this.#run, this.#agentName),
        links: this.#links(parent),
      },
      parent,
    );
    if (this.#settings.captureContent) {
      guarded('capturing an input', () => span.setAttributes(inputContent(this.#run)));
    }
    return span;
  }

  /** To where the run was before, in another trace. */
  #links(parent: Context): Link[] {
    const before = remoteSpanOf(this.#run.traceContext);
    const isElsewhere = before?.traceId !== trace.getSpanContext(parent)?.traceId;
    return before !== null && isElsewhere ? [{ context: before }] : [];
  }

  #recordDuration(endTime: HrTime, errorType: string | undefined): void {
    guarded('recording a duration', () => {
      this.#settings.duration
        .get()
        .record(
          secondsBetween(this.#startTime, endTime),
          durationAttributes(this.#run, this.#agentName, errorType),
          trace.setSpan(activeContext(), this.#span),
        );
    });
  }
}

/** Instead of a span that could not be started: what is below it goes to the span above. */
function standIn(parent: Context): Span {
  const above = guarded('reading the parent of a span', () => trace.getSpanContext(parent));
  return trace.wrapSpanContext(above ?? INVALID_SPAN_CONTEXT);
}

function descriptionOf({ error, status }: AnyRun): string {
  const message = error?.['message'];
  return typeof message === 'string' && message !== '' ? message : `The run ended as "${status}"`;
}
