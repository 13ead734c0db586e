/**
 * Keeping runs and their journals: what every store can do, and the one in memory.
 *
 * @module agent-run/store
 */
export type { RunFilter, ListOptions } from './filter';
export type { RunInspection } from './inspection';
export type { JournalEntry } from './journal';
export { MemoryRunStore } from './memory/memory-run-store';
export type { RecorderErrorEvent, RunStoreOptions, StoreErrorEvent, TrackOptions, WhenBusy } from './options';
export type { PruneOptions } from './prune';
export { RunRecorder } from './recorder';
export type { RecoverOptions } from './recovery';
export type { CreatedRun } from './saving';
export type { RunPage } from './store';
export { RunStore } from './store';
export type { SummarizeOptions, SummaryGrouping, SummaryRow } from './summary';
export type { WatchOptions, WatchRunOptions, WatchSessionOptions } from './watch-options';
