import { useEffect, useMemo } from 'preact/hooks';
import { serverNow } from '../api/connection';
import { apiUrl } from '../api/settings';
import { useLive } from '../hooks/use-live';
import { useNow } from '../hooks/use-now';
import type { Resource } from '../hooks/use-resource';
import { SUMS_REST_MS, useResource } from '../hooks/use-resource';
import type { Period } from '../model/plot';
import { periodOf } from '../model/plot';
import type { RunPage, SummaryAnswer } from '../model/records';
import type { RangeName } from '../model/route';

const MINUTE = 60_000;
const LIVE_MS = 2_000;

/** What the overview is made of. */
export interface OverviewData {
  readonly period: Period;
  readonly byStatus: Resource<SummaryAnswer>;
  readonly byModel: Resource<SummaryAnswer>;
  readonly lastHour: Resource<SummaryAnswer>;
  readonly stuck: Resource<Pick<RunPage, 'runs'>>;
  readonly waiting: Resource<RunPage>;
  readonly answered: Resource<RunPage>;
  readonly failures: Resource<RunPage>;
  readonly running: Resource<RunPage>;
}

/** Reads it, and again as the store changes; addresses stay the same within a minute. */
export function useOverview(range: RangeName): OverviewData {
  const minute = Math.floor(useNow(MINUTE / 2) / MINUTE) * MINUTE;
  const period = useMemo(() => periodOf(range, serverNow()), [range, Math.floor(minute / (60 * MINUTE))]);
  const from = ['started_from', new Date(period.from).toISOString()] as const;
  const hourAgo = ['started_from', new Date(minute - 60 * MINUTE).toISOString()] as const;
  const timeZone = ['time_zone', Intl.DateTimeFormat().resolvedOptions().timeZone] as const;
  const data = {
    byStatus: useResource<SummaryAnswer>(apiUrl('summary', [['group_by', 'status'], from]), SUMS_REST_MS),
    byModel: useResource<SummaryAnswer>(
      apiUrl('summary', [['group_by', period.grain], ['group_by', 'model'], timeZone, from]),
      SUMS_REST_MS,
    ),
    lastHour: useResource<SummaryAnswer>(apiUrl('summary', [['group_by', 'status'], hourAgo]), SUMS_REST_MS),
    stuck: useResource<Pick<RunPage, 'runs'>>(apiUrl('stuck'), SUMS_REST_MS),
    waiting: useResource<RunPage>(
      apiUrl('runs', [
        ['awaiting', 'answer'],
        ['limit', '8'],
      ]),
    ),
    answered: useResource<RunPage>(
      apiUrl('runs', [
        ['awaiting', 'resume'],
        ['limit', '8'],
      ]),
    ),
    failures: useResource<RunPage>(
      apiUrl('runs', [['status', 'failed'], ['status', 'timeout'], from, ['limit', '50']]),
    ),
    running: useResource<RunPage>(
      apiUrl('runs', [
        ['status', 'running'],
        ['roots_only', 'true'],
        ['limit', '8'],
      ]),
    ),
  };
  useLive(LIVE_MS, () => {
    for (const resource of Object.values(data)) resource.refresh();
  });
  // A process that dies writes nothing, so this is asked every minute.
  useEffect(() => data.stuck.refresh(), [minute]);
  return { period, ...data };
}
