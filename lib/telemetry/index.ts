/**
 * OpenTelemetry spans and metrics of runs and of their steps.
 *
 * @module agent-run/telemetry
 */
export type { ObserveOptions, RunTelemetryOptions } from './run-telemetry';
export { RunTelemetry } from './run-telemetry';
