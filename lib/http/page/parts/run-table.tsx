import type { JSX } from 'preact';
import { formatCount, formatDollars, formatTokens, shortId } from '../model/format';
import { previewOf } from '../model/preview';
import type { RunRecord } from '../model/records';
import { shownStatus, tokensOf } from '../model/records';
import { runHash, sessionHash } from '../model/route';
import { StatusBadge } from './status';
import { RunDuration, Time } from './time';

/** Statuses under which the preview says what went wrong. */
const FAILED: ReadonlySet<string> = new Set(['failed', 'timeout']);

interface RunTableProps {
  readonly runs: readonly RunRecord[];
  /** What the table is about, for who does not see where it stands. */
  readonly caption: string;
  /** Whether the session goes without saying. */
  readonly oneSession?: boolean;
}

/** Runs, a line each: a table where there is room, cards on a phone. */
export function RunTable({ runs, caption, oneSession = false }: RunTableProps): JSX.Element {
  return (
    <table class="runs" role="table">
      <caption class="hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          <Heading>Status</Heading>
          <Heading>Run</Heading>
          {!oneSession && <Heading>Session</Heading>}
          <Heading>Started</Heading>
          <Heading number>Duration</Heading>
          <Heading number>Turns</Heading>
          <Heading number>Tokens</Heading>
          <Heading number>Cost</Heading>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {runs.map((run) => (
          <RunLine key={run.id} run={run} oneSession={oneSession} />
        ))}
      </tbody>
    </table>
  );
}

function Heading({ children, number = false }: { children: string; number?: boolean }): JSX.Element {
  return (
    <th role="columnheader" scope="col" class={number ? 'number' : undefined}>
      {children}
    </th>
  );
}

function RunLine({ run, oneSession }: { run: RunRecord; oneSession: boolean }): JSX.Element {
  const preview = previewOf(run);
  return (
    <tr role="row" class={run.parent_run_id ? 'is-child' : undefined}>
      <td role="cell" class="cell-status">
        <StatusBadge status={shownStatus(run)} />
      </td>
      <td role="cell" class="cell-run">
        <div>
          <a href={runHash(run.id)} class="cover" title={run.id}>
            {shortId(run.id)}
          </a>
          {preview !== '' && (
            <span class={FAILED.has(run.status) ? 'preview is-error' : 'preview'}>{preview}</span>
          )}
        </div>
      </td>
      {!oneSession && (
        <td role="cell" class="cell-session">
          <a href={sessionHash(run.session_id)} title={run.session_id}>
            {shortId(run.session_id)}
          </a>
        </td>
      )}
      <td role="cell" class="cell-started">
        <Time at={run.started_at} />
      </td>
      <td role="cell" class="number" data-label="Duration">
        <RunDuration run={run} />
      </td>
      <td role="cell" class="number" data-label="Turns">
        {formatCount(run.turn_count)}
      </td>
      <td role="cell" class="number" data-label="Tokens">
        {formatTokens(tokensOf(run.token_usage))}
      </td>
      <td role="cell" class="number" data-label="Cost">
        {formatDollars(run.cost_usd)}
      </td>
    </tr>
  );
}
