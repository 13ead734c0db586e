import type { JSX } from 'preact';
import { serverNow } from '../api/connection';
import type { Resource } from '../hooks/use-resource';
import { Icon } from '../parts/icon';
import { Panel } from '../parts/panel';
import { RunTable } from '../parts/run-table';
import { Empty, Failure, Loading, ResourceView } from '../parts/states';
import { StackedPlot } from '../parts/stacked-plot';
import { StatusBadge } from '../parts/status';
import { Time } from '../parts/time';
import { formatCount, formatDollars, formatTokens, plural, shortId } from '../model/format';
import { purposeOf } from '../model/preview';
import { costValue, stackModels, tokenValue } from '../model/plot';
import type { RunPage, RunRecord, Status } from '../model/records';
import { STATUSES } from '../model/records';
import type { RangeName } from '../model/route';
import { RANGES, routeHash, runHash, runsHash } from '../model/route';
import { countsOf, groupFailures, verdictOf } from '../model/verdict';
import type { OverviewData } from './overview-data';
import { useOverview } from './overview-data';

const RANGE_WORDS: Readonly<Record<RangeName, string>> = {
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
  '90d': '90 days',
};

/** What is wrong, what waits, what it costs. */
export function Overview({ range }: { readonly range: RangeName }): JSX.Element {
  const data = useOverview(range);
  return (
    <>
      <div class="view-head">
        <h1>Overview</h1>
        <RangeLinks range={range} />
      </div>
      <Whole data={data} range={range} />
    </>
  );
}

/** The whole overview, or a single error where nothing could be read. */
function Whole({ data, range }: { readonly data: OverviewData; readonly range: RangeName }): JSX.Element {
  const { period, ...parts } = data;
  const resources: readonly Resource<unknown>[] = Object.values(parts);
  const [first] = resources;
  if (first?.error && resources.every(({ answer, error }) => answer === null && error !== null)) {
    return <Failure error={first.error} retry={() => resources.forEach(({ retry }) => retry())} />;
  }
  const from = localDay(period.from);
  return (
    <>
      <VerdictLine data={data} />
      <StatusTiles data={data} from={from} range={range} />
      <div class="columns">
        <Attention data={data} />
        <Failures data={data} from={from} />
      </div>
      <Plots data={data} />
      <Panel title="Running now" aside={<a href={runsHash({ status: ['running'] })}>All that are running</a>}>
        <ResourceView resource={data.running}>
          {({ runs }) =>
            runs.length === 0 ? <Empty>Nothing runs.</Empty> : <RunTable runs={runs} caption="Running now" />
          }
        </ResourceView>
      </Panel>
    </>
  );
}

function localDay(at: number): string {
  const date = new Date(at);
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part) => String(part).padStart(2, '0')).join('-');
}

function RangeLinks({ range }: { readonly range: RangeName }): JSX.Element {
  return (
    <nav class="choice" aria-label="Time shown">
      {RANGES.map((name) => (
        <a
          key={name}
          href={routeHash({ view: 'overview', range: name })}
          aria-current={name === range ? 'true' : undefined}
        >
          {RANGE_WORDS[name]}
        </a>
      ))}
    </nav>
  );
}

function VerdictLine({ data }: { readonly data: OverviewData }): JSX.Element {
  const { byStatus, lastHour, stuck, waiting } = data;
  // Sums over days may take long in a large store: the verdict does not wait for them.
  if (!lastHour.answer || !stuck.answer || !waiting.answer) {
    const failed = [stuck, waiting, lastHour].find(({ error }) => error !== null);
    return failed?.error ? <Failure error={failed.error} retry={failed.retry} /> : <Loading lines={1} />;
  }
  const counts = byStatus.answer && countsOf(byStatus.answer.rows);
  const verdict = verdictOf({
    stuck: stuck.answer.runs.length,
    waiting: waiting.answer.runs.length,
    more: waiting.answer.next_cursor !== null,
    lastHour: countsOf(lastHour.answer.rows),
    runs: counts && STATUSES.reduce((sum, status) => sum + counts[status], 0),
  });
  return (
    <p class={`verdict is-${verdict.tone}`} role="status">
      <Icon name={verdict.tone === 'good' ? 'completed' : 'stuck'} />
      {verdict.text}
    </p>
  );
}

interface TilesProps {
  readonly data: OverviewData;
  readonly from: string;
  readonly range: RangeName;
}

function StatusTiles({ data, from, range }: TilesProps): JSX.Element {
  const order: readonly Status[] = ['running', 'pending', 'completed', 'failed', 'timeout', 'cancelled'];
  return (
    <ResourceView resource={data.byStatus} lines={2}>
      {({ rows }) => {
        const counts = countsOf(rows);
        return (
          <ul class="tiles" aria-label={`Runs that started in the last ${RANGE_WORDS[range]}, by status`}>
            {order.map((status) => (
              <li key={status} class={counts[status] === 0 ? 'is-none' : undefined}>
                <a href={runsHash({ status: [status], from })}>
                  <span class="tile-count">{formatCount(counts[status])}</span>
                  <StatusBadge status={status} />
                </a>
              </li>
            ))}
          </ul>
        );
      }}
    </ResourceView>
  );
}

