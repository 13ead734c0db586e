import type { RunChange } from '../attachment';
import { portOf } from '../attachment';
import type { Change, ChangeName } from '../record/attachment';
import type { RunAttributeName } from '../record/events';
import { isTerminalStatus } from '../record/status';
import type { AnyRun } from '../run';
import type { NewEntry } from './backend';
import type { RecordColumn } from './columns';
import { AWAITING_COLUMNS, STATUS_COLUMNS } from './columns';

/** An entry that has no `seq` yet. */
export type PendingEntry = Omit<NewEntry, 'seq'>;

/** What changed since the log was last taken. */
export interface Changes {
  readonly columns: ReadonlySet<RecordColumn>;
  readonly entries: readonly PendingEntry[];
}

/** No changes. One object for all runs that wait for their next change. */
export const NO_CHANGES: Changes = { columns: new Set(), entries: [] };

/** Changes as they come in. */
interface Collected extends Changes {
  readonly columns: Set<RecordColumn>;
  readonly entries: PendingEntry[];
}

/** The columns that say how a run ended. */
const END_COLUMNS: readonly RecordColumn[] = ['ended_at', 'output', 'error', ...AWAITING_COLUMNS];
const ALL_END_COLUMNS: ReadonlySet<RecordColumn> = new Set([...STATUS_COLUMNS, ...END_COLUMNS]);

const COLUMNS_OF: Readonly<Record<RunAttributeName, readonly RecordColumn[]>> = {
  metadata: ['metadata'],
  providerMetadata: ['provider_metadata'],
  provider: ['provider'],
  output: ['output'],
  error: ['error'],
  limits: ['extra'],
  traceContext: ['extra'],
  awaiting: AWAITING_COLUMNS,
};

type Payload<Name extends ChangeName> = Extract<Change<AnyRun>, readonly [Name, unknown]>[1];

/** What the journal keeps of each change: the payload without `run` and `at`, and without what is personal. */
const DATA_OF: { readonly [Name in ChangeName]: (event: Payload<Name>) => object } = {
  statusChanged: ({ from, to }) => ({ from, to }),
  turnIncremented: ({ turnCount }) => ({ turnCount }),
  usageUpdated: ({ delta, tokenUsage, costUsd }) => ({ delta, tokenUsage, costUsd }),
  attributesChanged: ({ names }) => ({ names }),
  limitApproaching: ({ limit, allowed, actual }) => ({ limit, allowed, actual }),
  childCreated: ({ child }) => ({ childRunId: child.id }),
  stepStarted: ({ step }) => ({ step }),
  stepEnded: ({ step }) => ({ step }),
  noted: ({ name, data }) => ({ name, data }),
  parked: ({ awaiting: { reason, since, expiresAt } }) => ({ awaiting: { reason, since, expiresAt } }),
  answered: () => ({}),
};

/** Keeps what happens to a run: an entry for each change, and the columns that it touches. */
export class ChangeLog {
  readonly #run: AnyRun;
  #changes: Collected | null = null;

  constructor(run: AnyRun) {
    this.#run = run;
  }

  /** How many entries wait. */
  get length(): number {
    return this.#changes?.entries.length ?? 0;
  }

  get isEmpty(): boolean {
    return this.#changes === null;
  }

  /** Hands out what changed, and starts over. */
  take(): Changes {
    const changes = this.#changes ?? NO_CHANGES;
    this.#changes = null;
    return changes;
  }

  add(...change: RunChange): void {
    const [name, event] = change;
    const data = (DATA_OF[name] as (event: RunChange[1]) => object)(event);
    this.touch(this.#touched(...change));
    this.#collected.entries.push({ type: name, data: JSON.stringify(data), at: event.at });
  }

  /** Marks the columns as changed, whether they were or not. */
  touch(columns: readonly RecordColumn[]): void {
    const collected = this.#collected;
    for (const column of columns) collected.columns.add(column);
  }

  get #collected(): Collected {
    return (this.#changes ??= { columns: new Set(), entries: [] });
  }

  #touched(...[name, event]: RunChange): readonly RecordColumn[] {
    switch (name) {
      case 'statusChanged':
        return isTerminalStatus(event.to) ? [...STATUS_COLUMNS, ...END_COLUMNS] : STATUS_COLUMNS;
      case 'turnIncremented':
        return ['turn_count'];
      case 'usageUpdated':
        return portOf(this.#run).keepsMore ? USAGE_AND_KEPT : USAGE;
      case 'attributesChanged':
        return event.names.flatMap((attribute) => COLUMNS_OF[attribute]);
      case 'parked':
      case 'answered':
        return AWAITING_COLUMNS;
      case 'stepStarted':
        return STEPS;
      case 'limitApproaching':
      case 'childCreated':
      case 'stepEnded':
      case 'noted':
        return [];
    }
  }
}

const STEPS: readonly RecordColumn[] = ['step_count'];

const USAGE: readonly RecordColumn[] = ['token_usage', 'cost_usd'];

/** The columns that a usage meter changes too: it keeps its own counts in the record. */
const USAGE_AND_KEPT: readonly RecordColumn[] = [...USAGE, 'usage_by_model', 'extra'];

/** The changes of both, the earlier ones first. */
export function mergeChanges(earlier: Changes, later: Changes): Changes {
  if (isUnchanged(earlier)) return later;
  if (isUnchanged(later)) return earlier;
  return {
    columns: new Set([...earlier.columns, ...later.columns]),
    entries: [...earlier.entries, ...later.entries],
  };
}

/** The changes without the run's end: another process has stored an end already. */
export function withoutEnd({ columns, entries }: Changes): Changes {
  return {
    columns: new Set([...columns].filter((name) => !ALL_END_COLUMNS.has(name))),
    entries: entries.filter(({ type }) => type !== 'statusChanged'),
  };
}

/**
 * The changes of a run that its session did not admit, without the move to running: from the status before
 * straight to its end.
 */
export function withoutEntering({ columns, entries }: Changes): Changes {
  const moves = entries.filter(({ type }) => type === 'statusChanged');
  if (moves.length === 0) return { columns, entries };
  const [first, last] = [moves[0], moves.at(-1)] as [PendingEntry, PendingEntry];
  const { from } = JSON.parse(first.data) as { from: string };
  const { to } = JSON.parse(last.data) as { to: string };
  const end = { ...last, data: JSON.stringify({ from, to }) };
  const kept = entries.filter((entry) => entry === last || entry.type !== 'statusChanged');
  return { columns, entries: kept.map((entry) => (entry === last ? end : entry)) };
}

/**
 * The changes of a run that turned out to be stored with the status: the first move begins there, and is
 * left out where it leads there.
 */
export function afterMoveTo(status: string, { columns, entries }: Changes): Changes {
  const first = entries.findIndex(({ type }) => type === 'statusChanged');
  const entry = entries[first];
  if (entry === undefined) return { columns, entries };
  const { to } = JSON.parse(entry.data) as { to: string };
  const moved = { ...entry, data: JSON.stringify({ from: status, to }) };
  return { columns, entries: entries.toSpliced(first, 1, ...(to === status ? [] : [moved])) };
}

export function isUnchanged({ columns, entries }: Changes): boolean {
  return columns.size === 0 && entries.length === 0;
}
