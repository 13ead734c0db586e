import type * as Told from './record/events';
import type { AnyRun } from './run';

/** The status of a run changed; state and payload are already in place. */
export type StatusChangedEvent<Subject = AnyRun> = Told.StatusChangedEvent<Subject>;

/** A turn was added. */
export type TurnIncrementedEvent<Subject = AnyRun> = Told.TurnIncrementedEvent<Subject>;

/** Usage or cost was added. */
export type UsageUpdatedEvent<Subject = AnyRun> = Told.UsageUpdatedEvent<Subject>;

/** An attribute was assigned, an output drafted, or a payload filled in late. */
export type AttributesChangedEvent<Subject = AnyRun> = Told.AttributesChangedEvent<Subject>;

/** The run has used most of a limit. Once per limit. */
export type LimitApproachingEvent<Subject = AnyRun> = Told.LimitApproachingEvent<Subject>;

/** The run of a sub-agent was made. */
export type ChildCreatedEvent<Subject = AnyRun, Child = AnyRun> = Told.ChildCreatedEvent<Subject, Child>;

/** A step of the run started. */
export type StepStartedEvent<Subject = AnyRun> = Told.StepStartedEvent<Subject>;

/** A step of the run ended. */
export type StepEndedEvent<Subject = AnyRun> = Told.StepEndedEvent<Subject>;

/** Something worth noting happened in the run. */
export type NotedEvent<Subject = AnyRun> = Told.NotedEvent<Subject>;

/** The run waits for an answer; its execution is over. */
export type ParkedEvent<Subject = AnyRun> = Told.ParkedEvent<Subject>;

/** The run that waited has its answer; it can be resumed. */
export type AnsweredEvent<Subject = AnyRun> = Told.AnsweredEvent<Subject>;

/** A listener threw, or its promise rejected. */
export type ListenerErrorEvent<Subject = AnyRun> = Told.ListenerErrorEvent<Subject>;

/** The events of a `Run`, each with its single argument. */
export type RunEvents<Subject = AnyRun, Child = AnyRun> = Told.RunEvents<Subject, Child>;