/** The runs that need a person. */
function Attention({ data }: { readonly data: OverviewData }): JSX.Element {
  return (
    <Panel title="Needs attention">
      <ResourceView resource={data.stuck}>
        {({ runs }) => (
          <Group title="Stuck" page={{ runs, next_cursor: null }} icon="stuck" empty="Nothing is stuck." />
        )}
      </ResourceView>
      <ResourceView resource={data.waiting}>
        {(page) => (
          <Group
            title="Waits for a person"
            page={page}
            icon="waiting"
            empty="Nobody is waited for."
            all={runsHash({ awaiting: 'answer' })}
          />
        )}
      </ResourceView>
      <ResourceView resource={data.answered}>
        {(page) =>
          page.runs.length > 0 && (
            <Group
              title="Answered, to be resumed"
              page={page}
              icon="answered"
              empty=""
              all={runsHash({ awaiting: 'resume' })}
            />
          )
        }
      </ResourceView>
    </Panel>
  );
}

interface GroupProps {
  readonly title: string;
  readonly page: RunPage;
  readonly icon: 'stuck' | 'waiting' | 'answered';
  readonly empty: string;
  readonly all?: string;
}

const SHOWN = 5;

function Group({ title, page, icon, empty, all }: GroupProps): JSX.Element {
  const { runs, next_cursor: cursor } = page;
  if (runs.length === 0) return <Empty>{empty}</Empty>;
  const more = runs.length > SHOWN || cursor !== null;
  return (
    <section class={`group tone-${icon}`} aria-label={title}>
      <h3>
        <Icon name={icon} /> {title}{' '}
        <span class="count">
          {formatCount(runs.length)}
          {cursor !== null && '+'}
        </span>
      </h3>
      <ul class="brief">
        {runs.slice(0, SHOWN).map((run) => (
          <li key={run.id}>
            <a href={runHash(run.id)} title={run.id}>
              {reasonOf(run)}
            </a>
            <span class="brief-id">{shortId(run.id)}</span>
            <Time at={run.awaiting?.since ?? run.started_at} ago />
          </li>
        ))}
      </ul>
      {more && all !== undefined && <a href={all}>See all</a>}
      {more && all === undefined && <p class="muted">and {plural(runs.length - SHOWN, 'other')}</p>}
    </section>
  );
}

function reasonOf(run: RunRecord): string {
  const parts = [run.awaiting?.reason ?? '', purposeOf(run)].filter((part) => part !== '');
  return parts.length === 0 ? `A run of ${shortId(run.session_id)}` : parts.join(': ');
}

function Failures({ data, from }: { readonly data: OverviewData; readonly from: string }): JSX.Element {
  const all = <a href={runsHash({ status: ['failed', 'timeout'], from })}>All failures</a>;
  return (
    <Panel title="What failed" aside={all}>
      <ResourceView resource={data.failures}>
        {({ runs, next_cursor: cursor }) =>
          runs.length === 0 ? (
            <Empty>Nothing failed in this time.</Empty>
          ) : (
            <>
              <ul class="failures">
                {groupFailures(runs, serverNow())
                  .slice(0, 6)
                  .map(({ name, latest, message, count }) => (
                    <li key={name}>
                      <span class="failure-count">{formatCount(count)}×</span>
                      <a href={runHash(latest.id)} class="failure-name">
                        {name}
                      </a>
                      <Time at={latest.ended_at ?? latest.started_at} ago />
                      <span class="brief-text">{message}</span>
                    </li>
                  ))}
              </ul>
              {cursor !== null && <p class="muted">among the newest {formatCount(runs.length)}</p>}
            </>
          )
        }
      </ResourceView>
    </Panel>
  );
}

function Plots({ data }: { readonly data: OverviewData }): JSX.Element {
  const { period, byModel } = data;
  const per = period.grain === 'hour' ? 'hour' : 'day';
  return (
    <Panel title={`By ${per} and model`}>
      <ResourceView resource={byModel} lines={6}>
        {({ rows }) => {
          if (rows.length === 0) return <Empty>No model was used in this time.</Empty>;
          const unpriced = rows.reduce((sum, row) => sum + row.unpriced_requests, 0);
          return (
            <>
              <div class="plots">
                <StackedPlot
                  title="Cost"
                  period={period}
                  series={stackModels(rows, period, costValue)}
                  format={formatDollars}
                />
                <StackedPlot
                  title="Tokens"
                  period={period}
                  series={stackModels(rows, period, tokenValue)}
                  format={formatTokens}
                />
              </div>
              {unpriced > 0 && (
                <p class="tone-timeout">
                  {plural(unpriced, 'request')} without a known price: the cost lacks{' '}
                  {unpriced === 1 ? 'it' : 'them'}.
                </p>
              )}
            </>
          );
        }}
      </ResourceView>
    </Panel>
  );
}
