import type { Commit } from '../backend';

/** What a commit tells others: who wrote, and what; null for too much to list. */
export interface Notification {
  readonly source: string;
  readonly commit: Commit | null;
}

/** The longest payload, in bytes: PostgreSQL's are shorter than 8,000. */
const LONGEST_PAYLOAD = 7_900;

/** How many notifications one commit makes at most, before it says "perhaps any". */
const MOST_PAYLOADS = 16;

/** How many runs are tried in one notification. */
const RUNS = 64;

/** A run, and its session. */
export interface Changed {
  readonly id: string;
  readonly sessionId: string;
}

/** The payloads of a commit's notifications: ids, never what was written. */
export function writeNotifications(source: string, changed: readonly Changed[]): readonly string[] {
  const payloads: string[] = [];
  for (let start = 0; start < changed.length; start += RUNS) {
    const part = changed.slice(start, start + RUNS);
    const payload = payloadOf(source, part);
    if (Buffer.byteLength(payload) <= LONGEST_PAYLOAD) payloads.push(payload);
    else if (part.length > 1) payloads.push(...halves(source, part));
    else return [perhapsAny(source)];
  }
  return payloads.length <= MOST_PAYLOADS ? payloads : [perhapsAny(source)];
}

/** What is sent to find out whether it arrives, or where there is too much to list. */
export function perhapsAny(source: string): string {
  return JSON.stringify([source, null]);
}

function halves(source: string, part: readonly Changed[]): readonly string[] {
  const middle = Math.ceil(part.length / 2);
  return [part.slice(0, middle), part.slice(middle)].flatMap((half) => writeNotifications(source, half));
}

function payloadOf(source: string, changed: readonly Changed[]): string {
  const sessionIds = new Set(changed.map(({ sessionId }) => sessionId));
  return JSON.stringify([source, changed.map(({ id }) => id), [...sessionIds]]);
}

/** Reads a payload; one that somebody else has put on the channel counts as "perhaps any". */
export function readNotification(payload: string): Notification {
  try {
    const [source, runIds, sessionIds] = JSON.parse(payload) as unknown[];
    if (typeof source === 'string' && areTexts(runIds) && areTexts(sessionIds)) {
      return { source, commit: { runIds, sessionIds } };
    }
    return { source: String(source), commit: null };
  } catch {
    return { source: '', commit: null };
  }
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
