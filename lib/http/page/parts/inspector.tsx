import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { formatCount, formatDollars, formatDuration, formatTokens, formatUtc } from '../model/format';
import type { Moment, StepSpan } from '../model/history';
import type { JsonObject, RunRecord } from '../model/records';
import { numberAt, objectAt, shownStatus, tokensOf } from '../model/records';
import type { Bar, TimelineRow } from '../model/rows';
import { runHash } from '../model/route';
import { Icon } from './icon';
import { JsonTree } from './json-tree';
import { StatusBadge } from './status';
import { Time } from './time';

interface InspectorProps {
  readonly row: TimelineRow;
  /** When the run started, in milliseconds since the epoch. */
  readonly start: number;
  readonly close: () => void;
}

/** What is known of the line that was chosen. */
export function Inspector({ row, start, close }: InspectorProps): JSX.Element {
  useEffect(() => {
    const escape = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) close();
    };
    addEventListener('keydown', escape);
    return () => removeEventListener('keydown', escape);
  }, [close]);
  return (
    <aside class="inspector" aria-label={`Details of ${row.label}`}>
      <header>
        <h3>{row.label}</h3>
        <button type="button" class="quiet" onClick={close} aria-label="Close the details">
          <Icon name="close" />
        </button>
      </header>
      <div class="inspector-body" tabIndex={0} role="group" aria-label="Details">
        <Details row={row} start={start} />
      </div>
    </aside>
  );
}

function Details({ row, start }: { readonly row: TimelineRow; readonly start: number }): JSX.Element {
  if (row.step) return <StepDetails step={row.step} start={start} />;
  if (row.child) return <ChildDetails child={row.child} />;
  if (row.kind === 'usage') return <UsageDetails moments={row.moments} start={start} />;
  if (row.moments.length > 0) return <NoteDetails moments={row.moments} start={start} />;
  return <BarDetails bars={row.bars} start={start} turns={row.kind === 'turns'} />;
}

function StepDetails({ step, start }: { readonly step: StepSpan; readonly start: number }): JSX.Element {
  return (
    <>
      <dl class="facts">
        <Fact name="Status">
          <StatusBadge status={step.status} />
        </Fact>
        <Fact name="Kind">{step.kind}</Fact>
        <Fact name="Began">
          <Offset at={step.start} start={start} />
        </Fact>
        <Fact name="Took">{tookText(step)}</Fact>
      </dl>
      <Payload name="Error" value={step.error} />
      <Payload name="Input" value={step.input} />
      <Payload name="Output" value={step.output} />
      {step.omitted && <p class="muted">The output was too large to be kept.</p>}
      {!step.input && !step.output && !step.error && <p class="muted">No input and no output were kept.</p>}
    </>
  );
}

function tookText({ durationMs, status }: StepSpan): string {
  if (durationMs !== null) return formatDuration(durationMs);
  return status === 'unknown' ? 'not known: the process that was in it is gone' : 'not yet over';
}

function ChildDetails({ child }: { readonly child: RunRecord }): JSX.Element {
  return (
    <>
      <p>
        <a href={runHash(child.id)}>Open this sub-agent’s run</a>
      </p>
      <dl class="facts">
        <Fact name="Status">
          <StatusBadge status={shownStatus(child)} />
        </Fact>
        <Fact name="Started">
          <Time at={child.started_at} />
        </Fact>
        <Fact name="Turns">{formatCount(child.turn_count)}</Fact>
        <Fact name="Tokens">{formatTokens(tokensOf(child.token_usage))}</Fact>
        <Fact name="Cost">{formatDollars(child.cost_usd)}</Fact>
      </dl>
      <Payload name="Error" value={child.error} />
      <Payload name="Input" value={child.input} />
      <Payload name="Output" value={child.output} />
    </>
  );
}

interface MomentsProps {
  readonly moments: readonly Moment[];
  readonly start: number;
}

const SHOWN = 200;

function UsageDetails({ moments, start }: MomentsProps): JSX.Element {
  return (
    <table class="small">
      <thead>
        <tr>
          <th scope="col">After</th>
          <th scope="col" class="number">
            Tokens
          </th>
          <th scope="col" class="number">
            Cost so far
          </th>
        </tr>
      </thead>
      <tbody>
        {moments.slice(-SHOWN).map(({ seq, at, data }) => (
          <tr key={seq}>
            <td>
              <Offset at={at} start={start} />
            </td>
            <td class="number">{formatTokens(tokensOf(objectAt(data, 'delta')))}</td>
            <td class="number">{formatDollars(numberAt(data, 'costUsd'))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NoteDetails({ moments, start }: MomentsProps): JSX.Element {
  return (
    <ul class="notes">
      {moments.slice(-SHOWN).map(({ seq, at, label, data }) => (
        <li key={seq}>
          <p>
            <Offset at={at} start={start} /> <strong>{label}</strong>
          </p>
          {data && <JsonTree value={data} />}
        </li>
      ))}
    </ul>
  );
}

interface BarDetailsProps {
  readonly bars: readonly Bar[];
  readonly start: number;
  readonly turns: boolean;
}

function BarDetails({ bars, start, turns }: BarDetailsProps): JSX.Element {
  return (
    <dl class="facts">
      {bars.slice(-SHOWN).map((bar, index) => (
        <Fact key={index} name={turns ? `Turn ${bar.label ?? ''}` : (bar.label ?? 'ran')}>
          from <Offset at={bar.start} start={start} />
          {bar.end === null ? ', not yet over' : ` for ${formatDuration(bar.end - bar.start)}`}
        </Fact>
      ))}
    </dl>
  );
}

export function Fact({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Offset({ at, start }: { readonly at: number; readonly start: number }): JSX.Element {
  return <time title={formatUtc(at)}>+{formatDuration(at - start)}</time>;
}

function Payload({
  name,
  value,
}: {
  readonly name: string;
  readonly value: JsonObject | null;
}): JSX.Element | null {
  if (value === null) return null;
  return (
    <section class="payload">
      <h4>{name}</h4>
      <JsonTree value={value} />
    </section>
  );
}
