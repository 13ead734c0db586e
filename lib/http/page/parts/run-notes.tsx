import type { JSX } from 'preact';
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
}

/** Which process executes a run, and whether that one still says so. */
export function LeaseNote({ run, lease }: LeaseNoteProps): JSX.Element | null {
  const now = useNow(lease === null || hasEnded(run) ? null : 5_000);
  if (hasEnded(run) || lease === null) return null;
  if (Date.parse(lease.expires_at) >= now) return <p class="muted">Executed by {lease.owner}.</p>;
  return (
    <section class="note tone-stuck" aria-label="A process that is silent">
      <h2>
        <Icon name="stuck" /> Its process may be dead
      </h2>
      <p>
        {lease.owner} has not renewed its lease, which ran out <Time at={lease.expires_at} ago />.
      </p>
    </section>
  );
}
