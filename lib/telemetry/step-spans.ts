import type { Context, HrTime, Span } from '@opentelemetry/api';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { EndedStep, StartedStep } from '../record/events';
import { stepAttributes } from './attributes';
import type { ErrorTypes } from './error-type';
import { activeContext, callWithin, guarded } from './guard';
import { ERROR_TYPE, OPERATION_EXECUTE_TOOL } from './names';
import type { SpanSettings } from './run-span';

/** The spans of the steps of a run that are open: `execute_tool` and the name of a tool, or the step's name. */
export class StepSpans {
  readonly #settings: SpanSettings;
  readonly #open = new Map<number, Span>();

  constructor(settings: SpanSettings) {
    this.#settings = settings;
  }

  /**
   * A step started.
   *
   * @param within - The context of the run's span, for a step at the top.
   */
  start(step: StartedStep, time: HrTime, within: Context): void {
    if (step.kind === 'tool' && !this.#settings.toolSpans) return;
    guarded('starting the span of a step', () => {
      const around = step.parent === null ? undefined : this.#open.get(step.parent);
      const parent = around === undefined ? within : trace.setSpan(within, around);
      const name = step.kind === 'tool' ? `${OPERATION_EXECUTE_TOOL} ${step.name}` : step.name;
      const options = { kind: SpanKind.INTERNAL, startTime: time, attributes: stepAttributes(step) };
      this.#open.set(step.index, this.#settings.tracer().startSpan(name, options, parent));
    });
  }

  /** A step ended. */
  end(step: EndedStep, time: HrTime): void {
    const span = this.#open.get(step.index);
    if (span === undefined) return;
    this.#open.delete(step.index);
    if (step.status !== 'completed') {
      guarded('setting the status of a span', () => {
        describeFailure(span, step, this.#settings.errorTypes);
      });
    }
    guarded('ending the span of a step', () => {
      span.end(time);
    });
  }

  /** Calls the function with the span of the step active, where it has one. */
  activate<Result>(index: number, fn: () => Result): Result {
    const span = this.#open.get(index);
    return span === undefined ? fn() : callWithin(trace.setSpan(activeContext(), span), fn);
  }
}

function describeFailure(span: Span, { status, error }: EndedStep, errorTypes: ErrorTypes): void {
  const message = error?.['message'];
  span.setAttribute(ERROR_TYPE, status === 'cancelled' ? 'cancelled' : errorTypes.word(error ?? null));
  span.setStatus({
    code: SpanStatusCode.ERROR,
    message: typeof message === 'string' && message !== '' ? message : `The step ended as "${status}"`,
  });
}
