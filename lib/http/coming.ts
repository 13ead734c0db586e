import type { Run } from '../run';
import type { RunStatus } from '../record/status';
import type { JournalEntry } from '../store/journal';
import type { RunPage, RunStore } from '../store/store';
import type { SummaryRow } from '../store/summary';

/** What stands in the way of nobody else for as long as the run is executed. */
export interface LeaseView {
  readonly owner: string;
  readonly expiresAt: Date;
}

/** Which runs. */
export interface FilterView {
  sessionId?: string;
  status?: RunStatus | readonly RunStatus[];
  provider?: string;
  parentRunId?: string;
  rootRunId?: string;
  rootsOnly?: boolean;
  metadata?: Readonly<Record<string, string | number | boolean>>;
  awaiting?: 'answer' | 'resume';
  startedFrom?: Date;
  startedBefore?: Date;
}

/** The store as it is used here, until its class has all of it. */
export interface StoreView {
  get(id: string): Promise<Run | null>;
  inspect(id: string): Promise<{ run: Run; lease: LeaseView | null; recordedAt: Date } | null>;
  list(options?: FilterView & { limit?: number; cursor?: string }): Promise<RunPage>;
  events(runId: string, options?: { afterSeq?: number; limit?: number }): Promise<JournalEntry[]>;
  watch(options: {
    runId?: string;
    sessionId?: string;
    afterSeq?: number | 'end';
    afterPosition?: number | 'end';
    signal?: AbortSignal;
  }): AsyncGenerator<JournalEntry>;
  summarize(options: FilterView & { groupBy: readonly string[]; timeZone?: string }): Promise<
    (Omit<SummaryRow, 'group'> & {
      readonly group: Readonly<Record<string, string | number | boolean | null>>;
    })[]
  >;
  recover(options?: { staleAfterMs?: number; dryRun?: boolean }): Promise<Run[]>;
  cancel(id: string, reason?: string): Promise<Run>;
  answer(id: string, value: unknown): Promise<Run>;
  prune(options: {
    endedBefore: Date;
    journalOnly?: boolean;
    signal?: AbortSignal;
    onProgress?: (removed: number) => void;
  }): Promise<number>;
}

/** The store under the names that its class is getting. */
export function viewOf(store: RunStore): StoreView {
  const view = store as unknown as StoreView;
  if (typeof view.inspect === 'function') return view;
  const inspect: StoreView['inspect'] = async (id) => {
    const run = await store.get(id);
    return run === null ? null : { run, lease: null, recordedAt: new Date() };
  };
  return new Proxy(view, {
    get: (target, name) => {
      const member = (target as unknown as Record<PropertyKey, unknown>)[name];
      if (name === 'inspect') return inspect;
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
