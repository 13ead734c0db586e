import type { JsonObject } from '../record/json';
import type { Moment } from './coarse-clock';
import { errorThatFits, takePayload } from './payload';

/** A step that was begun by hand. */
export interface StepHandle {
  /** Counts the steps of the run, from 1. */
  readonly index: number;
  /**
   * Completes the step. Does nothing where the step is over.
   *
   * @param output - At most 65,536 bytes of JSON; what is no object is kept as `{ value }`.
   * @throws {RunError} `validation_error` for an output that does not fit; the step stays open.
   * @fires stepEnded
   */
  end(output?: unknown): void;
  /**
   * Fails the step, with the record of what was thrown. Does nothing where the step is over.
   *
   * @fires stepEnded
   */
  fail(error: unknown): void;
}

/** How a step ended. */
export interface StepEnd {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly output?: JsonObject | null;
  readonly omitted?: boolean;
  readonly error?: JsonObject;
}

/** Shared: most steps keep no output. */
const COMPLETED: StepEnd = { status: 'completed' };

/** What a step tells of its end. */
export interface StepOwner {
  stepOver(step: OpenStep, end: StepEnd): void;
}

/**
 * A step from its start to its one end. Of the kind `tool` and inside no other step, unless {@link
 * OpenStep.describe} says otherwise.
 */
export class OpenStep implements StepHandle {
  readonly owner: StepOwner;
  readonly index: number;
  readonly name: string;
  readonly startedAt: Moment;
  kind = 'tool';
  /** The open steps of a run are a linked list: a set would cost as much as the steps. */
  before: OpenStep | null = null;
  after: OpenStep | null = null;
  #around: OpenStep | null = null;
  #isOver = false;

  constructor(owner: StepOwner, index: number, name: string, startedAt: Moment) {
    this.owner = owner;
    this.index = index;
    this.name = name;
    this.startedAt = startedAt;
  }

  /** Sets the kind, and the step in which this one begins. */
  describe(kind: string, around: OpenStep | null): void {
    this.kind = kind;
    this.#around = around;
  }

  /** The open step in which this one began, of whatever run; null for none. */
  get around(): OpenStep | null {
    while (this.#around?.isOver === true) this.#around = this.#around.around;
    return this.#around;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The step of the same run in which this one began; null for none. */
  get parent(): OpenStep | null {
    let step = this.around;
    while (step !== null && step.owner !== this.owner) step = step.around;
    return step;
  }

  end(output?: unknown): void {
    if (this.#isOver) return;
    if (output === undefined) this.close(COMPLETED);
    else this.close({ status: 'completed', output: takePayload(output, 'output') });
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.close({ status: 'failed', error: errorThatFits(error) });
  }

  /** Completes the step, keeping of its function's result what `keep` says. Never throws. */
  endWith<Result>(result: Result, keep: boolean | ((result: Result) => unknown)): void {
    if (this.#isOver) return;
    this.close({ status: 'completed', ...(keep === false ? null : keptOf(result, keep)) });
  }

  /**
   * Ends the step. Only the first end counts: reading an output runs the user's code, which may end the
   * step too.
   */
  close(end: StepEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // Lets go of ended steps above, or steps that end while others go on within them would form an endless
    // chain.
    this.#around = this.around;
    this.owner.stepOver(this, end);
  }
}

function keptOf<Result>(
  result: Result,
  keep: true | ((result: Result) => unknown),
): Pick<StepEnd, 'output' | 'omitted'> {
  try {
    return { output: takePayload(keep === true ? result : keep(result), 'output') };
  } catch {
    return { omitted: true };
  }
}
