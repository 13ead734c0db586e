import { RunError } from '../../record/error';
import type { AnyRun } from '../../run';
import { Run } from '../../run';
import { OpenSteps } from '../open-steps';
import { RunLink } from '../run-link';
import type { AgentReader, AgentSink, ReportedTotals, TakeEvent, Verdict } from './agent-reader';
import { claude } from './claude';
import { codex } from './codex';
import type { StreamEvent } from './event';
import type { Arrival } from './events-of';
import { gemini } from './gemini';
import type { AgentStreamOptions } from './options';

/** How many events are kept until it is known which agent's they are. */
const MOST_EARLY = 100;

/** Keeps the events of one stream in a run. */
export class AgentRecording {
  readonly #options: AgentStreamOptions<AnyRun>;
  readonly #link: RunLink;
  readonly #steps: OpenSteps;
  readonly #readers: readonly AgentReader[];
  readonly #joined: (run: AnyRun) => void;
  #run: AnyRun | null = null;
  #reader: AgentReader | null = null;
  #take: TakeEvent | null = null;
  #verdict: Verdict | null = null;
  #reported: ReportedTotals | null = null;
  /** The events that came before the agent was known. */
  readonly #early: StreamEvent[] = [];
  #linesPassedOver = 0;
  #eventsPassedOver = 0;

  /** @param joined - Called once, when the run is known. */
  constructor(options: AgentStreamOptions<AnyRun>, joined: (run: AnyRun) => void) {
    this.#options = options;
    this.#link = new RunLink(options);
    this.#steps = new OpenSteps(options);
    this.#readers = [claude, codex(options.codexScope ?? 'request'), gemini];
    this.#joined = joined;
    // A given run is joined at once: it may end before the first event.
    const { run } = this.#link;
    if (run !== undefined) this.#join(run);
  }

  /** Takes what arrived. What cannot be read is reported and skipped. */
  take(arrival: Arrival): void {
    if ('problem' in arrival) {
      this.#problem(arrival.line, arrival.problem);
      return;
    }
    try {
      this.#event(arrival.event);
    } catch (error) {
      this.#problem(arrival.line, error instanceof Error ? error.message : String(error));
    }
  }

  /** The source has ended. Ends the run as the agent said, or as failed where it said nothing. */
  end(): AnyRun {
    return this.#end(this.#verdict ?? this.#truncated());
  }

  /** The source has thrown. Where the agent had said how it ended, that counts. */
  fail(error: unknown): AnyRun {
    const run = this.#close();
    if (this.#verdict !== null) return this.#end(this.#verdict);
    const failure = error instanceof Error ? error : new RunError('stream_failed', String(error));
    this.#link.safely(() => (run.isTerminal ? run : run.setError(failure)));
    return run;
  }

  /** Whoever reads has stopped reading. */
  cancel(reason: string): AnyRun {
    return this.#end(this.#verdict ?? { cancelled: reason });
  }

  #event(event: StreamEvent): void {
    if (this.#take === null && !this.#detect(event)) {
      this.#eventsPassedOver += 1;
      if (this.#early.length < MOST_EARLY) this.#early.push(event);
      return;
    }
    if (this.#take?.(event) !== true) this.#eventsPassedOver += 1;
  }

  /**
   * Whether the event tells which agent's stream this is. The events before it may be the agent's all the
   * same.
   */
  #detect(event: StreamEvent): boolean {
    for (const reader of this.#readers) {
      const sessionId = reader.sessionOf(event);
      if (sessionId === undefined) continue;
      this.#reader = reader;
      const run = this.#open(sessionId, reader.provider);
      if (run.provider === null) this.#link.safely(() => (run.provider = reader.provider));
      const { seed } = this.#options;
      if (seed !== undefined) this.#link.meterOf(run).seed(seed, { key: sessionId });
      const take = reader.open(this.#sink(run), sessionId);
      this.#take = take;
      this.#eventsPassedOver -= this.#early.splice(0).filter((early) => take(early)).length;
      return true;
    }
    return false;
  }

  /** The given run, or a new one. */
  #open(agentSession: string, provider: string | null): AnyRun {
    if (this.#run !== null) return this.#run;
    return this.#join(new Run({ sessionId: this.#options.sessionId ?? agentSession, provider }));
  }

  #join(run: AnyRun): AnyRun {
    this.#run = run;
    this.#joined(run);
    this.#link.safely(() => this.#options.onRun?.(run));
    return run;
  }

  #sink(run: AnyRun): AgentSink {
    const change = (fn: () => unknown): void => {
      if (!run.isTerminal) this.#link.safely(fn);
    };
    return {
      started: () => change(() => run.updateStatus('running')),
      turn: () => change(() => run.incrementTurn()),
      record: (payload, options) => {
        this.#link.meterOf(run).record(payload, options);
      },
      report: (totals) => {
        this.#reported = totals;
      },
      stepStarted: (id, step) => change(() => this.#steps.start(run, id, step)),
      stepEnded: (id, end) => change(() => this.#steps.end(id, end)),
      note: (name, data) => change(() => run.note(name, data)),
      settle: (verdict) => {
        this.#verdict = verdict;
      },
    };
  }

  #truncated(): Verdict {
    return this.#reader === null
      ? { error: { code: 'stream_unknown', message: 'The stream has no event of an agent that is known' } }
      : { error: { code: 'stream_truncated', message: 'The stream ended without a result' } };
  }

  #end(verdict: Verdict): AnyRun {
    const run = this.#close();
    if (run.isTerminal) return run;
    this.#link.safely(() => {
      if ('output' in verdict) run.setOutput(verdict.output);
      else if ('error' in verdict) run.setError(verdict.error);
      else run.cancel(verdict.cancelled);
    });
    return run;
  }

  #close(): AnyRun {
    const run = this.#open('unknown', null);
    this.#link.safely(() => {
      if (run.status === 'pending') run.updateStatus('running');
      run.providerMetadata = {
        ...run.providerMetadata,
        agent: this.#reader?.agent ?? null,
        reported: this.#reported,
        // Without the agent's own totals, the sum of its events may be too low.
        usage_is_lower_bound: this.#reported === null,
        lines_passed_over: this.#linesPassedOver,
        events_passed_over: this.#eventsPassedOver,
      };
    });
    return run;
  }

  #problem(line: number, message: string): void {
    this.#linesPassedOver += 1;
    this.#link.safely(() => this.#options.onProblem?.({ line, message }));
  }
}
