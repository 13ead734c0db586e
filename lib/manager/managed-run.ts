import type { RunAnnouncement, RunAttachment, RunChange } from '../attachment';
import { follow, followersOf } from '../attachment';
import { RunError } from '../record/error';
import { isTerminalStatus } from '../record/status';
import type { AnyRun } from '../run';
import type { RunRecorder } from '../store/recorder';
import { executedElsewhere, isRefusal } from './refusals';

/** What a manager does for its runs. */
export interface RunKeeper {
  hears(event: string): boolean;
  tell(...announcement: RunAnnouncement): void;
  /** The run runs. */
  started(run: ManagedRun): void;
  /** The function of the run is about to be called, or to wait for the store. */
  entered(run: ManagedRun): void;
  /** The function of the run has settled, or was abandoned. */
  left(run: ManagedRun): void;
  /** The run waits for a person. */
  parked(run: ManagedRun): void;
  ended(run: ManagedRun): void;
  childCreated(child: AnyRun, at: number): void;
  /** The store has taken in the run, which was held back until now. */
  counted(run: ManagedRun): void;
}

/** The changes that a manager wants to hear of. No payload is built for any other. */
const CHANGES: NonNullable<RunAttachment['changes']> = new Set([
  'statusChanged',
  'childCreated',
  'parked',
] as const);

/**
 * One run under a manager. Where a store has to take the run in first, its function and its events are held
 * back until then.
 */
export class ManagedRun implements RunAttachment {
  readonly run: AnyRun;
  readonly #keeper: RunKeeper;
  #recorder: RunRecorder | null = null;
  /** The events that wait for the store's answer; null where nothing is held back. */
  #held: RunAnnouncement[] | null = null;
  #refusal: RunError | null = null;
  /** Whether `runCreated` is still to be emitted. */
  isUnannounced = false;

  /** What the manager has attached to the run already. */
  static find(run: AnyRun, keeper: RunKeeper): ManagedRun | undefined {
    for (const follower of followersOf(run)) {
      if (follower instanceof ManagedRun && follower.#keeper === keeper) return follower;
    }
    return undefined;
  }

  constructor(run: AnyRun, keeper: RunKeeper) {
    this.run = run;
    this.#keeper = keeper;
    follow(run, this);
  }

  get id(): string {
    return this.run.id;
  }

  get changes(): NonNullable<RunAttachment['changes']> {
    return CHANGES;
  }

  /** Why the store did not take the run in; null where it did. */
  get refusal(): RunError | null {
    return this.#refusal;
  }

  recordedBy(recorder: RunRecorder): void {
    this.#recorder = recorder;
  }

  /** Holds back the run's events and its function until the store has it. */
  hold(): void {
    if (this.#recorder !== null) this.#held ??= [];
  }

  /** Lets go of what was held back. */
  release(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    this.#keeper.counted(this);
    for (const announcement of held) this.#keeper.tell(...announcement);
  }

  /**
   * Settles when everything of the run is stored. Never rejects: resolves with the store's error, null for
   * none.
   */
  async stored(): Promise<RunError | null> {
    try {
      await this.#recorder?.flush();
      return null;
    } catch (error) {
      return error as RunError;
    }
  }

  changed(...[name, event]: RunChange): void {
    if (name === 'statusChanged') {
      if (isTerminalStatus(event.to)) this.#keeper.ended(this);
      else this.#keeper.started(this);
    } else if (name === 'parked') this.#keeper.parked(this);
    else if (name === 'childCreated') this.#keeper.childCreated(event.child, event.at);
  }

  hears(name: string): boolean {
    return this.#keeper.hears(name);
  }

  deliver(...announcement: RunAnnouncement): void {
    if (this.#held === null) this.#keeper.tell(...announcement);
    else this.#held.push(announcement);
  }

  surround<Result>(fn: () => Result): Result {
    this.#keeper.entered(this);
    // `execute` awaits what its surroundings give back, so a promise does as well.
    return this.#held === null ? fn() : (this.#takeIn(fn) as Result);
  }

  executionOver(): void {
    this.#keeper.left(this);
  }

  /** A run whose function was not called here can only have been cancelled or timed out here. */
  get #wasExecutedElsewhere(): boolean {
    return this.run.status === 'completed' || this.run.status === 'failed';
  }

  async #takeIn<Result>(fn: () => Result): Promise<Awaited<Result>> {
    try {
      await this.#recorder?.flush();
    } catch (error) {
      if (isRefusal(error)) {
        this.#refusal = error as RunError;
        this.#held = null;
      } else {
        this.release();
      }
      throw error;
    }
    if (this.#wasExecutedElsewhere) {
      this.#held = null;
      this.#refusal = executedElsewhere(this.run);
      throw this.#refusal;
    }
    this.release();
    if (this.run.isTerminal) {
      throw new RunError('invalid_operation', `Run ${this.id} ended before its store had taken it in`);
    }
    return await fn();
  }
}
