import { useEffect, useRef } from 'preact/hooks';
import { followStream } from '../api/event-stream';
import { apiUrl } from '../api/settings';

/**
 * Calls `changed` when something happens in the store, or in one session of it, at most once in `everyMs`;
 * and whenever the stream is opened, the first time too: no stream tells what happened between the read of
 * what is shown and that moment.
 *
 * @param isOn - Whether anything can still happen: a stream is one of the six connections of a browser.
 */
export function useLive(everyMs: number, changed: () => void, sessionId?: string, isOn = true): void {
  const changedRef = useRef(changed);
  changedRef.current = changed;
  useEffect(() => {
    if (!isOn) {
      // What was about to be read.
      changedRef.current();
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
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
      open: soon,
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [everyMs, sessionId, isOn]);
}
