import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { errorPayload } from '../record/error-payload';
import type { JsonObject, JsonValue } from '../record/json';
import { copyJson, isJsonObject } from '../record/json';
import { fitsIn } from './fits-in';

/** The most JSON that a step or a note carries, in bytes of UTF-8: a journal is no place for documents. */
export const MAX_PAYLOAD_BYTES = 65_536;

/** What is kept of the message of an error whose record is too large, in characters. */
const LONGEST_MESSAGE = 2_000;

/**
 * Takes what a step or a note is handed: an object as it is, another JSON value as `{ value }`, nothing as
 * null.
 *
 * @throws {RunError} `validation_error` for what JSON cannot carry, and for more than
 * {@link MAX_PAYLOAD_BYTES}.
 */
export function takePayload(value: unknown, name: string): JsonObject | null {
  if (value === undefined || value === null) return null;
  const issues: ValidationIssue[] = [];
  const copy = copyJson(value, name, issues) as JsonValue;
  const payload = isJsonObject(copy) ? copy : { value: copy };
  if (!fits(payload)) {
    issues.push({ path: name, message: `must be at most ${MAX_PAYLOAD_BYTES} bytes of JSON` });
  }
  if (issues.length > 0) throw validationError(name, issues);
  return payload;
}

/** The record of an exception, cut to its name, its code and the start of its message where it is large. */
export function errorThatFits(error: unknown): JsonObject {
  const payload = errorPayload(error);
  if (fits(payload)) return payload;
  // The name and the code are short.
  const { name, message, code } = payload as { name?: JsonValue; code?: JsonValue; message: string };
  return {
    ...(name === undefined ? {} : { name }),
    message: message.slice(0, LONGEST_MESSAGE),
    ...(code === undefined ? {} : { code }),
  };
}

function fits(payload: JsonObject): boolean {
  return fitsIn(JSON.stringify(payload), MAX_PAYLOAD_BYTES);
}
