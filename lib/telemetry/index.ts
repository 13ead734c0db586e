export type { RunTelemetryOptions } from './run-telemetry';
export { RunTelemetry } from './run-telemetry';
