import { useEffect, useState } from 'preact/hooks';
import { followStream } from '../api/event-stream';
import { runUrl } from '../api/settings';
import { RunHistory } from '../model/history';
import type { RunRecord } from '../model/records';

/** A run's journal as it grows. */
export interface Journal {
  readonly history: RunHistory;
  /** Changes with every batch of entries. */
  readonly version: number;
  /** The record as it ended, once the stream said so. */
  readonly ended: RunRecord | null;
  /** Whether the stream has stood at least once. */
  readonly opened: boolean;
}

/** Entries that come at once are shown at once. */
const BATCH_MS = 80;

/** Reads a run's journal from its first entry and follows it to its end. */
export function useJournal(runId: string): Journal {
  const [journal, setJournal] = useState(emptyJournal);
  useEffect(() => {
    const history = new RunHistory();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (change: Partial<Journal>): void => {
      clearTimeout(timer);
      timer = undefined;
      setJournal((before) => ({ ...before, ...change, history, version: before.version + 1 }));
    };
    setJournal(emptyJournal());
    const stop = followStream({
      url: (lastId) => `${runUrl(runId, '/events')}?after_seq=${encodeURIComponent(lastId ?? '0')}`,
      entry: (entry) => {
        if (history.add(entry)) timer ??= setTimeout(() => show({ opened: true }), BATCH_MS);
      },
      open: () => {
        timer ??= setTimeout(() => show({ opened: true }), BATCH_MS);
      },
      end: (ended) => show({ ended, opened: true }),
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [runId]);
  return journal;
}

function emptyJournal(): Journal {
  return { history: new RunHistory(), version: 0, ended: null, opened: false };
}
