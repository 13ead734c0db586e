import type { JsonValue } from './records';

/** What a person typed, read as JSON, or as a text where it is not JSON. */
export interface ReadAnswer {
  readonly value: JsonValue;
  /** Whether it was no JSON. */
  readonly text: boolean;
}

/** Reads an answer; null while there is nothing to send, or where it looks like JSON that is not whole. */
export function readAnswer(typed: string): ReadAnswer | null {
  const trimmed = typed.trim();
  if (trimmed === '') return null;
  try {
    return { value: JSON.parse(trimmed) as JsonValue, text: false };
  } catch {
    return /^[[{"]/.test(trimmed) ? null : { value: trimmed, text: true };
  }
}
