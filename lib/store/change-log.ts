import type { RunChange } from '../attachment';
import { portOf } from '../attachment';
import type { RunAttributeName } from '../record/events';
import type {
  AttributesChangedEvent,
  LimitApproachingEvent,
  StatusChangedEvent,
  TurnIncrementedEvent,
  UsageUpdatedEvent,
} from '../run-events';
import type { AnyRun } from '../run';
import { isTerminalStatus } from '../record/status';
import type { NewEntry } from './backend';
import type { RecordColumn } from './columns';
import { AWAITING_COLUMNS, STATUS_COLUMNS } from './columns';
import type { JournalEntryType } from './journal';

/** An entry that has no `seq` yet. */
export type PendingEntry = Omit<NewEntry, 'seq'>;

/** What changed since the log was last taken. */
export interface Changes {
  readonly columns: ReadonlySet<RecordColumn>;
  readonly entries: readonly PendingEntry[];
}

/** Nothing. One for all: a run that waits for its next change keeps nothing for it. */
export const NO_CHANGES: Changes = { columns: new Set(), entries: [] };

/** Changes as they come in. */
interface Collected extends Changes {
  readonly columns: Set<RecordColumn>;
  readonly entries: PendingEntry[];
}

/** The columns that say how a run ended. */
const END_COLUMNS: ReadonlySet<RecordColumn> = new Set([
  ...STATUS_COLUMNS,
  ...AWAITING_COLUMNS,
  'ended_at',
  'output',
  'error',
]);

const COLUMN_OF: Readonly<Record<RunAttributeName, RecordColumn | readonly RecordColumn[]>> = {
  metadata: 'metadata',
  providerMetadata: 'provider_metadata',
  provider: 'provider',
  output: 'output',
  error: 'error',
  limits: 'extra',
  traceContext: 'extra',
  awaiting: AWAITING_COLUMNS,
};

/** Listens to a run: keeps an entry for each of its events, and the columns that each touches. */
export class ChangeLog {
  readonly #run: AnyRun;
  readonly #onChange: () => void;
  /** Stops following. */
  readonly stop: () => void;
  #changes: Collected | null = null;

  constructor(run: AnyRun, onChange: () => void = () => undefined) {
    this.#run = run;
    this.#onChange = onChange;
    this.stop = portOf(run).attach({ changed: (...change) => this.#changed(...change) });
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

  #changed(...[name, event]: RunChange): void {
    if (name === 'statusChanged') this.#onStatusChanged(event);
    else if (name === 'turnIncremented') this.#onTurnIncremented(event);
    else if (name === 'usageUpdated') this.#onUsageUpdated(event);
    else if (name === 'attributesChanged') this.#onAttributesChanged(event);
    else if (name === 'limitApproaching') this.#onLimitApproaching(event);
  }

  #onStatusChanged({ from, to, at }: StatusChangedEvent): void {
    const end: RecordColumn[] = isTerminalStatus(to)
      ? ['ended_at', 'output', 'error', ...AWAITING_COLUMNS]
      : [];
    this.#add('statusChanged', [...STATUS_COLUMNS, ...end], { from, to }, at);
  }

  #onTurnIncremented({ turnCount, at }: TurnIncrementedEvent): void {
    this.#add('turnIncremented', ['turn_count'], { turnCount }, at);
  }

  #onUsageUpdated({ delta, tokenUsage, costUsd, at }: UsageUpdatedEvent): void {
    // What a usage meter keeps in the record changes with what it counts.
    const kept: RecordColumn[] = portOf(this.#run).keepsMore ? ['usage_by_model', 'extra'] : [];
    this.#add('usageUpdated', ['token_usage', 'cost_usd', ...kept], { delta, tokenUsage, costUsd }, at);
  }

  #onAttributesChanged({ names, at }: AttributesChangedEvent): void {
    const columns = names.flatMap((name) => COLUMN_OF[name]);
    this.#add('attributesChanged', columns, { names }, at);
  }

  #onLimitApproaching({ limit, allowed, actual, at }: LimitApproachingEvent): void {
    this.#add('limitApproaching', [], { limit, allowed, actual }, at);
  }

  #add(type: JournalEntryType, columns: readonly RecordColumn[], data: object, at: number): void {
    const changes = (this.#changes ??= { columns: new Set(), entries: [] });
    for (const column of columns) changes.columns.add(column);
    changes.entries.push({ type, data: JSON.stringify(data), at });
    this.#onChange();
  }
}

/** The changes of both, the earlier ones first. */
export function mergeChanges(earlier: Changes, later: Changes): Changes {
  if (isUnchanged(earlier)) return later;
  return {
    columns: new Set([...earlier.columns, ...later.columns]),
    entries: [...earlier.entries, ...later.entries],
  };
}

/** Without what says how the run ended: another's end stands. */
export function withoutEnd({ columns, entries }: Changes): Changes {
  return {
    columns: new Set([...columns].filter((name) => !END_COLUMNS.has(name))),
    entries: entries.filter(({ type }) => type !== 'statusChanged'),
  };
}

/**
 * Without the moves into a session that did not let the run in: only where it came from and how it
 * ended.
 */
export function withoutEntering({ columns, entries }: Changes): Changes {
  const moves = entries.filter(({ type }) => type === 'statusChanged');
  const [first, last] = [moves[0], moves.at(-1)];
  if (first === undefined || last === undefined || first === last) return { columns, entries };
  const { from } = JSON.parse(first.data) as { from: string };
  const { to } = JSON.parse(last.data) as { to: string };
  const end = { ...last, data: JSON.stringify({ from, to }) };
  const kept = entries.filter((entry) => entry === last || entry.type !== 'statusChanged');
  return { columns, entries: kept.map((entry) => (entry === last ? end : entry)) };
}

export function isUnchanged({ columns, entries }: Changes): boolean {
  return columns.size === 0 && entries.length === 0;
}
