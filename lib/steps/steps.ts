import { setMaxListeners } from 'node:events';
import type { Change, ChangeName } from '../record/attachment';
import { RunError } from '../record/error';
import type { JsonObject } from '../record/json';
import { invalidOperation } from '../record/refusal';
import type { RunStatus } from '../record/status';
import { isTerminalStatus } from '../record/status';
import { coarseNow, exactNow } from './coarse-clock';
import { currentStep, withinStep } from './current-step';
import type { StepEnd, StepHandle, StepOwner } from './open-step';
import { OpenStep } from './open-step';
import type { StartStepOptions, StepOptions, StepStart } from './options';
import { readRun, readStart, takeName } from './options';
import { takePayload } from './payload';

/** What of a run its steps need. */
interface StepSubject {
  readonly id: string;
  readonly status: RunStatus;
}

/** What steps may do to their run. */
export interface StepHost<Subject extends StepSubject> {
  readonly run: Subject;
  /** The signal of the execution; null outside of one. */
  signal(): AbortSignal | null;
  isHeard(name: ChangeName): boolean;
  announce(...change: Change<Subject>): void;
  /** Calls the function of a step with what has to be active in it. */
  surroundStep<Result>(index: number, fn: () => Result): Result;
}

/** What the function of a step is handed. */
export interface StepContext<Subject> {
  /** The run that the step is of. */
  readonly run: Subject;
  /** Aborts when the run is to stop: the execution's signal. Hand it to every client. */
  readonly signal: AbortSignal;
  /** The step, for an end of its own before the function returns. */
  readonly step: StepHandle;
}

/**
 * The steps of one run. Keeps those that are open, and how many there were: a hundred thousand steps take
 * no more than those which are open at once.
 */
export class Steps<Subject extends StepSubject> implements StepOwner {
  readonly #host: StepHost<Subject>;
  /** The step that began last, of those that are open. */
  #last: OpenStep | null = null;
  #count = 0;
  /** Stands in for the execution's signal where nothing executes the run. */
  #controller: AbortController | null = null;

  constructor(host: StepHost<Subject>) {
    this.#host = host;
  }

  /** How many steps have begun. */
  get count(): number {
    return this.#count;
  }

  /** Goes on with the steps of a run that had so many before it was read: no two have the same index. */
  continueAfter(count: number): void {
    this.#count = count;
  }

  /** Begins a step, for whoever ends it by hand. */
  start(name: string, options?: StartStepOptions): StepHandle {
    if (options === undefined && !this.#host.isHeard('stepStarted')) {
      return this.#beginUnheard(takeName(name, 'name'));
    }
    return this.#begin(readStart(name, options));
  }

  /** Runs a function as a step. */
  async run<Result>(
    name: string,
    fn: (context: StepContext<Subject>) => Result | PromiseLike<Result>,
    options?: StepOptions<Result>,
  ): Promise<Awaited<Result>> {
    const step = this.#begin(readRun(name, fn, options));
    const context = { run: this.#host.run, signal: this.#signal(), step };
    try {
      const result = await withinStep(step, () => this.#host.surroundStep(step.index, () => fn(context)));
      step.endWith(result, options?.output ?? false);
      return result;
    } catch (error) {
      step.fail(error);
      throw error;
    }
  }

  /** Tells of a note. */
  note(name: string, data: unknown): void {
    const { run } = this.#host;
    const taken = { name: takeName(name, 'name'), data: takePayload(data, 'data') };
    if (isTerminalStatus(run.status)) throw invalidOperation(run, 'takes no more notes');
    if (this.#host.isHeard('noted')) this.#host.announce('noted', { run, ...taken, at: Date.now() });
  }

  /** Ends what is open, the inner steps first: the run has ended, or waits. */
  close(reason: JsonObject | null): void {
    // None begins any more, whatever listeners do.
    while (this.#last !== null) this.#last.close({ status: 'cancelled' });
    this.#controller?.abort(errorOf(reason));
    this.#controller = null;
  }

  stepOver(step: OpenStep, end: StepEnd): void {
    this.#unchain(step);
    if (this.#host.isHeard('stepEnded')) this.#announceEnd(step, end);
  }

  #announceEnd(step: OpenStep, { status, output = null, error, omitted = false }: StepEnd): void {
    const { index, name, kind, startedAtMs } = step;
    const at = exactNow();
    this.#host.announce('stepEnded', {
      run: this.#host.run,
      step: {
        index,
        name,
        kind,
        status,
        ...(output === null ? {} : { output }),
        ...(omitted ? { omitted: true as const } : {}),
        ...(error === undefined ? {} : { error }),
        durationMs: Math.max(0, at - startedAtMs),
      },
      at,
    });
  }

  #begin({ name, kind, input }: StepStart): OpenStep {
    this.#assertGoesOn();
    const step = this.#chain(name, kind, currentStep(), Date.now());
    if (this.#host.isHeard('stepStarted')) this.#announceStart(step, input);
    return step;
  }

  /**
   * A step that nobody hears of, and that is around no other, need not know what is around it. Whoever
   * comes to hear of its end is told how long it took, as well as is known.
   */
  #beginUnheard(name: string): OpenStep {
    this.#assertGoesOn();
    return this.#chain(name, 'tool', null, coarseNow());
  }

  #assertGoesOn(): void {
    const { run } = this.#host;
    if (isTerminalStatus(run.status)) throw invalidOperation(run, 'begins no more steps');
  }

  #chain(name: string, kind: string, around: OpenStep | null, startedAtMs: number): OpenStep {
    const before = this.#last;
    const step = new OpenStep(this, { index: ++this.#count, name, kind, startedAtMs, around, before });
    if (before !== null) before.after = step;
    this.#last = step;
    return step;
  }

  #unchain(step: OpenStep): void {
    const { before, after } = step;
    if (before !== null) before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    step.before = null;
    step.after = null;
  }

  #announceStart(step: OpenStep, input: StepStart['input']): void {
    const { index, name, kind, startedAtMs } = step;
    this.#host.announce('stepStarted', {
      run: this.#host.run,
      step: { index, parent: step.parent?.index ?? null, name, kind, input },
      at: startedAtMs,
    });
  }

  #signal(): AbortSignal {
    const signal = this.#host.signal();
    if (signal !== null) return signal;
    if (this.#controller === null) {
      this.#controller = new AbortController();
      setMaxListeners(0, this.#controller.signal);
    }
    return this.#controller.signal;
  }
}

/** What a run ended with, as the reason of a signal. */
function errorOf(error: JsonObject | null): RunError {
  const code = error?.['code'];
  const message = error?.['message'];
  return new RunError(
    typeof code === 'string' ? code : 'invalid_operation',
    typeof message === 'string' ? message : 'The run has ended',
  );
}
