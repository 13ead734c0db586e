import type { Awaiting } from './awaiting';
import type { JsonObject, JsonValue } from './json';
import type { RunLimitName } from './limits';
import type { RunStatus } from './status';
import type { TokenUsage } from './token-usage';

/** What every event tells. */
export interface RunEvent<Subject> {
  /** The live run; it may be ahead of this event. */
  readonly run: Subject;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** The status of a run changed; state and payload are already in place. */
export interface StatusChangedEvent<Subject> extends RunEvent<Subject> {
  /** The status before. */
  readonly from: RunStatus;
  /** The status after. */
  readonly to: RunStatus;
}

/** A turn was added. */
export interface TurnIncrementedEvent<Subject> extends RunEvent<Subject> {
  /** The number of turns after this one. */
  readonly turnCount: number;
}

/** Usage or cost was added. */
export interface UsageUpdatedEvent<Subject> extends RunEvent<Subject> {
  /** What was added; `{}` where only the cost changed. */
  readonly delta: TokenUsage;
  /** The counters after it: a copy, which no later update changes. */
  readonly tokenUsage: TokenUsage;
  /** The cost after it, in US dollars; null while unknown. */
  readonly costUsd: number | null;
}

/** An attribute was assigned, an output drafted, or a payload filled in late. */
export interface AttributesChangedEvent<Subject> extends RunEvent<Subject> {
  /** What changed. */
  readonly names: readonly (
    'metadata' | 'providerMetadata' | 'provider' | 'output' | 'error' | 'limits' | 'traceContext' | 'awaiting'
  )[];
}

/** What `attributesChanged` may name. */
export type RunAttributeName = AttributesChangedEvent<unknown>['names'][number];

/** The run has used most of a limit. Once per limit. */
export interface LimitApproachingEvent<Subject> extends RunEvent<Subject> {
  /** Which limit. */
  readonly limit: RunLimitName;
  /** The limit: turns, tokens or US dollars. */
  readonly allowed: number;
  /** What is used, in the same unit. */
  readonly actual: number;
}

/** The run of a sub-agent was made. */
export interface ChildCreatedEvent<Subject, Child = Subject> extends RunEvent<Subject> {
  /** The child, pending. */
  readonly child: Child;
}

/** A step of the run started. */
export interface StepStartedEvent<Subject> extends RunEvent<Subject> {
  /** The step. */
  readonly step: {
    /** Counts from 1 within the run. */
    readonly index: number;
    /** The index of the step around it; null at the top. */
    readonly parent: number | null;
    /** What is done: the name of a tool, of a model. */
    readonly name: string;
    /** `tool`, `model`, or any word. */
    readonly kind: string;
    /** What went in; null for nothing. */
    readonly input: JsonObject | null;
  };
}

/** A step of a run as it starts. */
export type StartedStep = StepStartedEvent<unknown>['step'];

/** A step of the run ended. */
export interface StepEndedEvent<Subject> extends RunEvent<Subject> {
  /** The step. */
  readonly step: {
    /** Counts from 1 within the run. */
    readonly index: number;
    /** What was done: the name of a tool, of a model. */
    readonly name: string;
    /** `tool`, `model`, or any word. */
    readonly kind: string;
    /** `cancelled` where the run ended or parked before it. */
    readonly status: 'completed' | 'failed' | 'cancelled';
    /** What came out, on request only. */
    readonly output?: JsonObject;
    /** Whether an output was asked for that did not fit. */
    readonly omitted?: true;
    /** What went wrong. */
    readonly error?: JsonObject;
    /** From start to end in milliseconds. */
    readonly durationMs: number;
  };
}

/** A step of a run as it has ended. */
export type EndedStep = StepEndedEvent<unknown>['step'];

/** Something worth noting happened in the run. */
export interface NotedEvent<Subject> extends RunEvent<Subject> {
  /** What. */
  readonly name: string;
  /** The facts; null for none. */
  readonly data: JsonObject | null;
}

/** The run waits for an answer; its execution is over. */
export interface ParkedEvent<Subject> extends RunEvent<Subject> {
  /** For what. */
  readonly awaiting: Awaiting;
}

/** The run that waited has its answer; it can be resumed. */
export interface AnsweredEvent<Subject> extends RunEvent<Subject> {
  /** The answer. */
  readonly answer: JsonValue;
}

/** A listener threw, or its promise rejected. */
export interface ListenerErrorEvent<Subject> {
  /** The live run. */
  readonly run: Subject;
  /** The event that the listener was called for. */
  readonly event: string;
  /** What it threw. */
  readonly error: unknown;
}

/** The changes of a run, each with the single argument of its event. */
export interface RunChanges<Subject, Child = Subject> {
  /** After every change of status. Exactly one in a run's life has a terminal `to`. */
  statusChanged: [event: StatusChangedEvent<Subject>];
  /** After every turn. */
  turnIncremented: [event: TurnIncrementedEvent<Subject>];
  /** After every update of usage or cost, once for one that is both. */
  usageUpdated: [event: UsageUpdatedEvent<Subject>];
  /** After an assignment to an attribute, a draft, or a payload filled in late. */
  attributesChanged: [event: AttributesChangedEvent<Subject>];
  /** When most of a limit is used, once per limit. */
  limitApproaching: [event: LimitApproachingEvent<Subject>];
  /** After `createChild`. */
  childCreated: [event: ChildCreatedEvent<Subject, Child>];
  /** When a step starts. */
  stepStarted: [event: StepStartedEvent<Subject>];
  /** When a step has ended. */
  stepEnded: [event: StepEndedEvent<Subject>];
  /** After `note`. */
  noted: [event: NotedEvent<Subject>];
  /** When the run waits for an answer. */
  parked: [event: ParkedEvent<Subject>];
  /** When the run that waited has its answer. */
  answered: [event: AnsweredEvent<Subject>];
}

/** The events of a run, each with its single argument. */
export interface RunEvents<Subject, Child = Subject> extends RunChanges<Subject, Child> {
  /** A listener failed. With nobody listening, the error is thrown on the next tick. */
  listenerError: [event: ListenerErrorEvent<Subject>];
}
