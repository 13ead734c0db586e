import { RUN_STATUSES } from '../record/status';
import type { RunStatus } from '../record/status';
import type { Query } from './query';
import type { TextFilter } from './text-filter';

/** The filter that a query names. */
export function readFilter(query: Query): TextFilter {
  const filter = {
    sessionId: query.text('session_id'),
    status: readStatuses(query),
    provider: query.text('provider'),
    parentRunId: query.text('parent_run_id'),
    rootRunId: query.text('root_run_id'),
    rootsOnly: query.flag('roots_only'),
    metadata: query.metadata() ?? undefined,
    awaiting: query.word('awaiting', ['answer', 'resume']),
    startedFrom: query.moment('started_from'),
    startedBefore: query.moment('started_before'),
  };
  return withoutUndefined(filter);
}

function readStatuses(query: Query): RunStatus | readonly RunStatus[] | undefined {
  const words = query.texts('status');
  const isKnown = words.every((word) => (RUN_STATUSES as readonly string[]).includes(word));
  if (!isKnown) query.refuse('status', `must be one of ${RUN_STATUSES.join(', ')}`);
  const statuses = [...new Set(words)] as RunStatus[];
  return statuses.length > 1 ? statuses : statuses[0];
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Leaves out members that are undefined, for types that do not allow them. */
export function withoutUndefined<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>;
}
