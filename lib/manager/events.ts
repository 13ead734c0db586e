import type { RunError } from '../record/error';
import type { AnyRun } from '../run';
import type { RunEvents } from '../run-events';

/** The manager made a run, or a run of it made a child. */
export interface RunCreatedEvent {
  /** The run, pending or just taken in. */
  readonly run: AnyRun;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** A sweep of the manager ended a run that a dead process had left. */
export interface RunRecoveredEvent {
  /** The run as it is stored now. */
  readonly run: AnyRun;
}

/** The store could not do something. */
export interface StoreErrorEvent {
  /** The run that it is about; null for a sweep. */
  readonly run: AnyRun | null;
  /** What went wrong. */
  readonly error: RunError;
  /** Whether it is tried again. */
  readonly willRetry: boolean;
}

/** The events of a `RunManager`: all events of all its runs, and its own. */
export interface RunManagerEvents extends RunEvents {
  /** When the manager makes a run, or one of its runs a child. With a store, once that has taken it in. */
  runCreated: [event: RunCreatedEvent];
  /** When a sweep of this manager has ended a run. */
  runRecovered: [event: RunRecoveredEvent];
  /** When an attempt at the store failed. With nobody listening, what is given up becomes a process warning. */
  storeError: [event: StoreErrorEvent];
}
