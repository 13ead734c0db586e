import type { Entry, JsonObject, Status } from './records';
import { numberAt, objectAt, textAt } from './records';

/** A piece of time in milliseconds since the epoch; without an end while it lasts. */
export interface Span {
  readonly start: number;
  readonly end: number | null;
}

/** `unknown` where the process that was in it is gone: a run that ends by itself ends its steps first. */
export type StepStatus = 'running' | 'completed' | 'failed' | 'cancelled' | 'unknown';

export interface StepSpan extends Span {
  readonly index: number;
  readonly parent: number | null;
  readonly name: string;
  readonly kind: string;
  readonly status: StepStatus;
  readonly input: JsonObject | null;
  readonly output: JsonObject | null;
  /** Whether an output was to be kept that was too large. */
  readonly omitted: boolean;
  readonly error: JsonObject | null;
  readonly durationMs: number | null;
}

export interface TurnSpan extends Span {
  readonly turn: number;
}

export interface WaitSpan extends Span {
  readonly reason: string | null;
  /** Whether the answer is there and the run waits for a worker. */
  readonly answered: boolean;
}

/** Something that happened at one moment. */
export interface Moment {
  readonly seq: number;
  readonly at: number;
  readonly label: string;
  readonly data: JsonObject | null;
}

/** The entries by which a run that waited is known to go on. */
const WORK = new Set([
  'statusChanged',
  'turnIncremented',
  'stepStarted',
  'noted',
  'attributesChanged',
  'childCreated',
]);

/**
 * A run's history, built up from its journal entry by entry. Entries come in order; known ones are skipped,
 * so that a stream may begin again anywhere.
 */
export class RunHistory {
  readonly entries: Entry[] = [];
  readonly steps = new Map<number, StepSpan>();
  readonly turns: TurnSpan[] = [];
  readonly waits: WaitSpan[] = [];
  readonly notes: Moment[] = [];
  readonly usage: Moment[] = [];
  readonly warnings: Moment[] = [];
  /** The status after the last entry, or null where no entry says. */
  status: Status | null = null;
  children = 0;

  get lastSeq(): number {
    return this.entries.at(-1)?.seq ?? 0;
  }

  /** Takes an entry in. @returns whether it is new. */
  add(entry: Entry): boolean {
    if (entry.seq <= this.lastSeq) return false;
    this.entries.push(entry);
    this.#read(entry, Date.parse(entry.at));
    return true;
  }

  #read(entry: Entry, at: number): void {
    const { data, seq } = entry;
    if (WORK.has(entry.type)) endLast(this.waits, at);
    switch (entry.type) {
      case 'statusChanged': {
        this.#moved(data, at);
        return;
      }
      case 'turnIncremented':
        endLast(this.turns, at);
        this.turns.push({ start: at, end: null, turn: numberAt(data, 'turnCount') ?? this.turns.length + 1 });
        return;
      case 'usageUpdated':
        this.usage.push({ seq, at, label: 'usage', data });
        return;
      case 'stepStarted': {
        this.#stepStarted(objectAt(data, 'step'), at);
        return;
      }
      case 'stepEnded': {
        this.#stepEnded(objectAt(data, 'step'), at);
        return;
      }
      case 'noted':
        this.notes.push({ seq, at, label: textAt(data, 'name') ?? 'note', data: objectAt(data, 'data') });
        return;
      case 'limitApproaching':
        this.warnings.push({ seq, at, label: `limit: ${textAt(data, 'limit') ?? ''}`, data });
        return;
      case 'parked': {
        this.#parked(data, at);
        return;
      }
      case 'answered':
        endLast(this.waits, at);
        this.waits.push({ start: at, end: null, reason: null, answered: true });
        return;
      case 'childCreated':
        this.children += 1;
    }
  }

  #moved(data: JsonObject, at: number): void {
    const to = textAt(data, 'to') as Status | null;
    this.status = to;
    if (to === 'running') return;
    endLast(this.turns, at);
    for (const step of this.steps.values()) {
      if (step.end === null) this.steps.set(step.index, { ...step, end: at, status: 'unknown' });
    }
  }

  #stepStarted(step: JsonObject | null, at: number): void {
    const index = numberAt(step, 'index');
    if (index === null) return;
    this.steps.set(index, {
      index,
      parent: numberAt(step, 'parent'),
      name: textAt(step, 'name') ?? 'step',
      kind: textAt(step, 'kind') ?? 'tool',
      status: 'running',
      input: objectAt(step, 'input'),
      output: null,
      omitted: false,
      error: null,
      durationMs: null,
      start: at,
      end: null,
    });
  }

  #stepEnded(step: JsonObject | null, at: number): void {
    const started = this.steps.get(numberAt(step, 'index') ?? -1);
    if (!started || !step) return;
    const status = textAt(step, 'status');
    this.steps.set(started.index, {
      ...started,
      status: status === 'failed' || status === 'cancelled' ? status : 'completed',
      output: objectAt(step, 'output'),
      omitted: step['omitted'] === true,
      error: objectAt(step, 'error'),
      durationMs: numberAt(step, 'durationMs'),
      end: at,
    });
  }

  #parked(data: JsonObject, at: number): void {
    endLast(this.turns, at);
    const reason = textAt(objectAt(data, 'awaiting'), 'reason');
    this.waits.push({ start: at, end: null, reason, answered: false });
  }
}

function endLast(spans: Span[], at: number): void {
  const last = spans.at(-1);
  if (last?.end === null) spans[spans.length - 1] = { ...last, end: at };
}
