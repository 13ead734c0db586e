import type { JSX } from 'preact';
import { useNow } from '../hooks/use-now';
import { formatAgo, formatDuration, formatTime, formatUtc } from '../model/format';
import type { RunRecord } from '../model/records';
import { hasEnded } from '../model/records';

interface TimeProps {
  /** ISO 8601. */
  readonly at: string;
  /** How long ago it was, in the place of when. */
  readonly ago?: boolean;
}

/** A local time; UTC to the millisecond on hover. */
export function Time({ at, ago = false }: TimeProps): JSX.Element {
  const now = useNow(ago ? 5_000 : 60_000);
  const ms = Date.parse(at);
  const local = formatTime(ms, now);
  const title = ago ? `${local}\n${formatUtc(ms)}` : formatUtc(ms);
  return (
    <time dateTime={at} title={title}>
      {ago ? formatAgo(ms, now) : local}
    </time>
  );
}

/** How long a run took, or has taken until now. */
export function RunDuration({ run }: { readonly run: RunRecord }): JSX.Element {
  const now = useNow(hasEnded(run) ? null : 1_000);
  const end = run.ended_at === null ? now : Date.parse(run.ended_at);
  return <>{formatDuration(end - Date.parse(run.started_at))}</>;
}
