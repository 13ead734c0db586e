export type { RunCreatedEvent, RunManagerEvents, RunRecoveredEvent, StoreErrorEvent } from './events';
export type { DrainOptions, Retention, RunDefaults, RunManagerOptions } from './options';
export type { ManagedContext, ManagedFunction } from './run-manager';
export { RunManager } from './run-manager';
