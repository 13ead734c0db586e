import { useEffect, useRef } from 'preact/hooks';
import { followStream } from '../api/event-stream';
import { apiUrl } from '../api/settings';

/**
 * Calls `changed` when something happens in the store, or in one session of it, at most once in `everyMs`;
 * and when the stream comes back, since what happened meanwhile is not known.
 */
export function useLive(everyMs: number, changed: () => void, sessionId?: string): void {
  const changedRef = useRef(changed);
  changedRef.current = changed;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let opened = false;
    const soon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        changedRef.current();
      }, everyMs);
    };
    const session = sessionId === undefined ? [] : [['session_id', sessionId] as const];
    const stop = followStream({
      url: (lastId) => apiUrl('events', [...session, ['after_position', lastId ?? 'end']]),
      entry: soon,
      open: () => {
        if (opened) soon();
        opened = true;
      },
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [everyMs, sessionId]);
}
