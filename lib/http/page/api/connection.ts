import { apiUrl } from './settings';

/** Whether the server can be reached, and how often it came back. */
export interface Connection {
  readonly reachable: boolean;
  /** Counts the times that the server came back: whatever is shown is read again then. */
  readonly epoch: number;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 10_000;

let current: Connection = { reachable: true, epoch: 0 };
let retryMs = FIRST_RETRY_MS;
let skewMs = 0;
const listeners = new Set<() => void>();

export function connection(): Connection {
  return current;
}

/** Calls the listener at every change. @returns what ends it. */
export function onConnection(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Notes that a request succeeded or failed. While they fail, the server is asked again and again. */
export function setReachable(reachable: boolean): void {
  if (reachable === current.reachable) return;
  current = { reachable, epoch: current.epoch + (reachable ? 1 : 0) };
  if (!reachable) {
    retryMs = FIRST_RETRY_MS;
    setTimeout(() => void askAgain(), retryMs);
  }
  for (const listener of [...listeners]) listener();
}

async function askAgain(): Promise<void> {
  if (current.reachable) return;
  try {
    const { status } = await fetch(apiUrl('runs', [['limit', '1']]), { cache: 'no-store' });
    if (status !== 502 && status !== 504) {
      setReachable(true);
      return;
    }
  } catch {
    // Still away.
  }
  retryMs = Math.min(LAST_RETRY_MS, retryMs * 1.5);
  setTimeout(() => void askAgain(), retryMs);
}

/** Takes from an answer's `Date` how far the clock here is off, to about a second. */
export function tellServerTime(date: string | null): void {
  const at = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(at)) return;
  const skew = at - Date.now();
  skewMs = Math.abs(skew) < 3_000 ? 0 : skew;
}

/** The time by the server's clock, in milliseconds since the epoch: a run that lasts is measured with it. */
export function serverNow(): number {
  return Date.now() + skewMs;
}
