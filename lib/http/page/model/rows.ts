import type { Moment, RunHistory, Span, StepSpan, WaitSpan } from './history';
import type { RunRecord, ShownStatus } from './records';
import { hasEnded, shownStatus } from './records';
import { descendants } from './tree';

export type BarTone = ShownStatus | 'queued' | 'turn';

export interface Bar extends Span {
  readonly tone: BarTone;
  readonly label?: string;
}

/** A line of the timeline. */
export interface TimelineRow {
  /** `run`, `turns`, `usage`, `notes`, `step-3`, `run_0198…` for a child. */
  readonly id: string;
  readonly kind: 'run' | 'turns' | 'usage' | 'notes' | 'step' | 'child';
  /** What kind of step: `tool`, `model`, any word. */
  readonly stepKind?: string;
  readonly label: string;
  readonly depth: number;
  readonly bars: readonly Bar[];
  readonly moments: readonly Moment[];
  /** How it stands, where the line is one thing. */
  readonly status?: ShownStatus;
  readonly step?: StepSpan;
  readonly child?: RunRecord;
}

/** The lines of a run's timeline: the run, its turns, then steps and children as they began, nested. */
export function timelineRows(
  run: RunRecord,
  history: RunHistory,
  family: readonly RunRecord[],
): TimelineRow[] {
  const lanes = [runRow(run, history), turnsRow(run, history), usageRow(history), notesRow(history)];
  const blocks = [...stepBlocks(history), ...childBlocks(run, family)];
  blocks.sort((one, other) => one.start - other.start);
  return [...lanes.filter((row) => row !== null), ...blocks.flatMap(({ rows }) => rows)];
}

interface Block {
  readonly start: number;
  readonly rows: readonly TimelineRow[];
}

/** When the run ended, or null while it lasts. */
export function endOf(run: RunRecord): number | null {
  return run.ended_at === null ? null : Date.parse(run.ended_at);
}

function runRow(run: RunRecord, history: RunHistory): TimelineRow {
  const bars = runBars(run, history.waits);
  return {
    id: 'run',
    kind: 'run',
    label: 'Run',
    depth: 0,
    bars,
    moments: history.warnings,
    status: shownStatus(run),
  };
}

/** Before it ran, its work, and each wait for a person. */
function runBars(run: RunRecord, waits: readonly WaitSpan[]): Bar[] {
  const start = Date.parse(run.started_at);
  const end = endOf(run);
  const runningAt = run.running_at ? Date.parse(run.running_at) : null;
  if (run.status === 'pending') return [{ start, end: null, tone: 'queued', label: 'waits to start' }];
  const bars: Bar[] = [];
  if (runningAt !== null && runningAt > start) {
    bars.push({ start, end: runningAt, tone: 'queued', label: 'waited to start' });
  }
  let from = Math.max(start, runningAt ?? start);
  for (const wait of waits) {
    if (wait.start > from) bars.push({ start: from, end: wait.start, tone: run.status });
    const [tone, label] = wait.answered
      ? (['answered', 'waits for a worker'] as const)
      : (['waiting', 'waits for a person'] as const);
    bars.push({ start: wait.start, end: wait.end ?? end, tone, label });
    from = wait.end ?? Infinity;
  }
  if (from !== Infinity) bars.push({ start: from, end, tone: run.status });
  return bars;
}

function turnsRow(run: RunRecord, { turns }: RunHistory): TimelineRow | null {
  if (turns.length === 0) return null;
  const end = endOf(run);
  const bars = turns.map((turn): Bar => ({
    start: turn.start,
    end: turn.end ?? end,
    tone: 'turn',
    label: String(turn.turn),
  }));
  return { id: 'turns', kind: 'turns', label: 'Turns', depth: 0, bars, moments: [] };
}

function usageRow({ usage }: RunHistory): TimelineRow | null {
  if (usage.length === 0) return null;
  return { id: 'usage', kind: 'usage', label: 'Usage', depth: 0, bars: [], moments: usage };
}

function notesRow({ notes }: RunHistory): TimelineRow | null {
  if (notes.length === 0) return null;
  return { id: 'notes', kind: 'notes', label: 'Notes', depth: 0, bars: [], moments: notes };
}

function stepBlocks({ steps }: RunHistory): Block[] {
  const inner = new Map<number, StepSpan[]>();
  const top: StepSpan[] = [];
  for (const step of steps.values()) {
    const around = step.parent !== null && steps.has(step.parent) ? step.parent : null;
    if (around === null) top.push(step);
    else inner.set(around, [...(inner.get(around) ?? []), step]);
  }
  const rowsOf = (step: StepSpan, depth: number): TimelineRow[] => [
    stepRow(step, depth),
    ...(inner.get(step.index) ?? []).flatMap((below) => rowsOf(below, depth + 1)),
  ];
  return top.map((step) => ({ start: step.start, rows: rowsOf(step, 0) }));
}

function stepRow(step: StepSpan, depth: number): TimelineRow {
  return {
    id: `step-${step.index}`,
    kind: 'step',
    stepKind: step.kind,
    label: step.name,
    depth,
    bars: [{ start: step.start, end: step.end, tone: step.status }],
    moments: [],
    status: step.status,
    step,
  };
}

function childBlocks(run: RunRecord, family: readonly RunRecord[]): Block[] {
  const blocks: { start: number; rows: TimelineRow[] }[] = [];
  for (const { run: child, depth } of descendants(run.id, family)) {
    const row = childRow(child, depth);
    if (depth === 0) blocks.push({ start: Date.parse(child.started_at), rows: [row] });
    else blocks.at(-1)?.rows.push(row);
  }
  return blocks;
}

function childRow(child: RunRecord, depth: number): TimelineRow {
  return {
    id: child.id,
    kind: 'child',
    label: childName(child),
    depth,
    bars: runBars(child, []),
    moments: [],
    status: shownStatus(child),
    child,
  };
}

/** What a sub-agent is called: by its metadata where that says, else by its id. */
export function childName(run: RunRecord): string {
  return agentName(run) ?? `sub-agent ${run.id.slice(-8)}`;
}

/** The name of the agent, where the metadata has one. */
export function agentName(run: RunRecord): string | null {
  for (const key of ['agent', 'name', 'agent_name']) {
    const name = run.metadata?.[key];
    if (typeof name === 'string' && name !== '') return name;
  }
  return null;
}

/** The moment up to which the axis of a run reaches. */
export function axisEnd(run: RunRecord, history: RunHistory, now: number): number {
  const last = history.entries.at(-1);
  const end = endOf(run) ?? now;
  return hasEnded(run) ? end : Math.max(end, last ? Date.parse(last.at) : 0);
}
