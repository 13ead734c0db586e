import type * as Told from './record/events';
import type { AnyRun } from './run';

/** The status of a run changed; state and payload are already in place. */
export interface StatusChangedEvent<Subject = AnyRun> extends Told.StatusChangedEvent<Subject> {}

/** A turn was added. */
export interface TurnIncrementedEvent<Subject = AnyRun> extends Told.TurnIncrementedEvent<Subject> {}

/** Usage or cost was added. */
export interface UsageUpdatedEvent<Subject = AnyRun> extends Told.UsageUpdatedEvent<Subject> {}

/** An attribute was assigned, an output drafted, or a payload filled in late. */
export interface AttributesChangedEvent<Subject = AnyRun> extends Told.AttributesChangedEvent<Subject> {}

/** The run has used most of a limit. Once per limit. */
export interface LimitApproachingEvent<Subject = AnyRun> extends Told.LimitApproachingEvent<Subject> {}

/** The run of a sub-agent was made. */
export interface ChildCreatedEvent<Subject = AnyRun, Child = AnyRun> extends Told.ChildCreatedEvent<
  Subject,
  Child
> {}

/** A step of the run started. */
export interface StepStartedEvent<Subject = AnyRun> extends Told.StepStartedEvent<Subject> {}

/** A step of the run ended. */
export interface StepEndedEvent<Subject = AnyRun> extends Told.StepEndedEvent<Subject> {}

/** Something worth noting happened in the run. */
export interface NotedEvent<Subject = AnyRun> extends Told.NotedEvent<Subject> {}

/** The run waits for an answer; its execution is over. */
export interface ParkedEvent<Subject = AnyRun> extends Told.ParkedEvent<Subject> {}

/** The run that waited has its answer; it can be resumed. */
export interface AnsweredEvent<Subject = AnyRun> extends Told.AnsweredEvent<Subject> {}

/** A listener threw, or its promise rejected. */
export interface ListenerErrorEvent<Subject = AnyRun> extends Told.ListenerErrorEvent<Subject> {}

/** The events of a `Run`, each with its single argument. */
export interface RunEvents<Subject = AnyRun, Child = AnyRun> extends Told.RunEvents<Subject, Child> {}
