import type { ComponentChildren, JSX } from 'preact';
import type { ApiError } from '../api/client';
import type { Resource } from '../hooks/use-resource';

/** Shown where there is nothing yet. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}

/** Shows that something is loading, without moving what is around it. */
export function Loading({ lines = 3 }: { readonly lines?: number }): JSX.Element {
  return (
    <div class="loading" role="status">
      <span class="hidden">Loading…</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} class="loading-line" aria-hidden="true" />
      ))}
    </div>
  );
}

/** What went wrong, and a way to try again. */
export function Failure({
  error,
  retry,
}: {
  readonly error: ApiError;
  readonly retry: () => void;
}): JSX.Element {
  return (
    <div class="failure" role="alert">
      <p>
        <strong>{headline(error)}</strong> {error.unreachable ? '' : error.message}
      </p>
      <button type="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

function headline({ status, unreachable }: ApiError): string {
  if (unreachable) return 'The server cannot be reached.';
  if (status === 401 || status === 403) return 'You may not see this.';
  return status >= 500 ? 'The server failed.' : 'The server refused this.';
}

interface ResourceViewProps<Answer> {
  readonly resource: Resource<Answer>;
  readonly lines?: number;
  readonly children: (answer: Answer) => ComponentChildren;
}

/** Shows an answer, or why there is none. An older answer stays while a newer one cannot be had. */
export function ResourceView<Answer>({ resource, lines, children }: ResourceViewProps<Answer>): JSX.Element {
  const { answer, error, retry, stale } = resource;
  if (answer === null) {
    return error ? <Failure error={error} retry={retry} /> : <Loading {...(lines ? { lines } : {})} />;
  }
  return (
    <div class={stale ? 'stale' : undefined} aria-busy={stale}>
      {error && !error.unreachable && <Failure error={error} retry={retry} />}
      {children(answer)}
    </div>
  );
}
