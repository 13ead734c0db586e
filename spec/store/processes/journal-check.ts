import { isDeepStrictEqual } from 'node:util';
import type { Run } from 'agent-run';
import type { JournalEntry, RunStore } from 'agent-run/store';
import { RUN_TRANSITIONS } from 'agent-run';
import type { RunStatus } from 'agent-run';

/** A stored run with the whole of its journal. */
export interface StoredHistory {
  readonly run: Run;
  readonly entries: readonly JournalEntry[];
}

/**
 * Reads a run and its journal, and checks what has to hold of them always: `seq` counts from 1 without
 * gaps, positions grow, statuses follow the table, at most one end, and the row is what the journal
 * leads to.
 */
export async function historyOf(store: RunStore, id: string): Promise<StoredHistory> {
  const { run, entries } = await readTogether(store, id);
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  const positions = entries.map(({ position }) => position);
  expect(positions).toEqual([...new Set(positions)].sort((left, right) => left - right));
  expect(statusAfter(entries)).toBe(run.status);
  expect(entries.filter(({ type }) => type === 'turnIncremented')).toHaveLength(run.turnCount);
  expect(tokensIn(entries)).toBe(run.tokenUsage.input_tokens ?? 0);
  return { run, entries };
}

/** Row and journal of one moment: what a killed process has sent may still be committed by its server. */
async function readTogether(store: RunStore, id: string): Promise<StoredHistory> {
  const run = (await store.get(id))!;
  const entries: JournalEntry[] = [];
  for (;;) {
    const page = await store.events(id, { afterSeq: entries.length });
    entries.push(...page);
    if (page.length === 0) break;
  }
  const again = (await store.get(id))!;
  return isDeepStrictEqual(run.toJSON(), again.toJSON()) ? { run, entries } : readTogether(store, id);
}

function statusAfter(entries: readonly JournalEntry[]): RunStatus {
  let status: RunStatus = 'pending';
  for (const { type, data } of entries) {
    if (type !== 'statusChanged') continue;
    expect(data['from']).toBe(status);
    expect(RUN_TRANSITIONS[status]).toContain(data['to']);
    status = data['to'] as RunStatus;
  }
  return status;
}

function tokensIn(entries: readonly JournalEntry[]): number {
  const deltas = entries
    .filter(({ type }) => type === 'usageUpdated')
    .map(({ data }) => (data['delta'] as { input_tokens: number }).input_tokens);
  return deltas.reduce((sum, count) => sum + count, 0);
}
