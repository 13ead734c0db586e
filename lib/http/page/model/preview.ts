import { cutText } from './format';
import type { JsonValue, RunRecord } from './records';
import { errorName, isObject, shownStatus, textAt } from './records';

const LENGTH = 140;
const TELLING = [
  'prompt',
  'messages',
  'question',
  'task',
  'message',
  'text',
  'query',
  'goal',
  'content',
  'subject',
];

/** A line that tells a run from others: what went wrong, what it waits for, else what it was asked. */
export function previewOf(run: RunRecord): string {
  if (run.error !== null) {
    const message = textAt(run.error, 'message');
    return cutText(message === null ? errorName(run.error) : `${errorName(run.error)}: ${message}`, LENGTH);
  }
  if (shownStatus(run) === 'waiting') return cutText(run.awaiting?.reason ?? 'waits for an answer', LENGTH);
  return purposeOf(run);
}

/** What a run was asked, cut; empty where its input has no text. */
export function purposeOf(run: RunRecord): string {
  return cutText(firstText(run.input, 4) ?? '', LENGTH);
}

/** The text that most likely says what a payload is about. */
function firstText(value: JsonValue | undefined, levels: number): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (levels === 0 || typeof value !== 'object' || value === null) return null;
  if (isObject(value)) {
    for (const key of TELLING) {
      const found = Object.hasOwn(value, key) ? firstText(value[key], levels - 1) : null;
      if (found !== null) return found;
    }
  }
  // A conversation's last message is what the run is about.
  const parts = Array.isArray(value) ? value.slice(-3).reverse() : Object.values(value).slice(0, 10);
  for (const part of parts) {
    const found = firstText(part as JsonValue, levels - 1);
    if (found !== null) return found;
  }
  return null;
}
