import { setMaxListeners } from 'node:events';
import type { Change } from '../record/attachment';
import { announce, followersOf, isHeard, refuseStorm } from '../record/emitter';
import { RunError } from '../record/error';
import type { JsonObject } from '../record/json';
import { invalidOperation } from '../record/refusal';
import type { RunStatus } from '../record/status';
import type { Moment } from './coarse-clock';
import { coarseNow, exactNow } from './coarse-clock';
import { currentStep, withinStep } from './current-step';
import type { StepEnd, StepHandle, StepOwner } from './open-step';
import { OpenStep } from './open-step';
import type { StartStepOptions, StepOptions, StepStart } from './options';
import { readRun, readStart, takeName } from './options';
import { takePayload } from './payload';

/** What steps read of their run. */
interface StepSubject {
  readonly id: string;
  readonly status: RunStatus;
  readonly isTerminal: boolean;
  /** What the run waits for; null for nothing. */
  readonly awaiting: object | null;
}

/** What steps need around them. */
export interface StepHost<Subject extends object> {
  readonly run: Subject;
  readonly state: StepSubject;
  /** The signal of the execution; null outside of one. */
  signal(): AbortSignal | null;
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
 * The steps of one run. Keeps only the open ones and a count, so memory depends on how many are open at
 * once.
 */
export class Steps<Subject extends object> implements StepOwner {
  readonly #host: StepHost<Subject>;
  readonly #run: Subject;
  /** The open step that began last. */
  #last: OpenStep | null = null;
  #count = 0;
  /** Stands in for the execution's signal where nothing executes the run. */
  #controller: AbortController | null = null;

  constructor(host: StepHost<Subject>) {
    this.#host = host;
    this.#run = host.run;
  }

  /** How many steps have begun. */
  get count(): number {
    return this.#count;
  }

  /** Sets the count of a run that was read from a store, so that no two of its steps have the same index. */
  continueAfter(count: number): void {
    this.#count = count;
  }

  /** Begins a step that its caller ends. */
  start(name: string, options?: StartStepOptions): StepHandle {
    if (options !== undefined || isHeard(this.#run, 'stepStarted')) {
      return this.#begin(readStart(name, options));
    }
    // Nobody listens, and the step is around no other: it need not know what is around it. A listener that
    // is added before its end gets a duration by the coarse clock.
    takeName(name, 'name');
    this.#assertGoesOn();
    return this.#chain(name, coarseNow());
  }

  /** Runs a function as a step. */
  async run<Result>(
    name: string,
    fn: (context: StepContext<Subject>) => Result | PromiseLike<Result>,
    options?: StepOptions<Result>,
  ): Promise<Awaited<Result>> {
    const step = this.#begin(readRun(name, fn, options));
    const context = { run: this.#run, signal: this.#signal(), step };
    try {
      const result = await withinStep(step, () => this.#surround(step.index, () => fn(context)));
      step.endWith(result, options?.output ?? false);
      return result;
    } catch (error) {
      step.fail(error);
      throw error;
    }
  }

  /** Emits a note. */
  note(name: string, data: unknown): void {
    const run = this.#run;
    const taken = { name: takeName(name, 'name'), data: takePayload(data, 'data') };
    refuseStorm(run);
    const { state } = this.#host;
    if (state.isTerminal) throw invalidOperation(state, 'takes no more notes');
    if (isHeard(run, 'noted')) this.#announce('noted', { run, ...taken, at: Date.now() });
  }

  /** Ends the open steps, the inner ones first: the run has ended, or waits. */
  close(reason: JsonObject | null): void {
    // No step can begin any more, whatever listeners do, so this comes to an end.
    while (this.#last !== null) this.#last.close({ status: 'cancelled' });
    this.#controller?.abort(errorOf(reason));
    this.#controller = null;
  }

  stepOver(step: OpenStep, end: StepEnd): void {
    this.#unchain(step);
    if (isHeard(this.#run, 'stepEnded')) this.#announceEnd(step, end);
  }

  #announceEnd(step: OpenStep, { status, output = null, error, omitted = false }: StepEnd): void {
    const { index, name, kind, startedAt } = step;
    const { ms: at } = exactNow();
    this.#announce('stepEnded', {
      run: this.#run,
      step: {
        index,
        name,
        kind,
        status,
        ...(output === null ? {} : { output }),
        ...(omitted ? { omitted: true as const } : {}),
        ...(error === undefined ? {} : { error }),
        durationMs: Math.max(0, at - startedAt.ms),
      },
      at,
    });
  }

  #begin({ name, kind, input }: StepStart): OpenStep {
    refuseStorm(this.#run);
    this.#assertGoesOn();
    const step = this.#chain(name, exactNow());
    step.describe(kind, currentStep());
    if (isHeard(this.#run, 'stepStarted')) this.#announceStart(step, input);
    return step;
  }

  #assertGoesOn(): void {
    const { state } = this.#host;
    if (state.isTerminal) throw invalidOperation(state, 'begins no more steps');
    if (state.awaiting !== null) throw invalidOperation(state, 'waits for its answer: no step begins');
  }

  #chain(name: string, startedAt: Moment): OpenStep {
    const step = new OpenStep(this, ++this.#count, name, startedAt);
    const before = this.#last;
    if (before !== null) {
      before.after = step;
      step.before = before;
    }
    this.#last = step;
    return step;
  }

  #unchain(step: OpenStep): void {
    const { before, after } = step;
    if (before !== null) {
      before.after = after;
      step.before = null;
    }
    if (after === null) {
      this.#last = before;
    } else {
      after.before = before;
      step.after = null;
    }
  }

  #announceStart(step: OpenStep, input: StepStart['input']): void {
    const { index, name, kind, startedAt } = step;
    this.#announce('stepStarted', {
      run: this.#run,
      step: { index, parent: step.parent?.index ?? null, name, kind, input },
      at: startedAt.ms,
    });
  }

  #announce(...[name, event]: Change<Subject>): void {
    announce(this.#run, name, event);
  }

  /** Calls the function of a step with what has to be active in it. */
  #surround<Result>(index: number, fn: () => Result): Result {
    const followers = followersOf(this.#run);
    return followers === null ? fn() : followers.surroundStep(index, fn);
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
