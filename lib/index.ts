/**
 * The run itself: what one execution of an agent went through, its events, `execute`, steps, sub-agents,
 * limits, waiting.
 *
 * @module agent-run
 */
export type { RunTotals } from './execution/budget';
export type { RunLimitName, RunLimits } from './record/limits';
export type { ExecuteOptions } from './execution/options';
export type { RunAttributes } from './record/attributes';
export type { RunErrorCode, ValidationIssue } from './record/error';
export { RunError } from './record/error';
export { httpStatusOf } from './record/http-status';
export type { ParkOptions, Parking } from './execution/parking';
export type { Awaiting, Resumed } from './record/awaiting';
export type {
  AnsweredEvent,
  AttributesChangedEvent,
  ChildCreatedEvent,
  LimitApproachingEvent,
  ListenerErrorEvent,
  NotedEvent,
  ParkedEvent,
  RunEvents,
  StatusChangedEvent,
  StepEndedEvent,
  StepStartedEvent,
  TurnIncrementedEvent,
  UsageUpdatedEvent,
} from './run-events';
export type { JsonObject, JsonValue, ReadBack } from './record/json';
export type { RunJSON } from './record/run-json';
export type { TraceContext } from './record/trace-context';
export type { AnyRun, ExecutionContext } from './run';
export { Run } from './run';
export type { RunStatus } from './record/status';
export { RUN_STATUSES, RUN_TRANSITIONS } from './record/status';
export type { TokenUsage } from './record/token-usage';
export type { StepHandle } from './steps/open-step';
export type { StartStepOptions, StepOptions } from './steps/options';
export type { StepContext } from './steps/steps';
