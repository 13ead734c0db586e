import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { apiUrl } from '../api/settings';
import { useLive } from '../hooks/use-live';
import { SUMS_REST_MS, useResource } from '../hooks/use-resource';
import { formatCount, formatDollars, formatTokens, shortId } from '../model/format';
import type { RunPage, SummaryAnswer } from '../model/records';
import { tokensOf } from '../model/records';
import { routeHash, runHash, runsHash } from '../model/route';
import { Identifier } from '../parts/identifier';
import { Fact } from '../parts/inspector';
import { RunTable } from '../parts/run-table';
import { Empty, ResourceView } from '../parts/states';

interface SessionProps {
  readonly id: string;
  readonly cursor: string | null;
}

const LIMIT = 100;
const LIVE_MS = 700;

/** A session: its runs in the order in which they began, and what they cost. */
export function Session({ id, cursor }: SessionProps): JSX.Element {
  const session = ['session_id', id] as const;
  const page = cursor === null ? [] : [['cursor', cursor] as const];
  const runs = useResource<RunPage>(apiUrl('runs', [session, ['limit', String(LIMIT)], ...page]));
  const sums = useResource<SummaryAnswer>(apiUrl('summary', [['group_by', 'model'], session]), SUMS_REST_MS);
  const count = useResource<SummaryAnswer>(
    apiUrl('summary', [['group_by', 'session_id'], session]),
    SUMS_REST_MS,
  );
  useEffect(() => {
    document.title = `Session ${shortId(id)}`;
  }, [id]);
  useLive(
    LIVE_MS,
    () => {
      for (const resource of [runs, sums, count]) resource.refresh();
    },
    id,
  );
  return (
    <>
      <div class="view-head">
        <h1>Session</h1>
        <a href={runsHash({ sessionId: id })}>As a filter</a>
      </div>
      <p class="run-id">
        <Identifier id={id} />
      </p>
      <ResourceView resource={count} lines={2}>
        {(answer) => <Sums total={answer} byModel={sums.answer} />}
      </ResourceView>
      <ResourceView resource={runs} lines={8}>
        {(answer) => <RunList id={id} cursor={cursor} page={answer} />}
      </ResourceView>
    </>
  );
}

interface SumsProps {
  readonly total: SummaryAnswer;
  readonly byModel: SummaryAnswer | null;
}

function Sums({ total, byModel }: SumsProps): JSX.Element | null {
  const [row] = total.rows;
  if (!row) return null;
  const models = (byModel?.rows ?? []).filter(({ group }) => group['model'] !== null);
  return (
    <>
      <dl class="facts is-row sums">
        <Fact name="Runs">{formatCount(row.runs)}</Fact>
        <Fact name="Turns">{formatCount(row.turns)}</Fact>
        <Fact name="Tokens">{formatTokens(tokensOf(row.token_usage))}</Fact>
        <Fact name="Cost">{formatDollars(row.cost_usd)}</Fact>
        {models.map(({ group, cost_usd: cost, token_usage: usage }) => (
          <Fact key={group['model']} name={group['model'] ?? ''}>
            {formatDollars(cost)} for {formatTokens(tokensOf(usage))} tokens
          </Fact>
        ))}
      </dl>
      {row.unpriced_requests > 0 && (
        <p class="tone-timeout">{formatCount(row.unpriced_requests)} of its requests have no price.</p>
      )}
    </>
  );
}

function RunList({ id, cursor, page }: SessionProps & { readonly page: RunPage }): JSX.Element {
  if (page.runs.length === 0) {
    return (
      <Empty>
        No run has this session. It may be the id of a run: <a href={runHash(id)}>look for the run</a>.
      </Empty>
    );
  }
  const earlier = page.next_cursor;
  return (
    <>
      {earlier !== null && (
        <nav class="pages" aria-label="Earlier">
          <a href={routeHash({ view: 'session', id, cursor: earlier })}>Earlier runs</a>
        </nav>
      )}
      <RunTable runs={[...page.runs].reverse()} caption="Runs of the session, oldest first" oneSession />
      {cursor !== null && (
        <nav class="pages" aria-label="Later">
          <a href={routeHash({ view: 'session', id, cursor: null })}>Newest runs</a>
        </nav>
      )}
    </>
  );
}
