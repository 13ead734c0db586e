import { Run } from 'agent-run';
import type { UsageMeterOptions, UsageScope } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';
import { claude } from './claude';
import { codex } from './codex';
import type { AgentReader, EventSink, ReportedTotals, StreamEvent, Verdict } from './event';
import { isEvent } from './event';
import { gemini } from './gemini';
import type { Line } from './lines';

/** A line that was passed over, and why. */
export interface Problem {
  readonly line: number;
  readonly message: string;
}

export interface StreamRecorderOptions {
  /** Called once, when the run has been made. */
  readonly onRun?: ((run: Run) => void) | undefined;
  /** Called for each line that cannot be read. */
  readonly onProblem?: ((problem: Problem) => void) | undefined;
  /** The model, where the stream does not name it (Codex). */
  readonly model?: string | undefined;
  /** What Codex's usage is of. @default 'request' */
  readonly codexScope?: UsageScope | undefined;
  readonly meter?: UsageMeterOptions | undefined;
}

/** Keeps the event stream of a coding agent as a run. */
export class StreamRecorder {
  /** The run; null until the stream has said what it is of. */
  run: Run | null = null;
  meter: UsageMeter | null = null;
  reported: ReportedTotals | null = null;
  readonly problems: Problem[] = [];
  readonly #options: StreamRecorderOptions;
  readonly #readers: readonly AgentReader[];
  #agent: string | null = null;
  #take: ((event: StreamEvent) => void) | null = null;
  #verdict: Verdict | null = null;

  constructor(options: StreamRecorderOptions = {}) {
    this.#options = options;
    this.#readers = [claude, codex(options.codexScope), gemini];
  }

  /** Takes the next line. A line that cannot be read is reported and passed over. */
  line({ number, text }: Line): void {
    if (text.trim() === '') return;
    try {
      const event: unknown = JSON.parse(text);
      if (isEvent(event)) this.#event(event);
      else this.#problem(number, 'is no JSON object');
    } catch (error) {
      const isSyntax = error instanceof SyntaxError;
      this.#problem(number, isSyntax ? 'is not JSON' : (error as Error).message);
    }
  }

  /** The stream is at its end: ends the run as the agent said, or as failed where it did not. */
  end(): Run {
    const run = this.#close();
    if (this.#verdict === null) {
      const code = this.#agent === null ? 'stream_unknown' : 'stream_truncated';
      const message =
        this.#agent === null
          ? 'The stream has no event of an agent that is known'
          : 'The stream ended without a result';
      return run.setError({ code, message });
    }
    return 'output' in this.#verdict
      ? run.setOutput(this.#verdict.output)
      : run.setError(this.#verdict.error);
  }

  /** Whoever reads has stopped reading. */
  cancel(reason: string): Run {
    return this.#verdict === null ? this.#close().cancel(reason) : this.end();
  }

  #close(): Run {
    const run = this.run ?? this.#open('unknown', null);
    if (run.status === 'pending') run.updateStatus('running');
    run.providerMetadata = {
      agent: this.#agent,
      reported: this.reported,
      // Without the agent's own totals, what the lines gave is all there is.
      usage_is_lower_bound: this.reported === null,
      lines_passed_over: this.problems.length,
    };
    return run;
  }

  #event(event: StreamEvent): void {
    if (this.#take === null) this.#detect(event);
    this.#take?.(event);
  }

  #detect(event: StreamEvent): void {
    for (const reader of this.#readers) {
      const sessionId = reader.sessionOf(event);
      if (sessionId === undefined) continue;
      this.#agent = reader.agent;
      this.#open(sessionId, reader.provider);
      this.#take = reader.open(this.#sink());
      return;
    }
  }

  #open(sessionId: string, provider: string | null): Run {
    const run = new Run({ sessionId, provider });
    const { model, meter = {}, onRun } = this.#options;
    this.run = run;
    this.meter = new UsageMeter(run, { ...meter, ...(model === undefined ? {} : { model }) });
    onRun?.(run);
    return run;
  }

  #sink(): EventSink {
    const run = this.run!;
    const meter = this.meter!;
    return {
      started: () => {
        if (run.status === 'pending') run.updateStatus('running');
      },
      turn: () => {
        run.incrementTurn();
      },
      record: (payload, options) => meter.record(payload, options),
      report: (totals) => {
        this.reported = totals;
      },
      settle: (verdict) => {
        this.#verdict = verdict;
      },
    };
  }

  #problem(line: number, message: string): void {
    const problem = { line, message };
    this.problems.push(problem);
    this.#options.onProblem?.(problem);
  }
}
