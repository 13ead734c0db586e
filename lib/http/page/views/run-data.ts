import { useEffect } from 'preact/hooks';
import { serverNow } from '../api/connection';
import { apiUrl, runUrl } from '../api/settings';
import type { Journal } from '../hooks/use-journal';
import { useJournal } from '../hooks/use-journal';
import { useLive } from '../hooks/use-live';
import type { Resource } from '../hooks/use-resource';
import { useResource } from '../hooks/use-resource';
import type { RunDetail, RunPage, RunRecord } from '../model/records';
import { hasEnded } from '../model/records';

/** A run as it is known at this moment, from its record, its journal and its family. */
export interface RunData {
  readonly detail: Resource<RunDetail>;
  /** The newest that is known of the record, or null before anything is. */
  readonly run: RunRecord | null;
  readonly journal: Journal;
  readonly refresh: () => void;
}

const FAMILY_LIMIT = 200;
const FAMILY_MS = 1_000;

/** Reads a run and follows it. */
export function useRun(id: string): RunData {
  const detail = useResource<RunDetail>(runUrl(id));
  const journal = useJournal(id);
  // What the journal tells of has changed the record too, and its first entries may be newer than the record.
  useEffect(() => {
    if (journal.version > 0) detail.refresh();
  }, [journal.version]);
  useLease(detail);
  return { detail, run: newest(detail.answer?.run ?? null, journal.ended), journal, refresh: detail.refresh };
}

const LEASE_MS = 5_000;

/** A lease is renewed without a word in the journal: it is read again before it seems to have run out. */
function useLease({ answer, refresh }: Resource<RunDetail>): void {
  useEffect(() => {
    if (!answer?.lease || hasEnded(answer.run)) return;
    const leftMs = Date.parse(answer.lease.expires_at) - serverNow();
    const timer = setTimeout(refresh, Math.max(LEASE_MS, leftMs / 2));
    return () => clearTimeout(timer);
  }, [answer]);
}

function newest(read: RunRecord | null, ended: RunRecord | null): RunRecord | null {
  return read && (hasEnded(read) || !ended) ? read : (ended ?? read);
}

/** A run's whole family: the root's descendants, the run itself among them. */
export function useFamily(run: RunRecord): Resource<RunPage> {
  const root = run.root_run_id ?? run.id;
  const family = useResource<RunPage>(
    apiUrl('runs', [
      ['root_run_id', root],
      ['limit', String(FAMILY_LIMIT)],
    ]),
  );
  const members = family.answer?.runs ?? [];
  // Read when the run had ended: whatever it has started is among them.
  const isOver = members.some(({ id }) => id === run.id) && members.every(hasEnded);
  useLive(FAMILY_MS, family.refresh, run.session_id, !isOver);
  return family;
}
