import type { JsonObject } from './json';
import type { AnyRun } from '../run';
import type { RunStatus } from './status';
import type { TokenUsage } from './token-usage';
import type { RunLimitName } from './limits';

/** The status of a run changed; state and payload are already in place. */
export interface StatusChangedEvent<Subject = AnyRun> {
  /** The live run; it may be ahead of this event. */
  readonly run: Subject;
  /** The status before. */
  readonly from: RunStatus;
  /** The status after. */
  readonly to: RunStatus;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** A turn was added. */
export interface TurnIncrementedEvent<Subject = AnyRun> {
  /** The live run; it may be ahead of this event. */
  readonly run: Subject;
  /** The number of turns after this one. */
  readonly turnCount: number;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** Usage or cost was added. */
export interface UsageUpdatedEvent<Subject = AnyRun> {
  /** The live run; it may be ahead of this event. */
  readonly run: Subject;
  /** What was added; `{}` where only the cost changed. */
  readonly delta: JsonObject;
  /** The counters after it, frozen. */
  readonly tokenUsage: TokenUsage;
  /** The cost after it, in US dollars; null while unknown. */
  readonly costUsd: number | null;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** What {@link AttributesChangedEvent} may name. */
export type RunAttributeName =
  'metadata' | 'providerMetadata' | 'provider' | 'output' | 'error' | 'limits' | 'traceContext';

/** An attribute was assigned, or a payload filled in late. */
export interface AttributesChangedEvent<Subject = AnyRun> {
  /** The live run; it may be ahead of this event. */
  readonly run: Subject;
  /** What changed. */
  readonly names: readonly RunAttributeName[];
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** The run has used most of a limit. Once per limit. */
export interface LimitApproachingEvent<Subject = AnyRun> {
  /** The live run; it may be ahead of this event. */
  readonly run: Subject;
  /** Which limit. */
  readonly limit: RunLimitName;
  /** The limit: turns, tokens or US dollars. */
  readonly allowed: number;
  /** What is used, in the same unit. */
  readonly actual: number;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** A listener threw, or its promise rejected. */
export interface ListenerErrorEvent<Subject = AnyRun> {
  /** The live run. */
  readonly run: Subject;
  /** The event that the listener was called for. */
  readonly event: string;
  /** What it threw. */
  readonly error: unknown;
}

/** The events of a {@link Run}, each with its single argument. */
export interface RunEvents<Subject = AnyRun> {
  /** After every change of status. Exactly one in a run's life has a terminal `to`. */
  statusChanged: [event: StatusChangedEvent<Subject>];
  /** After every turn. */
  turnIncremented: [event: TurnIncrementedEvent<Subject>];
  /** After every update of usage or cost, once for one that is both. */
  usageUpdated: [event: UsageUpdatedEvent<Subject>];
  /** After an assignment to an attribute, or a payload filled in late. */
  attributesChanged: [event: AttributesChangedEvent<Subject>];
  /** When most of a limit is used, once per limit. */
  limitApproaching: [event: LimitApproachingEvent<Subject>];
  /** A listener failed. With nobody listening, the error is thrown on the next tick. */
  listenerError: [event: ListenerErrorEvent<Subject>];
}
