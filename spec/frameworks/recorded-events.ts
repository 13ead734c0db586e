import type { AnyRun } from 'agent-run';

/** A step, as its two events tell of it. */
export interface RecordedStep {
  readonly index: number;
  readonly parent: number | null;
  readonly name: string;
  readonly kind: string;
  readonly input: unknown;
  readonly status: string;
  readonly output?: unknown;
  readonly error?: unknown;
}

/** What a run has told of its inside. */
export interface RecordedEvents {
  /** The steps that are over, in the order in which they ended. */
  readonly steps: RecordedStep[];
  readonly notes: { readonly name: string; readonly data: unknown }[];
}

/** Listens to the steps and notes of a run from here on. */
export function recordedEvents(run: AnyRun): RecordedEvents {
  const started = new Map<number, object>();
  const events: RecordedEvents = { steps: [], notes: [] };
  run.on('stepStarted', ({ step }) => started.set(step.index, step));
  run.on('stepEnded', ({ step }) => {
    const { durationMs, ...end } = step;
    if (durationMs < 0) throw new Error('A step ended before it began');
    events.steps.push({ ...started.get(step.index), ...end } as RecordedStep);
  });
  run.on('noted', ({ name, data }) => events.notes.push({ name, data }));
  return events;
}
