import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { errorPayload } from '../record/error-payload';
import type { JsonObject, JsonValue } from '../record/json';
import { copyJson, isJsonObject } from '../record/json';

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
  const payload = copyPayload(value, name, issues);
  if (issues.length > 0) throw validationError(name, issues);
  return payload;
}

/** As {@link takePayload}; undefined for what does not fit. Never throws. */
export function payloadThatFits(value: unknown, name: string): JsonObject | null | undefined {
  if (value === undefined || value === null) return null;
  const issues: ValidationIssue[] = [];
  const payload = copyPayload(value, name, issues);
  return issues.length === 0 ? payload : undefined;
}

/** The record of an exception, cut to its name, its code and the start of its message where it is large. */
export function errorThatFits(error: unknown): JsonObject {
  const payload = errorPayload(error);
  if (fits(payload)) return payload;
  const { name, message, code } = payload;
  const cut = (value: JsonValue): JsonValue =>
    typeof value === 'string' ? value.slice(0, LONGEST_MESSAGE) : value;
  return {
    ...(name === undefined ? {} : { name: cut(name) }),
    ...(message === undefined ? {} : { message: cut(message) }),
    ...(code === undefined ? {} : { code: cut(code) }),
  };
}

function copyPayload(value: unknown, name: string, issues: ValidationIssue[]): JsonObject {
  const copy = copyJson(value, name, issues) as JsonValue;
  const payload = isJsonObject(copy) ? copy : { value: copy };
  if (issues.length === 0 && !fits(payload)) {
    issues.push({ path: name, message: `must be at most ${MAX_PAYLOAD_BYTES} bytes of JSON` });
  }
  return payload;
}

function fits(payload: JsonObject): boolean {
  const text = JSON.stringify(payload);
  // A character is at most three bytes, and at least one.
  if (text.length * 3 <= MAX_PAYLOAD_BYTES) return true;
  return text.length <= MAX_PAYLOAD_BYTES && Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES;
}
