/** What a commit tells others: who wrote, and which runs; null for too many to list. */
export interface Notification {
  readonly source: string;
  readonly runIds: readonly string[] | null;
}

/** PostgreSQL takes less than 8,000 bytes. */
const LONGEST_PAYLOAD = 7_900;

/** The payload of a notification: ids, never what was written. */
export function writeNotification(source: string, runIds: readonly string[]): string {
  const payload = JSON.stringify([source, runIds]);
  return Buffer.byteLength(payload) > LONGEST_PAYLOAD ? JSON.stringify([source, null]) : payload;
}

/** Reads a payload; one that somebody else has put on the channel counts as "perhaps any run". */
export function readNotification(payload: string): Notification {
  try {
    const [source, runIds] = JSON.parse(payload) as [unknown, unknown];
    if (typeof source === 'string' && Array.isArray(runIds)) return { source, runIds: runIds as string[] };
    return { source: String(source), runIds: null };
  } catch {
    return { source: '', runIds: null };
  }
}
