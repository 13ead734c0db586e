import type { SummaryGrouping, SummaryRow } from '../store/summary';
import type { Query } from './query';

/** What groups are made by, on the wire and in a store; `metadata.NAME` is the same in both. */
export const STORE_GROUPINGS: Readonly<Record<string, SummaryGrouping>> = {
  session_id: 'sessionId',
  provider: 'provider',
  status: 'status',
  hour: 'hour',
  day: 'day',
  model: 'model',
  root_run_id: 'rootRunId',
};

const WIRE_NAMES = Object.fromEntries(Object.entries(STORE_GROUPINGS).map(([wire, name]) => [name, wire]));
const METADATA = 'metadata.';

/** The names that a query asks to group by, as a store knows them. */
export function readGrouping(query: Query): readonly SummaryGrouping[] {
  const names = query.texts('group_by');
  if (names.length === 0) query.refuse('group_by', `is required: ${knownGroupings()}`);
  return names.map((name) => {
    if (name.startsWith(METADATA) && name.length > METADATA.length) return name as SummaryGrouping;
    if (Object.hasOwn(STORE_GROUPINGS, name)) return STORE_GROUPINGS[name] as SummaryGrouping;
    query.refuse('group_by', `must be ${knownGroupings()}`);
    return name as SummaryGrouping;
  });
}

/** A row of a summary as clients get it. */
export function rowAnswer({ group, runs, turns, tokenUsage, costUsd, unpricedRequests }: SummaryRow): object {
  const wireGroup = Object.fromEntries(
    Object.entries(group).map(([name, value]) => [wireNameOf(name), value]),
  );
  return {
    group: wireGroup,
    runs,
    turns,
    token_usage: tokenUsage,
    cost_usd: costUsd,
    unpriced_requests: unpricedRequests,
  };
}

function wireNameOf(name: string): string {
  return Object.hasOwn(WIRE_NAMES, name) ? (WIRE_NAMES[name] as string) : name;
}

function knownGroupings(): string {
  return `one or several of ${[...Object.keys(STORE_GROUPINGS), 'metadata.NAME'].join(', ')}`;
}
