import type { Context, HrTime, Span } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import { portOf } from '../attachment';
import type { StatusChangedEvent, TurnIncrementedEvent } from '../run-events';
import type { AnyRun } from '../run';
import { activeContext, guarded } from './guard';
import { liveSpan } from './live-spans';
import type { SpanSettings } from './run-span';
import { RunSpan } from './run-span';
import { Stopwatch, toHrTime } from './stopwatch';
import { traceContextOf } from './trace-context';
import { TurnLog } from './turn-log';

/**
 * Listens to one run and keeps its span.
 *
 * ```text
 * waiting ── the run starts ──► open ── it ends ──► ended ── its function has settled ──► closed
 * ```
 * A run that completes closes at once, and so does one that nothing executes. One that is stopped while
 * its function still works waits for it, the grace time at most, for the usage that it reports on its way
 * out; the span's end is when the run ended all the same.
 */
export class RunObservation {
  readonly #run: AnyRun;
  readonly #settings: SpanSettings;
  readonly #observedIn = activeContext();
  /** The span of the parent run: it may have ended by the time that this run starts. */
  readonly #parentSpan: Span | undefined;
  readonly #turns: TurnLog;
  /** Counts from when the run was observed, and anew from when it started. */
  #stopwatch = new Stopwatch(Date.now());
  #span: RunSpan | null = null;
  #endTime: HrTime | null = null;
  #isExecuting = false;
  #stopListening: () => void = () => undefined;

  constructor(run: AnyRun, settings: SpanSettings) {
    this.#run = run;
    this.#settings = settings;
    this.#parentSpan = this.#findParentSpan();
    this.#turns = new TurnLog(run.tokenUsage);
  }

  /** Observes the run as it stands: pending, running, or ended. */
  start(): void {
    if (this.#run.isTerminal) {
      this.#recordPast();
      return;
    }
    this.#listen();
    if (this.#run.status === 'running') this.#open(this.#observedIn);
    else this.#keepOrigin();
  }

  /** Stops; a span that is open ends here, with a status only where its run has ended. */
  stop(): void {
    this.#close();
  }

  #listen(): void {
    this.#stopListening = portOf(this.#run).attach({
      changed: (name, event) => {
        if (name === 'statusChanged') this.#onStatusChanged(event);
        else if (name === 'turnIncremented') this.#onTurnIncremented(event);
      },
      surround: this.#surround,
      executionOver: this.#onExecutionOver,
    });
  }

  readonly #onStatusChanged = ({ to, at }: StatusChangedEvent): void => {
    guarded('observing a change of status', () => {
      if (to !== 'running') this.#runEnded();
      else if (this.#span === null) this.#runStarted(at);
    });
  };

  readonly #onTurnIncremented = ({ run, turnCount }: TurnIncrementedEvent): void => {
    guarded('observing a turn', () => {
      this.#turns.add(turnCount, this.#stopwatch.now(), run.tokenUsage);
    });
  };

  readonly #surround = <Result>(fn: () => Result): Result => {
    this.#isExecuting = true;
    // Executed from a listener, the run has started before anybody hears of it.
    const span = this.#span ?? this.#runStarted(Date.now());
    return span.activate(fn);
  };

  readonly #onExecutionOver = (): void => {
    this.#isExecuting = false;
    if (this.#endTime !== null) this.#close();
  };

  #runStarted(at: number): RunSpan {
    this.#stopwatch = new Stopwatch(at);
    const active = activeContext();
    return this.#open(trace.getSpan(active) === undefined ? this.#observedIn : active);
  }

  #runEnded(): void {
    if (this.#span === null) this.#open(this.#observedIn);
    this.#endTime = this.#stopwatch.now();
    if (!this.#isExecuting || this.#run.status === 'completed') this.#close();
  }

  #open(within: Context): RunSpan {
    const span = new RunSpan(this.#run, this.#settings, this.#stopwatch.startTime, this.#parentIn(within));
    this.#span = span;
    if (!this.#run.isTerminal) span.keepWithRun();
    return span;
  }

  #close(): void {
    const span = this.#span;
    this.#stopListening();
    this.#span = null;
    span?.end(this.#endTime ?? this.#stopwatch.now(), this.#turns.finish(this.#run.tokenUsage));
  }

  /** A run that waits, in another process perhaps, links back to whoever made it. */
  #keepOrigin(): void {
    guarded('keeping the trace context', () => {
      const origin = trace.getSpanContext(this.#observedIn);
      const kept = origin === undefined ? null : traceContextOf(origin);
      if (kept !== null && this.#run.traceContext === null) this.#run.traceContext = kept;
    });
  }

  /** The span of a run that had ended before it was observed: from when it was made to when it ended. */
  #recordPast(): void {
    const { startedAt, endedAt } = this.#run;
    const startTime = toHrTime(startedAt.getTime());
    const endTime = toHrTime(Math.max(startedAt.getTime(), Number(endedAt)));
    const parent = this.#parentIn(this.#observedIn);
    new RunSpan(this.#run, this.#settings, startTime, parent).end(endTime, []);
  }

  /** The context with the span of the parent run in it, where there is one. */
  #parentIn(within: Context): Context {
    const parent = this.#parentSpan ?? this.#findParentSpan();
    return parent === undefined ? within : trace.setSpan(within, parent);
  }

  #findParentSpan(): Span | undefined {
    return liveSpan(this.#run.parentRunId, this.#settings);
  }
}
