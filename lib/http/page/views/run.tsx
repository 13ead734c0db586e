import type { JSX } from 'preact';
import { useCallback, useEffect } from 'preact/hooks';
import { ACTIONS, runUrl } from '../api/settings';
import type { Journal } from '../hooks/use-journal';
import { useNow } from '../hooks/use-now';
import { replaceRoute } from '../hooks/use-route';
import { createAxis, roomToGrow } from '../model/axis';
import { formatCount, formatDollars, formatTokens, shortId } from '../model/format';
import type { JsonObject, RunRecord } from '../model/records';
import { hasEnded, shownStatus, tokensOf } from '../model/records';
import { purposeOf } from '../model/preview';
import { axisEnd, timelineRows } from '../model/rows';
import { runHash, sessionHash } from '../model/route';
import { WaitingNote } from '../parts/answer-form';
import { CancelButton } from '../parts/cancel-dialog';
import { FamilyPanel } from '../parts/family-panel';
import { Identifier } from '../parts/identifier';
import { Fact, Inspector } from '../parts/inspector';
import { JournalList } from '../parts/journal-panel';
import { JsonTree } from '../parts/json-tree';
import { FoldingPanel, Panel } from '../parts/panel';
import { ErrorNote, LeaseNote } from '../parts/run-notes';
import { Empty, Failure, Loading } from '../parts/states';
import { StatusBadge, statusWord } from '../parts/status';
import { Time, RunDuration } from '../parts/time';
import { Timeline } from '../parts/timeline';
import { UsagePanel } from '../parts/usage-panel';
import type { RunData } from './run-data';
import { useFamily, useRun } from './run-data';

interface RunViewProps {
  readonly id: string;
  /** The line of the timeline that is looked at. */
  readonly selected: string | null;
}

/** One run: what it did, what it cost, how it stands. */
export function RunView({ id, selected }: RunViewProps): JSX.Element {
  const data = useRun(id);
  const { detail, run } = data;
  useEffect(() => {
    document.title = run ? `${statusWord(shownStatus(run))} · ${shortId(id)}` : shortId(id);
  }, [id, run && shownStatus(run)]);
  if (run?.id === id) return <KnownRun data={data} run={run} selected={selected} />;
  return (
    <>
      <h1>Run</h1>
      <p>
        <Identifier id={id} />
      </p>
      {detail.error ? <NoRun id={id} data={data} /> : <Loading lines={8} />}
    </>
  );
}

function NoRun({ id, data }: { readonly id: string; readonly data: RunData }): JSX.Element {
  const { error, retry } = data.detail;
  if (error && error.status !== 404) return <Failure error={error} retry={retry} />;
  return (
    <Empty>
      There is no run of this id. It may have been pruned, or it is the id of a session:{' '}
      <a href={sessionHash(id)}>look for the session</a>.
    </Empty>
  );
}

interface KnownRunProps {
  readonly data: RunData;
  readonly run: RunRecord;
  readonly selected: string | null;
}

function KnownRun({ data, run, selected }: KnownRunProps): JSX.Element {
  const { detail, journal, refresh } = data;
  const family = useFamily(run);
  const members = family.answer?.runs ?? [];
  const waiting = !hasEnded(run) && run.awaiting ? run.awaiting : null;
  return (
    <>
      <RunHead run={run} refresh={refresh} />
      {detail.error && !detail.error.unreachable && <Failure error={detail.error} retry={detail.retry} />}
      <ErrorNote run={run} />
      <LeaseNote
        run={run}
        lease={detail.answer?.lease ?? null}
        lastAt={journal.opened ? (journal.history.entries.at(-1)?.at ?? run.started_at) : null}
      />
      {waiting && <WaitingNote run={run} awaiting={waiting} done={refresh} />}
      <TimelinePanel run={run} journal={journal} family={members} selected={selected} />
      <div class="columns is-wide-first">
        <div>
          <Payload
            title="Output"
            value={run.output}
            empty={hasEnded(run) ? 'No output.' : 'No output yet.'}
            open
          />
          <Payload title="Input" value={run.input} empty="No input." open />
          <Payload title="Error" value={run.error} />
          <Payload title="Metadata" value={run.metadata} />
          <Payload title="Provider metadata" value={run.provider_metadata} />
        </div>
        <div>
          <UsagePanel run={run} />
          <FamilyPanel run={run} family={members} more={(family.answer?.next_cursor ?? null) !== null} />
        </div>
      </div>
      <FoldingPanel
        title="Journal"
        aside={<span class="muted">{formatCount(journal.history.entries.length)}</span>}
      >
        {journal.opened ? <JournalList entries={journal.history.entries} /> : <Loading />}
      </FoldingPanel>
    </>
  );
}

