import type { Span } from '@opentelemetry/api';

/** By the id of its run, and then by the telemetry that made it: the spans that have not ended. */
const live = new Map<string, Map<object, Span>>();

/** Remembers the span of a run, for those of its children; returns a function that forgets it. */
export function rememberSpan(runId: string, owner: object, span: Span): () => void {
  const spans = live.get(runId) ?? new Map<object, Span>();
  live.set(runId, spans.set(owner, span));
  return () => {
    if (spans.get(owner) === span) spans.delete(owner);
    if (spans.size === 0 && live.get(runId) === spans) live.delete(runId);
  };
}

/** The span of a run: the one of this telemetry, else one of another's. */
export function liveSpan(runId: string | null, owner: object): Span | undefined {
  const spans = runId === null ? undefined : live.get(runId);
  return spans?.get(owner) ?? spans?.values().next().value;
}
