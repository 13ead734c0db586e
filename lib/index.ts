export type { RunTotals } from './execution/budget';
export type { RunLimitName, RunLimits, RunLimitsJSON } from './execution/limits';
export type { ExecuteOptions, ExecutionContext } from './execution/options';
export type { RunAttributes } from './run/attributes';
export type { RunErrorCode, RunErrorJSON, RunErrorOptions, ValidationIssue } from './run/error';
export { RunError } from './run/error';
export type { ErrorPayloadOptions } from './run/error-payload';
export type {
  AttributesChangedEvent,
  LimitApproachingEvent,
  ListenerErrorEvent,
  RunAttributeName,
  RunEvents,
  StatusChangedEvent,
  TurnIncrementedEvent,
  UsageUpdatedEvent,
} from './run/events';
export type { Accepted, DeepReadonly, JsonObject, JsonValue } from './run/json';
export type { RunJSON, TraceContext } from './run/record';
export type { AnyRun } from './run/run';
export { Run } from './run/run';
export type { RunStatus } from './run/status';
export { RUN_STATUSES, RUN_TRANSITIONS } from './run/status';
export type { TokenUsage, TokenUsageValue } from './run/token-usage';