function RunHead({ run, refresh }: { readonly run: RunRecord; readonly refresh: () => void }): JSX.Element {
  const purpose = purposeOf(run);
  return (
    <>
      <div class="view-head">
        <h1>
          Run <StatusBadge status={shownStatus(run)} />
        </h1>
        <div class="buttons">
          <a href={runUrl(run.id)} target="_blank" rel="noreferrer">
            JSON
          </a>
          {ACTIONS && !hasEnded(run) && <CancelButton run={run} done={refresh} />}
        </div>
      </div>
      <p class="run-id">
        {purpose !== '' && <span class="purpose">{purpose}</span>}
        <Identifier id={run.id} />
      </p>
      <dl class="facts is-row">
        <Fact name="Session">
          <a href={sessionHash(run.session_id)} class="break">
            {run.session_id}
          </a>
        </Fact>
        {run.parent_run_id && (
          <Fact name="Sub-agent of">
            <a href={runHash(run.parent_run_id)}>{shortId(run.parent_run_id)}</a>
          </Fact>
        )}
        <Fact name="Started">
          <Time at={run.started_at} />
        </Fact>
        <Fact name={hasEnded(run) ? 'Took' : 'Lasts'}>
          <RunDuration run={run} />
        </Fact>
        <Fact name="Turns">{formatCount(run.turn_count)}</Fact>
        <Fact name="Tokens">{formatTokens(tokensOf(run.token_usage))}</Fact>
        <Fact name="Cost">{formatDollars(run.cost_usd)}</Fact>
        {run.provider !== null && <Fact name="Provider">{run.provider}</Fact>}
      </dl>
    </>
  );
}

interface TimelinePanelProps {
  readonly run: RunRecord;
  readonly journal: Journal;
  readonly family: readonly RunRecord[];
  readonly selected: string | null;
}

const LIVE_MS = 500;

function roomForTicks(): number {
  return Math.max(3, Math.min(9, Math.round(innerWidth / 190)));
}

function TimelinePanel({ run, journal, family, selected }: TimelinePanelProps): JSX.Element {
  const live = !hasEnded(run);
  const now = useNow(live ? LIVE_MS : null);
  const { history } = journal;
  const rows = timelineRows(run, history, family);
  const start = Date.parse(run.started_at);
  const end = axisEnd(run, history, now);
  const parked = shownStatus(run) === 'waiting' || shownStatus(run) === 'answered';
  const room = live && !parked ? start + roomToGrow(end - start) : end;
  const axis = createAxis({ start, end: room, now: end, waits: history.waits, ticks: roomForTicks() });
  const row = rows.find(({ id }) => id === selected);
  const select = useCallback(
    (step: string | null) => replaceRoute({ view: 'run', id: run.id, step }),
    [run.id],
  );
  const close = useCallback(() => {
    select(null);
    document.querySelector<HTMLElement>(`[data-row="${CSS.escape(selected ?? '')}"]`)?.focus();
  }, [select, selected]);
  return (
    <Panel title="Timeline" class={row ? 'timeline-panel is-split' : 'timeline-panel'}>
      <div class="split">
        <Timeline rows={rows} axis={axis} selected={row?.id ?? null} live={live} select={select} />
        {row && <Inspector row={row} start={start} close={close} />}
      </div>
    </Panel>
  );
}

interface PayloadProps {
  readonly title: string;
  readonly value: JsonObject | null;
  /** What is said where there is none; else nothing is shown. */
  readonly empty?: string;
  readonly open?: boolean;
}

function Payload({ title, value, empty, open = false }: PayloadProps): JSX.Element | null {
  const none = value === null || Object.keys(value).length === 0;
  if (none && empty === undefined) return null;
  return (
    <FoldingPanel title={title} open={open}>
      {none ? <Empty>{empty}</Empty> : <JsonTree value={value} />}
    </FoldingPanel>
  );
}
