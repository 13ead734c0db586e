import type { Span } from '@opentelemetry/api';

/**
 * By the id of its run, and then by the telemetry that made it: the spans that have not ended. Held
 * weakly: a run that is dropped before its end takes its span with it.
 */
const live = new Map<string, Map<object, WeakRef<Span>>>();

/** Takes the entries of spans that were dropped with their runs. */
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

/** The span of a run: the one of this telemetry, else one of another's. */
export function liveSpan(runId: string | null, owner: object): Span | undefined {
  const spans = runId === null ? undefined : live.get(runId);
  return (spans?.get(owner) ?? spans?.values().next().value)?.deref();
}

/** Of how many runs spans are remembered. */
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
