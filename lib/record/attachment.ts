import type { KeptKey, RecordKey } from './fields';
import type { RunChanges, RunEvents } from './events';
import type { JsonObject, JsonValue } from './json';
import type { RunStatus } from './status';

/** The name of a change of a run. */
export type ChangeName = keyof RunChanges<unknown>;

/** A change of a run: the name of its event, and the event. */
export type Change<Subject> = {
  [Name in ChangeName]: [name: Name, ...RunChanges<Subject>[Name]];
}[ChangeName];

/** An event of a run, a failed listener among them: its name, and its payload. */
export type Announcement<Subject> = {
  [Name in keyof RunEvents<unknown>]: [name: Name, ...RunEvents<Subject>[Name]];
}[keyof RunEvents<unknown>];

/** How a part of this package follows a run. No user's listener stands before it or can unhook it. */
export interface Attachment<Subject> {
  /**
   * Told of every change, at once and in order, before any listener hears of it. Calls no code of the
   * user's. What it throws surfaces as an uncaught exception on the next tick, and stops nothing.
   */
  changed?(...change: Change<Subject>): void;
  /** Which changes {@link changed} is told of. @default all */
  readonly changes?: ReadonlySet<ChangeName>;
  /** Whether {@link deliver} wants the event: a payload is built only for somebody. */
  hears?(name: keyof RunEvents<unknown>): boolean;
  /** Called with each event as it is delivered, before the run's own listeners. */
  deliver?(...announcement: Announcement<Subject>): void;
  /** Surrounds the function of every later execution; may answer later, with a promise. */
  surround?<Result>(fn: () => Result): Result;
  /** Surrounds the function of every later step, given by its index; must call it at once. */
  surroundStep?<Result>(index: number, fn: () => Result): Result;
  /** An execution is over, right before its promise settles. Must not throw. */
  executionOver?(): void;
}

/** How a run was ended by another process. */
export interface RemoteEnd {
  /** The end. */
  readonly status: RunStatus;
  /** @default what the run has */
  readonly output?: JsonObject | null;
  /** @default what the run has */
  readonly error?: JsonObject | null;
  /** Milliseconds since the epoch. @default now */
  readonly endedAtMs?: number;
}

/** What the package's own parts may do with a run, beyond its public methods. */
export interface Port<Subject> {
  /**
   * Follows the run from here on.
   *
   * @returns a function that stops it.
   */
  attach(attachment: Attachment<Subject>): () => void;
  /** Whether anybody listens to the event. Where nobody does, no payload is built. */
  isHeard(name: ChangeName): boolean;
  /** Tells attachments and listeners of something that happened in the run: a step, a note. */
  announce(...change: Change<Subject>): void;
  /**
   * Adds counters and cost in one event. Counts and dollars may be negative where an estimate is
   * corrected: a caller takes back no more than it has added, and nothing here checks that.
   */
  recordUsage(delta: JsonObject, costUsd: number | null): void;
  /**
   * Adds a key to the run's record. `write` is called whenever the record is written; where it gives null,
   * the key is left out.
   */
  keep(key: KeptKey, write: () => JsonObject | null): void;
  /** What stood under the key in the record that the run was read from. */
  kept(key: KeptKey): JsonValue | undefined;
  /**
   * What a record written now has under the key: what was given to {@link keep}, else what the run was read
   * with.
   */
  written(key: KeptKey): JsonValue | null | undefined;
  /** Whether a part keeps a key of its own (see {@link keep}): its value changes with the counters. */
  readonly keepsMore: boolean;
  /** Whether the record has more than the fourteen keys of every record. */
  readonly hasMoreKeys: boolean;
  /** What the record has under a key, in the form of its JSON; null for nothing. Payloads are not copied. */
  wire(key: RecordKey): unknown;
  /**
   * How many steps of the run have begun, those before it was read from a store included. Not part of the
   * record.
   */
  readonly stepCount: number;
  /** Sets how many steps a run that was read from a store has had: its next step is counted from there. */
  continueSteps(count: number): void;
  /** `started_at`, with every digit that an incoming record had. */
  readonly startedAtText: string;
  /** `ended_at`, with every digit that an incoming record had. */
  readonly endedAtText: string | null;
  /** Ends the run as another process has ended it. */
  endRemotely(end: RemoteEnd): void;
}

/** How to reach a run's port and its attachments. */
interface Ways {
  readonly port: (run: object) => Port<never>;
  readonly attach: (run: object, attachment: Attachment<never>) => () => void;
  readonly attached: (run: object) => readonly Attachment<never>[];
}

let ways: Ways | null = null;

/** Called once, by the class of the run: only it can reach the private members behind a port. */
export function givePorts(given: Ways): void {
  ways = given;
}

/** The port of a run. */
export function findPortOf<Subject extends object>(run: Subject): Port<Subject> {
  return (ways as Ways).port(run);
}

/** Does what {@link Port.attach} does without making a port first, for those who follow every run. */
export function attachTo<Subject extends object>(run: Subject, attachment: Attachment<Subject>): () => void {
  return (ways as Ways).attach(run, attachment);
}

/** What follows a run. */
export function attachedTo(run: object): readonly object[] {
  return (ways as Ways).attached(run);
}
