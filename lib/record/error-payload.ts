import { types } from 'node:util';
import type { ValidationIssue } from './error';
import type { JsonObject, JsonValue } from './json';
import { copyJson } from './json';

const MAX_CAUSES = 8;

/** The most errors of an `AggregateError` that are kept. */
const MAX_ERRORS = 10;

/** The most errors that are kept within one error, its causes included. */
const MAX_WITHIN = 40;

/** The longest name or code that is kept. */
const LONGEST_WORD = 200;

/**
 * What `Object.prototype.toString` says of the usual reason of an aborted signal. One from another realm,
 * as in jest, is not `instanceof Error`.
 */
const DOM_EXCEPTION = '[object DOMException]';

/** What of an exception goes into a record. */
export interface ErrorPayloadOptions {
  /** Whether to keep the stack. Records reach API clients, so only on request. @default false */
  readonly stack?: boolean | undefined;
}

/** The names of {@link ErrorPayloadOptions}. */
export const ERROR_PAYLOAD_OPTIONS = ['stack'] as const satisfies readonly (keyof ErrorPayloadOptions)[];

/** How far a walk over an error and those within it has come. */
interface Walk {
  readonly options: ErrorPayloadOptions;
  left: number;
}

/**
 * The record of an exception: `{ name, message, code?, status?, details?, cause?, errors?, stack? }`, or
 * `{ code?, message }` of what is no `Error`. Never throws: what JSON cannot carry is left out.
 */
export function errorPayload(error: unknown, options: ErrorPayloadOptions = {}): JsonObject {
  return payloadOf(error, { options, left: MAX_WITHIN }, 0);
}

/** Whether it is an `Error`, of this realm or another. */
export function isError(value: unknown): value is Error {
  const look = (): boolean => value instanceof Error || types.isNativeError(value) || isDomException(value);
  return attempt(look) === true;
}

/** The message of an exception, whatever was thrown. */
export function messageOf(error: unknown): string {
  if (isError(error)) return memberText(error, 'message');
  const message = member(error, 'message');
  return typeof message === 'string' ? message : textOf(error);
}

function payloadOf(error: unknown, walk: Walk, depth: number): JsonObject {
  if (isError(error)) return fromError(error, walk, depth);
  return presentOf({ code: codeOf(error), message: messageOf(error) });
}

function fromError(error: Error, walk: Walk, depth: number): JsonObject {
  return presentOf({
    name: nameOf(error),
    message: memberText(error, 'message'),
    code: codeOf(error),
    status: statusOf(error),
    details: jsonOrNothing(member(error, 'details')),
    cause: causeOf(error, walk, depth),
    errors: errorsOf(error, walk, depth),
    stack: walk.options.stack === true ? memberText(error, 'stack') : undefined,
  });
}

function presentOf(members: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const payload: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(members)) if (value !== undefined) payload[key] = value;
  return payload;
}

/** The error's name, or its class's where the name is only `Error`, as with some SDKs. */
function nameOf(error: Error): string {
  const name = memberText(error, 'name');
  const className = name === 'Error' ? member(member(error, 'constructor'), 'name') : undefined;
  return (typeof className === 'string' && className !== '' ? className : name).slice(0, LONGEST_WORD);
}

/** The error's code. A DOM exception's is left out: a number that says less than its name. */
function codeOf(error: unknown): string | number | undefined {
  const code = member(error, 'code');
  if (typeof code === 'string') return code.slice(0, LONGEST_WORD);
  return Number.isFinite(code) && !isDomException(error) ? (code as number) : undefined;
}

/** The status of an HTTP answer. */
function statusOf(error: Error): number | undefined {
  const status = [member(error, 'status'), member(error, 'statusCode')].find((value) =>
    Number.isFinite(value),
  );
  return status as number | undefined;
}

function causeOf(error: Error, walk: Walk, depth: number): JsonValue | undefined {
  if (depth >= MAX_CAUSES) return undefined;
  const cause = member(error, 'cause');
  if (!isError(cause)) return jsonOrNothing(cause);
  return takesOneMore(walk) ? fromError(cause, walk, depth + 1) : undefined;
}

/** What an `AggregateError` stands for. */
function errorsOf(error: Error, walk: Walk, depth: number): JsonValue | undefined {
  if (depth >= MAX_CAUSES) return undefined;
  const errors = attempt(() => firstOf(member(error, 'errors')));
  return errors?.flatMap((each) => (takesOneMore(walk) ? [payloadOf(each, walk, depth + 1)] : []));
}

function firstOf(errors: unknown): unknown[] | undefined {
  if (!Array.isArray(errors)) return undefined;
  const length = Math.min(errors.length, MAX_ERRORS);
  return Array.from({ length }, (_, index) => member(errors, String(index)));
}

function takesOneMore(walk: Walk): boolean {
  walk.left -= 1;
  return walk.left >= 0;
}

function jsonOrNothing(value: unknown): JsonValue | undefined {
  if (value === null) return undefined;
  const issues: ValidationIssue[] = [];
  const copy = copyJson(value, 'error', issues);
  return issues.length === 0 ? (copy as JsonValue) : undefined;
}

function memberText(error: Error, key: string): string {
  const value = member(error, key);
  return typeof value === 'string' ? value : '';
}

function isDomException(value: unknown): boolean {
  return attempt(() => Object.prototype.toString.call(value)) === DOM_EXCEPTION;
}

/** The member of anything; undefined where there is none to be had. */
function member(holder: unknown, key: string): unknown {
  return attempt(() => (holder as Record<string, unknown>)[key]);
}

/** What the look finds; undefined where it throws. */
function attempt<Found>(look: () => Found): Found | undefined {
  try {
    return look();
  } catch {
    // A getter may throw, and a revoked proxy does so at every look.
  }
  return undefined;
}

function textOf(value: unknown): string {
  const json = jsonOrNothing(value);
  if (json !== undefined) return typeof json === 'string' ? json : JSON.stringify(json);
  if (value === undefined || value === null) return 'No reason was given';
  return `Neither an Error nor JSON, but a value of the type ${typeof value}`;
}
