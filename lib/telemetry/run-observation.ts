import type { Context, HrTime, Span } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import type { RunAttachment, RunChange } from '../attachment';
import { portOf } from '../attachment';
import type { StepStartedEvent } from '../record/events';
import type { AnyRun } from '../run';
import type { Sums } from './attributes';
import { NOTHING_TOLD, sumsOf } from './attributes';
import { activeContext, guarded } from './guard';
import { liveSpan } from './live-spans';
import type { SpanSettings } from './run-span';
import { RunSpan } from './run-span';
import { StepSpans } from './step-spans';
import { Stopwatch, toHrTime } from './stopwatch';
import { traceContextOf } from './trace-context';
import { TurnLog } from './turn-log';

/** The changes that a span is made of. */
const CHANGES: NonNullable<RunAttachment['changes']> = new Set([
  'statusChanged',
  'turnIncremented',
  'stepStarted',
  'stepEnded',
  'parked',
] as const);

/**
 * Follows one run and keeps its span.
 *
 * ```text
 *            ┌────────── it parks ──────────┐
 *            ▼                              │
 * waiting ── the run starts, goes on ──► open ── it ends ──► ended ── its function has settled ──► closed
 * ```
 * A run that completes closes at once, and so does one that nothing executes. Where a run is stopped while
 * its function still works, the span stays open until the function has settled, for the usage that it still
 * reports; its end is set to the moment at which the run ended.
 */
export class RunObservation implements RunAttachment {
  readonly changes = CHANGES;
  readonly #run: AnyRun;
  readonly #settings: SpanSettings;
  readonly #observedIn = activeContext();
  /** The parent run's span, taken now: it may have ended by the time that this run starts. */
  readonly #parentSpan: Span | undefined;
  readonly #steps: StepSpans;
  #turns: TurnLog;
  /** Started when the run was observed, and again when the run starts. */
  #stopwatch = new Stopwatch(Date.now());
  #span: RunSpan | null = null;
  #told: Sums;
  #goesOn: boolean;
  #toolCalls = 0;
  #endTime: HrTime | null = null;
  #isExecuting = false;
  #detach: () => void = () => undefined;

  constructor(run: AnyRun, settings: SpanSettings) {
    this.#run = run;
    this.#settings = settings;
    this.#parentSpan = this.#findParentSpan();
    this.#steps = new StepSpans(settings);
    this.#turns = new TurnLog(run.tokenUsage, settings.usageOnSpan);
    this.#goesOn = run.awaiting !== null;
    // An earlier span has reported what the run used before it waited.
    this.#told = this.#goesOn ? sumsOf(run) : NOTHING_TOLD;
  }

  /** Observes the run as it stands: pending, running, waiting, or ended. */
  start(): void {
    const { isTerminal, status } = this.#run;
    if (isTerminal) {
      this.#recordPast();
      return;
    }
    this.#detach = portOf(this.#run).attach(this);
    if (this.#goesOn) return;
    if (status === 'running') this.#open(this.#observedIn);
    else this.#keepOrigin();
  }

  /** Stops; a span that is open ends here, with a status only where its run has ended. */
  stop(): void {
    this.#close();
  }

  changed(...[name, event]: RunChange): void {
    guarded(`observing ${name}`, () => {
      if (name === 'statusChanged') this.#statusChanged(event.to === 'running', event.at);
      else if (name === 'turnIncremented') this.#turned(event.turnCount);
      else if (name === 'stepStarted') this.#stepStarted(event);
      else if (name === 'stepEnded') this.#steps.end(event.step, this.#stopwatch.now());
      else if (name === 'parked') this.#parked();
    });
  }

  surround<Result>(fn: () => Result): Result {
    this.#isExecuting = true;
    // A run that a listener executes has started before this hears of it.
    const span = this.#span ?? this.#runStarted(Date.now());
    return span.activate(fn);
  }

  surroundStep<Result>(index: number, fn: () => Result): Result {
    return this.#steps.activate(index, fn);
  }

  executionOver(): void {
    this.#isExecuting = false;
    if (this.#endTime !== null) this.#close();
  }

  #statusChanged(isStart: boolean, at: number): void {
    if (!isStart) this.#runEnded();
    else if (this.#span === null) this.#runStarted(at);
  }

  #turned(turnCount: number): void {
    this.#turns.add(turnCount, this.#stopwatch.now(), this.#run.tokenUsage);
  }

  #stepStarted({ step }: StepStartedEvent<AnyRun>): void {
    if (step.kind === 'tool') this.#toolCalls += 1;
    const within = this.#span?.context ?? this.#observedIn;
    this.#steps.start(step, this.#stopwatch.now(), within);
  }

  #runStarted(at: number): RunSpan {
    this.#stopwatch = new Stopwatch(at);
    const active = activeContext();
    return this.#open(trace.getSpan(active) === undefined ? this.#observedIn : active);
  }

  #runEnded(): void {
    if (this.#span === null) {
      // The span of a run that goes on begins now: the wait is no part of it.
      if (this.#goesOn) this.#stopwatch = new Stopwatch(Date.now());
      this.#open(this.#observedIn);
    }
    this.#endTime = this.#stopwatch.now();
    if (!this.#isExecuting || this.#run.status === 'completed') this.#close();
  }

  /** The execution is over. Another one may go on once the answer has come, in this process or elsewhere. */
  #parked(): void {
    this.#endSpan(this.#stopwatch.now(), true);
    this.#told = sumsOf(this.#run);
    this.#turns = new TurnLog(this.#run.tokenUsage, this.#settings.usageOnSpan);
    this.#toolCalls = 0;
    this.#goesOn = true;
  }

  #open(within: Context): RunSpan {
    const span = new RunSpan(this.#run, this.#settings, {
      time: this.#stopwatch.startTime,
      parent: this.#parentIn(within),
      told: this.#told,
      goesOn: this.#goesOn,
    });
    this.#span = span;
    if (!this.#run.isTerminal) span.keepWithRun();
    return span;
  }

  #close(): void {
    this.#detach();
    this.#endSpan(this.#endTime ?? this.#stopwatch.now(), this.#run.isTerminal);
  }

  #endSpan(time: HrTime, isOver: boolean): void {
    const span = this.#span;
    this.#span = null;
    const turns = this.#turns.finish(this.#run.tokenUsage);
    span?.end({ time, turns, toolCalls: this.#toolCalls, isOver });
  }

  /** Keeps the context in which the run was made, so that whoever executes it can link back to it. */
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
    const parent = this.#parentIn(this.#observedIn);
    const start = { time: toHrTime(startedAt.getTime()), parent, told: NOTHING_TOLD, goesOn: false };
    const time = toHrTime(Math.max(startedAt.getTime(), Number(endedAt)));
    new RunSpan(this.#run, this.#settings, start).end({ time, turns: [], toolCalls: null, isOver: true });
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
