import type { JSX } from 'preact';
import type { TimeAxis } from '../model/axis';
import { formatCount, formatDuration, plural } from '../model/format';
import type { Moment } from '../model/history';
import type { Bar, TimelineRow } from '../model/rows';
import type { IconName } from './icon';
import { Icon } from './icon';
import { statusWord } from './status';

interface TimelineLineProps {
  readonly row: TimelineRow;
  readonly index: number;
  readonly axis: TimeAxis;
  readonly selected: boolean;
  /** Whether the tab key stops here; on one line of the list. */
  readonly reachable: boolean;
  readonly onFocus: (index: number) => void;
  readonly select: (id: string | null) => void;
}

/** A line of the timeline: what it is, when it was, how long it took. */
export function TimelineLine(props: TimelineLineProps): JSX.Element {
  const { row, index, axis, selected, reachable, onFocus, select } = props;
  return (
    <li class={`line line-${row.kind}`}>
      <button
        type="button"
        data-index={index}
        data-row={row.id}
        aria-pressed={selected}
        tabIndex={reachable ? 0 : -1}
        onFocus={() => onFocus(index)}
        onClick={() => select(selected ? null : row.id)}
      >
        <span class="line-name" style={{ paddingInlineStart: `${Math.min(row.depth, 8) * 0.9}rem` }}>
          <Icon name={iconOf(row)} />
          <span class="line-label">{row.label}</span>
          <span class="hidden">{spoken(row, axis)}</span>
          {row.status && row.status !== 'completed' && row.kind !== 'run' && (
            <span class={`tone-${row.status} line-status`}>
              <Icon name={row.status} />
            </span>
          )}
        </span>
        <span class="track" aria-hidden="true">
          {row.bars.map((bar, at) => (
            <BarSpan key={at} bar={bar} axis={axis} kind={row.kind === 'step' ? iconOf(row) : ''} />
          ))}
          {thinned(row.moments, axis).map((moment) => (
            <span key={moment.seq} class="moment" style={{ '--at': percentOf(axis.position(moment.at)) }} />
          ))}
        </span>
        <span class="line-duration" aria-hidden="true">
          {measure(row, axis)}
        </span>
      </button>
    </li>
  );
}

interface BarProps {
  readonly bar: Bar;
  readonly axis: TimeAxis;
  /** Of a step. */
  readonly kind: string;
}

function BarSpan({ bar, axis, kind }: BarProps): JSX.Element {
  const left = axis.position(bar.start);
  const width = axis.position(bar.end ?? axis.now) - left;
  const open = bar.end === null ? ' is-open' : '';
  return (
    <span
      class={`bar tone-${bar.tone}${open} kind-${kind}`}
      style={{ left: percentOf(left), width: percentOf(width) }}
    >
      {bar.tone === 'turn' && width > 0.03 && <span class="bar-label">{bar.label}</span>}
    </span>
  );
}

function percentOf(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}

/** Leaves out moments that would be drawn on top of one another. */
function thinned(moments: readonly Moment[], axis: TimeAxis): Moment[] {
  const shown: Moment[] = [];
  let last = -1;
  for (const moment of moments) {
    const position = axis.position(moment.at);
    if (position - last < 0.004) continue;
    last = position;
    shown.push(moment);
  }
  return shown;
}

function iconOf(row: TimelineRow): IconName {
  if (row.kind !== 'step') return row.kind;
  return row.stepKind === 'tool' || row.stepKind === 'model' ? row.stepKind : 'step';
}

/** How long the line's thing took, or how many there are. */
function measure(row: TimelineRow, axis: TimeAxis): string {
  if (row.moments.length > 0 && row.bars.length === 0) return `× ${formatCount(row.moments.length)}`;
  if (row.kind === 'turns') return `× ${formatCount(row.bars.length)}`;
  if (row.step && row.step.durationMs !== null) return formatDuration(row.step.durationMs);
  const first = row.bars[0];
  const last = row.bars.at(-1);
  if (!first || !last) return '';
  return formatDuration((last.end ?? axis.now) - first.start);
}

function spoken(row: TimelineRow, axis: TimeAxis): string {
  const parts = [''];
  if (row.kind === 'child') parts.push('sub-agent');
  if (row.stepKind !== undefined) parts.push(row.stepKind);
  if (row.status) parts.push(statusWord(row.status).toLowerCase());
  const first = row.bars[0];
  if (row.kind === 'turns') parts.push(plural(row.bars.length, 'turn'));
  else if (row.moments.length > 0 && !first) parts.push(plural(row.moments.length, 'entry', 'entries'));
  else {
    if (first) parts.push(`begins after ${formatDuration(first.start - axis.start)}`);
    parts.push(`lasts ${measure(row, axis)}`);
  }
  return parts.join(', ');
}
