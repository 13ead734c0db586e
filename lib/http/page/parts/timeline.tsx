import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useFollow } from '../hooks/use-follow';
import { useVisibleRows } from '../hooks/use-visible-rows';
import type { TimeAxis } from '../model/axis';
import type { TimelineRow } from '../model/rows';
import { TimelineLine } from './timeline-line';

interface TimelineProps {
  readonly rows: readonly TimelineRow[];
  readonly axis: TimeAxis;
  readonly selected: string | null;
  readonly live: boolean;
  readonly select: (id: string | null) => void;
}

const ROW_HEIGHT = 32;

/** Everything of a run on one time axis, a line each. Arrow keys go from line to line. */
export function Timeline({ rows, axis, selected, live, select }: TimelineProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const [rowHeight, setRowHeight] = useState(ROW_HEIGHT);
  const { first, end } = useVisibleRows(scroller, rows.length, rowHeight);
  useFollow(scroller, rows.length, live);
  const [active, setActive] = useState(0);
  useEffect(() => {
    const height = scroller.current?.querySelector('li')?.getBoundingClientRect().height ?? 0;
    if (height > 0) setRowHeight(height);
  }, [rows.length === 0]);
  const move = (event: KeyboardEvent): void => {
    const line = event.target instanceof Element ? event.target.closest('[data-index]') : null;
    const next = nextLine(event.key, Number(line?.getAttribute('data-index') ?? active), rows.length);
    if (next === null) return;
    event.preventDefault();
    setActive(next);
    focusLine(scroller.current, next, rowHeight);
  };
  const reachable = Math.min(active, rows.length - 1);
  return (
    <div ref={scroller} class={live ? 'timeline is-live' : 'timeline'}>
      <Scale axis={axis} />
      <ol class="timeline-rows" aria-label="Timeline" onKeyDown={move} style={{ '--grid': gridOf(axis) }}>
        {first > 0 && <li class="filler" aria-hidden="true" style={{ height: `${first * rowHeight}px` }} />}
        {rows.slice(first, end).map((row, offset) => (
          <TimelineLine
            key={row.id}
            row={row}
            index={first + offset}
            axis={axis}
            selected={row.id === selected}
            reachable={first + offset === reachable}
            onFocus={setActive}
            select={select}
          />
        ))}
        {end < rows.length && (
          <li class="filler" aria-hidden="true" style={{ height: `${(rows.length - end) * rowHeight}px` }} />
        )}
      </ol>
    </div>
  );
}

function nextLine(key: string, active: number, count: number): number | null {
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + 10,
    PageUp: active - 10,
    Home: 0,
    End: count - 1,
  };
  const next = moves[key];
  return next === undefined ? null : Math.max(0, Math.min(count - 1, next));
}

/** Focuses a line. One that is far away is not rendered, so it is scrolled to first. */
function focusLine(scroller: HTMLElement | null, index: number, rowHeight: number): void {
  const find = (): HTMLElement | null => scroller?.querySelector(`[data-index="${index}"]`) ?? null;
  const line = find();
  if (line) {
    line.focus();
    return;
  }
  if (scroller) scroller.scrollTop = index * rowHeight - scroller.clientHeight / 2;
  setTimeout(() => find()?.focus(), 60);
}

/** The lines of the scale, as a background that every row shares. */
function gridOf(axis: TimeAxis): string {
  const stops = axis.ticks.map(({ position }) => {
    const at = percent(position);
    return `transparent ${at}, var(--grid-line) ${at} calc(${at} + 1px), transparent calc(${at} + 1px)`;
  });
  return `linear-gradient(90deg, ${stops.join(', ')}, transparent)`;
}

function Scale({ axis }: { readonly axis: TimeAxis }): JSX.Element {
  return (
    <div class="scale" aria-hidden="true">
      <div class="track">
        {axis.ticks.map(({ position, label }) => (
          <span
            key={label}
            class={isLast(position, label) ? 'tick is-last' : 'tick'}
            style={{ left: percent(position) }}
          >
            {label}
          </span>
        ))}
      </div>
    </div>
  );
}

/** Whether a label would reach beyond the right edge. */
function isLast(position: number, label: string): boolean {
  const perLetter = innerWidth < 700 ? 0.028 : 0.011;
  return position > 1 - perLetter * label.length;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}
