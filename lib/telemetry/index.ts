export type { ObserveOptions, RunTelemetryOptions } from './run-telemetry';
export { RunTelemetry } from './run-telemetry';
