import { useEffect, useState } from 'preact/hooks';
import { serverNow } from '../api/connection';

/** The time by the server's clock, renewed every so many milliseconds; with null, never. */
export function useNow(everyMs: number | null): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (everyMs === null) return;
    setNow(serverNow());
    const timer = setInterval(() => {
      if (!document.hidden) setNow(serverNow());
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
