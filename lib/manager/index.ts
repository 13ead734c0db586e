/**
 * All the runs of a service in one place: created, executed, stored, observed, found again, and drained at
 * shutdown.
 *
 * @module agent-run/manager
 */
export type { RunCreatedEvent, RunManagerEvents, RunRecoveredEvent, StoreErrorEvent } from './events';
export type { DrainOptions, Retention, RunDefaults, RunManagerOptions, RunObserver } from './options';
export type { ManagedContext, ManagedFunction } from './managed-context';
export { RunManager } from './run-manager';
