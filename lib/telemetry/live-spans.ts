import type { Span } from '@opentelemetry/api';

/**
 * The spans that have not ended, by the id of the run and then by the telemetry that made them. Held
 * weakly: where a run is dropped before its end, so is its span.
 */
const live = new Map<string, Map<object, WeakRef<Span>>>();

/** Removes the entries of spans that were dropped with their runs. */
const dropped = new FinalizationRegistry<() => void>((forget) => {
  forget();
});

/** Remembers the span of a run, for those of its children; returns a function that forgets it. */
export function rememberSpan(runId: string, owner: object, span: Span): () => void {
  const spans = live.get(runId) ?? new Map<object, WeakRef<Span>>();
  const reference = new WeakRef(span);
  live.set(runId, spans.set(owner, reference));
  const forget = forgetting(runId, owner, reference);
  dropped.register(span, forget, reference);
  return () => {
    dropped.unregister(reference);
    forget();
  };
}

/** The span of a run: the one that this telemetry made, else another's. */
export function liveSpan(runId: string | null, owner: object): Span | undefined {
  const spans = runId === null ? undefined : live.get(runId);
  return (spans?.get(owner) ?? spans?.values().next().value)?.deref();
}

/** How many runs have a span here. */
export function liveRuns(): number {
  return live.size;
}

function forgetting(runId: string, owner: object, reference: WeakRef<Span>): () => void {
  return () => {
    const spans = live.get(runId);
    if (spans?.get(owner) === reference) spans.delete(owner);
    if (spans?.size === 0) live.delete(runId);
  };
}
