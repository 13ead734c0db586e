import { types } from 'node:util';
import type { ValidationIssue } from './error';
import type { JsonObject, JsonValue } from './json';
import { copyJson } from './json';

const MAX_CAUSES = 8;

/** What an aborted signal gives as its reason; of another realm (jest has one), no `Error` by its class. */
const DOM_EXCEPTION = '[object DOMException]';

/** What of an exception goes into a record. */
export interface ErrorPayloadOptions {
  /** Whether to keep the stack. Records reach API clients, so only on request. @default false */
  readonly stack?: boolean | undefined;
}

/**
 * The record of an exception: `{ name, message, code?, details?, cause?, stack? }`, or `{ message }` of
 * what is no `Error`. Never throws: what JSON cannot carry is left out.
 */
export function errorPayload(error: unknown, options: ErrorPayloadOptions = {}): JsonObject {
  return isError(error) ? fromError(error, options, 0) : { message: textOf(error) };
}

/** Whether it is an `Error`, of this realm or another. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || types.isNativeError(value) || tagOf(value) === DOM_EXCEPTION;
  } catch {
    // A revoked proxy refuses even that.
    return false;
  }
}

/** The message of an exception, whatever was thrown. */
export function messageOf(error: unknown): string {
  return isError(error) ? memberText(error, 'message') : textOf(error);
}

function fromError(error: Error, options: ErrorPayloadOptions, depth: number): JsonObject {
  const payload: Record<string, JsonValue> = {
    name: memberText(error, 'name'),
    message: memberText(error, 'message'),
  };
  const code = member(error, 'code');
  if (typeof code === 'string' || Number.isFinite(code)) payload['code'] = code as string | number;
  const details = jsonOrNothing(member(error, 'details'));
  if (details !== undefined) payload['details'] = details;
  const cause = causeOf(error, options, depth);
  if (cause !== undefined) payload['cause'] = cause;
  if (options.stack === true) payload['stack'] = memberText(error, 'stack');
  return payload;
}

function causeOf(error: Error, options: ErrorPayloadOptions, depth: number): JsonValue | undefined {
  const cause = member(error, 'cause');
  if (cause === undefined || cause === null || depth >= MAX_CAUSES) return undefined;
  return isError(cause) ? fromError(cause, options, depth + 1) : jsonOrNothing(cause);
}

function jsonOrNothing(value: unknown): JsonValue | undefined {
  if (value === undefined || value === null) return undefined;
  const issues: ValidationIssue[] = [];
  const copy = copyJson(value, 'error', issues);
  return issues.length === 0 ? (copy as JsonValue) : undefined;
}

function memberText(error: Error, key: string): string {
  const value = member(error, key);
  return typeof value === 'string' ? value : '';
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}

/** A getter of a foreign error may throw. */
function member(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const json = jsonOrNothing(value);
  if (json !== undefined) return typeof json === 'object' ? JSON.stringify(json) : String(json);
  if (value === undefined || value === null) return 'No reason was given';
  return `Neither an Error nor JSON, but a value of the type ${typeof value}`;
}
