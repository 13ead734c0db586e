export type { RunFilter, ListOptions } from './filter';
export type { JournalEntry, JournalEntryType } from './journal';
export { MemoryRunStore } from './memory/memory-run-store';
export type { RecorderErrorEvent, RunStoreOptions, TrackOptions, WhenBusy } from './options';
export { RunRecorder } from './recorder';
export type { EventsOptions, RecoverOptions, RunPage } from './store';
export { RunStore } from './store';
export type { SummarizeOptions, SummaryGrouping, SummaryRow } from './summary';
export type { WatchOptions, WatchRunOptions, WatchSessionOptions } from './watch';
