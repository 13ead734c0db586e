import type { InspectOptions } from 'node:util';
import { inspect } from 'node:util';
import type { Awaiting } from './awaiting';
import { awaitingOf } from './awaiting';
import { IsolatedEmitter } from './emitter';
import { identify } from './identity';
import type { JsonObject, ReadBack } from './json';
import type { RunLimits } from './limits';
import type { RunJSON } from './run-json';
import type { RunState } from './run-state';
import type { RunStatus } from './status';
import type { TokenUsage } from './token-usage';
import { writeRecord } from './write-record';

let stateIn: (run: object) => RunState;

/** The class of a run: `Run`, or one that extends it. */
export interface RunClass<Subject extends object> {
  new (attributes: never): unknown;
  readonly prototype: Subject;
}

/**
 * The part of a run that is read: its properties and its record. Only this class holds the state; what
 * changes it is in `Run`.
 *
 * @typeParam Input - The shape of `input`.
 * @typeParam Output - The shape of `output`.
 * @typeParam Events - The events of the run.
 */
export abstract class ReadableRun<
  Input extends object,
  Output extends object,
  Events extends object,
> extends IsolatedEmitter<Events> {
  static {
    stateIn = (run) => (run as ReadableRun<object, object, object>).#state;
    // Defined here and not as a method, so that the declarations need no types of Node.
    Object.defineProperty(this.prototype, inspect.custom, { value: inspectRun, configurable: true });
  }

  readonly #state: RunState;

  constructor(state: RunState) {
    super();
    this.#state = state;
    identify(this, state.id);
  }

  /** Unique; ids that this package makes ascend with time. */
  get id(): string {
    return this.#state.id;
  }

  /** The session that the run belongs to. */
  get sessionId(): string {
    return this.#state.sessionId;
  }

  /** The run that this one is a child of; null for none. */
  get parentRunId(): string | null {
    return this.#state.parentRunId;
  }

  /** The run at the top of the tree that this one is in: its own id where it is nobody's child. */
  get rootRunId(): string {
    return this.#state.topRunId;
  }

  /** Where the run stands. */
  get status(): RunStatus {
    return this.#state.status;
  }

  /** What went in. */
  get input(): Extract<ReadBack<Input>, object> | null {
    return this.#state.input as Extract<ReadBack<Input>, object> | null;
  }

  /** What came out. */
  get output(): Extract<ReadBack<Output>, object> | null {
    return this.#state.output as Extract<ReadBack<Output>, object> | null;
  }

  /** What went wrong. */
  get error(): JsonObject | null {
    return this.#state.error;
  }

  /** How many turns the run itself has taken. */
  get turnCount(): number {
    return this.#state.turnCount;
  }

  /** The run's own counters: a frozen copy, made at most once between updates. */
  get tokenUsage(): TokenUsage {
    return this.#state.tokenUsage;
  }

  /** What the run itself cost, in US dollars; null while unknown. */
  get costUsd(): number | null {
    return this.#state.costUsd;
  }

  /** When the run was made. */
  get startedAt(): Date {
    return new Date(this.#state.startedAt);
  }

  /** When the run first went to `running`; null where it has not. */
  get runningAt(): Date | null {
    return dateOrNull(this.#state.runningAt);
  }

  /** When the run ended; null while it lasts. */
  get endedAt(): Date | null {
    return dateOrNull(this.#state.endedAt);
  }

  /** From start to end in milliseconds, never negative; null while the run lasts. */
  get durationMs(): number | null {
    const { startedAt, endedAt } = this.#state;
    return endedAt === null ? null : Math.max(0, endedAt - startedAt);
  }

  /** Whether the run has ended. */
  get isTerminal(): boolean {
    return this.#state.isTerminal;
  }

  /** What the run may use; null for no limits. */
  get limits(): RunLimits | null {
    return this.#state.limits;
  }

  /** What the run waits for since it was parked; null for nothing. */
  get awaiting(): Awaiting | null {
    const { awaiting } = this.#state;
    return awaiting === null ? null : awaitingOf(awaiting);
  }

  /** The run's record. Payloads are in it by reference. */
  toJSON(): RunJSON {
    return writeRecord(this.#state);
  }
}

/** The state of a run, for the class that changes it. */
export function stateOf(run: object): RunState {
  return stateIn(run);
}

/** Shows the record, and nothing of the emitter, in `console.log` and `util.inspect`. */
function inspectRun(
  this: ReadableRun<object, object, object>,
  depth: number,
  options: InspectOptions,
): string {
  const { name } = this.constructor;
  return depth < 0 ? `[${name}]` : `${name} ${inspect(this.toJSON(), { ...options, depth })}`;
}

function dateOrNull(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
