import type { JSX } from 'preact';
import { apiUrl } from '../api/settings';
import { useLive } from '../hooks/use-live';
import { useResource } from '../hooks/use-resource';
import { goTo } from '../hooks/use-route';
import type { RunPage } from '../model/records';
import type { RunFilter } from '../model/route';
import { isUnfiltered, routeHash, runsHash, runsQuery } from '../model/route';
import { Filters } from '../parts/filters';
import { RunTable } from '../parts/run-table';
import { Empty, ResourceView } from '../parts/states';

interface RunsProps {
  readonly filter: RunFilter;
  readonly cursor: string | null;
}

const LIMIT = 50;
const LIVE_MS = 700;

/** All runs, or those that a filter lets through, newest first; the first page is live. */
export function Runs({ filter, cursor }: RunsProps): JSX.Element {
  const page = cursor === null ? [] : [['cursor', cursor] as const];
  const resource = useResource<RunPage>(
    apiUrl('runs', [...runsQuery(filter), ['limit', String(LIMIT)], ...page]),
  );
  useLive(LIVE_MS, () => {
    if (cursor === null) resource.refresh();
  });
  return (
    <>
      <div class="view-head">
        <h1>Runs</h1>
        {cursor === null && (
          <span class="live">
            <span class="live-dot" aria-hidden="true" /> Live
          </span>
        )}
      </div>
      <Filters filter={filter} change={(next) => goTo({ view: 'runs', filter: next, cursor: null })} />
      <ResourceView resource={resource} lines={10}>
        {(answer) =>
          answer.runs.length === 0 ? (
            <NoRuns filter={filter} cursor={cursor} />
          ) : (
            <>
              <RunTable runs={answer.runs} caption="Runs, newest first" />
              <Pages filter={filter} cursor={cursor} next={answer.next_cursor} />
            </>
          )
        }
      </ResourceView>
    </>
  );
}

function NoRuns({ filter, cursor }: RunsProps): JSX.Element {
  if (cursor !== null) {
    return (
      <Empty>
        No older runs. <a href={routeHash({ view: 'runs', filter, cursor: null })}>To the newest</a>
      </Empty>
    );
  }
  if (isUnfiltered(filter)) return <Empty>No runs yet. The first one will show up here by itself.</Empty>;
  return (
    <Empty>
      No run matches these filters. <a href={runsHash()}>Show all runs</a>
    </Empty>
  );
}

function Pages({ filter, cursor, next }: RunsProps & { readonly next: string | null }): JSX.Element {
  return (
    <nav class="pages" aria-label="Pages">
      {cursor !== null && <a href={routeHash({ view: 'runs', filter, cursor: null })}>Newest</a>}
      {next !== null && <a href={routeHash({ view: 'runs', filter, cursor: next })}>Older runs</a>}
    </nav>
  );
}
