/** The state of a run. */
export type RunStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timeout';

/**
 * From each status, the statuses it may go to; an empty row is a terminal status. The one place that
 * says so: the words, the moves and what is terminal are all read from this table.
 */
export const RUN_TRANSITIONS: Readonly<Record<RunStatus, readonly RunStatus[]>> = deepFreeze({
  pending: ['running', 'completed', 'failed', 'cancelled', 'timeout'],
  running: ['completed', 'failed', 'cancelled', 'timeout'],
  completed: [],
  failed: [],
  cancelled: [],
  timeout: [],
});

/** Every status, in the order of a run's life. */
export const RUN_STATUSES: readonly RunStatus[] = Object.freeze(Object.keys(RUN_TRANSITIONS) as RunStatus[]);

/** Whether the value is one of the six statuses. */
export function isRunStatus(value: unknown): value is RunStatus {
  return typeof value === 'string' && Object.hasOwn(RUN_TRANSITIONS, value);
}

/** Whether nothing follows the status. */
export function isTerminalStatus(status: RunStatus): boolean {
  return RUN_TRANSITIONS[status].length === 0;
}

function deepFreeze<Table extends Record<string, readonly unknown[]>>(table: Table): Table {
  for (const row of Object.values(table)) Object.freeze(row);
  return Object.freeze(table);
}
