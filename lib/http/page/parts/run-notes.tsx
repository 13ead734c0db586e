import type { ComponentChildren, JSX } from 'preact';
import { useNow } from '../hooks/use-now';
import type { Lease, RunRecord } from '../model/records';
import { errorName, hasEnded, objectAt, textAt } from '../model/records';
import { Icon } from './icon';
import { JsonTree } from './json-tree';
import { Time } from './time';

/** Why a run did not complete. */
export function ErrorNote({ run }: { readonly run: RunRecord }): JSX.Element | null {
  if (run.error === null || !hasEnded(run)) return null;
  const details = objectAt(run.error, 'details');
  return (
    <section class={`note tone-${run.status}`} aria-label="Why it ended">
      <h2>
        <Icon name={run.status} /> {errorName(run.error)}
      </h2>
      <p class="break">{textAt(run.error, 'message') ?? 'No message was kept.'}</p>
      {details && Object.keys(details).length > 0 && <JsonTree value={{ details }} />}
    </section>
  );
}

interface LeaseNoteProps {
  readonly run: RunRecord;
  readonly lease: Lease | null;
  /** When something was last heard of the run; null while that is not known. */
  readonly lastAt: string | null;
}

/** How long a run without a lease may be silent; `recover` takes it for as long by default. */
const SILENT_MS = 30_000;

/** Which process executes a run, and whether that one still says so. */
export function LeaseNote({ run, lease, lastAt }: LeaseNoteProps): JSX.Element | null {
  const isOver = run.status !== 'running' || Boolean(run.awaiting);
  const now = useNow(isOver ? null : 5_000);
  if (isOver) return null;
  if (lease === null) {
    const isSilent = lastAt !== null && now - Date.parse(lastAt) > SILENT_MS;
    if (!isSilent) return null;
    return (
      <StuckNote label="A run that is silent" title="No process holds this run">
        It is not tracked, and was last heard of <Time at={lastAt} ago />.
      </StuckNote>
    );
  }
  if (Date.parse(lease.expires_at) >= now) return <p class="muted">Executed by {lease.owner}.</p>;
  return (
    <StuckNote label="A process that is silent" title="Its process may be dead">
      {lease.owner} has not renewed its lease, which ran out <Time at={lease.expires_at} ago />.
    </StuckNote>
  );
}

interface StuckNoteProps {
  /** What the note is for those who do not see it. */
  readonly label: string;
  readonly title: string;
  readonly children: ComponentChildren;
}

function StuckNote({ label, title, children }: StuckNoteProps): JSX.Element {
  return (
    <section class="note tone-stuck" aria-label={label}>
      <h2>
        <Icon name="stuck" /> {title}
      </h2>
      <p>{children}</p>
    </section>
  );
}
