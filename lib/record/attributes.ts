import { createRunId } from './id';
import type { RunLimits } from './limits';
import { readLimits } from './limits';
import type { ValidationIssue } from './error';
import { validationError } from './error';
import type { JsonObject } from './json';
import { copyJsonObject } from './json';
import { findUnknown } from './options';
import { issueWith } from './rules';
import type { RunOrigin } from './run-state';

/** What a run is made of. */
export interface RunAttributes<Input extends object = JsonObject> {
  /** The session that the run belongs to; not empty. */
  readonly sessionId: string;
  /** @default `run_` and the 32 hex digits of a UUIDv7 */
  readonly id?: string | null | undefined;
  /** What goes in: any object that JSON can carry. @default null */
  readonly input?: Input | null | undefined;
  /** Whatever the caller wants to keep with the run. @default {} */
  readonly metadata?: object | null | undefined;
  /** Who executes the run: `openai`, `anthropic`. @default null */
  readonly provider?: string | null | undefined;
  /** What the provider says about the run. @default {} */
  readonly providerMetadata?: object | null | undefined;
  /** What the run may use. @default null */
  readonly limits?: RunLimits | null | undefined;
}

const ATTRIBUTES = [
  'sessionId',
  'id',
  'input',
  'metadata',
  'provider',
  'providerMetadata',
  'limits',
] as const satisfies readonly (keyof RunAttributes)[];

/** What a child is made of: its session is its parent's. */
export const CHILD_ATTRIBUTES: readonly string[] = ATTRIBUTES.filter((name) => name !== 'sessionId');

/**
 * Checks and copies the attributes of a new run.
 *
 * @throws {RunError} `validation_error` with an issue for each that is bad.
 */
export function readAttributes(attributes: unknown): RunOrigin {
  if (typeof attributes !== 'object' || attributes === null) {
    throw validationError('run', [{ path: '', message: 'attributes must be an object' }]);
  }
  const given = readOnce(attributes);
  const issues: ValidationIssue[] = [];
  findUnknown(attributes, ATTRIBUTES, issues);
  const holder = { session_id: given.sessionId, id: given.id, provider: given.provider };
  check(holder, 'session_id', 'sessionId', issues);
  if (given.id !== null) check(holder, 'id', 'id', issues);
  check(holder, 'provider', 'provider', issues);
  const checked = {
    sessionId: given.sessionId,
    id: given.id ?? createRunId(),
    provider: given.provider,
    input: payload(given.input, 'input', issues),
    metadata: payload(given.metadata, 'metadata', issues),
    providerMetadata: payload(given.providerMetadata, 'providerMetadata', issues),
    limits: readLimits(given.limits, 'attributes', issues),
  };
  if (issues.length > 0) throw validationError('run', issues);
  return checked as RunOrigin;
}

/**
 * Checks a provider. A caller from JavaScript may give undefined, which counts as null: a record always has
 * the key.
 *
 * @throws {RunError} `validation_error`
 */
export function takeProvider(provider: string | null): string | null {
  const message = issueWith('provider', { provider });
  if (message !== null) throw validationError('run', [{ path: 'provider', message }]);
  return provider ?? null;
}

/** Each attribute, read once: a getter may throw, or give another answer the second time. */
function readOnce(attributes: object): Readonly<Record<keyof RunAttributes, unknown>> {
  try {
    const given = attributes as Partial<Record<keyof RunAttributes, unknown>>;
    const { sessionId, id = null, input, metadata, provider = null, providerMetadata, limits } = given;
    return { sessionId, id, input, metadata, provider, providerMetadata, limits };
  } catch (error) {
    throw validationError('run', [{ path: '', message: 'attributes cannot be read' }], error);
  }
}

function check(
  holder: Readonly<Record<string, unknown>>,
  key: string,
  name: string,
  issues: ValidationIssue[],
): void {
  const message = issueWith(key, holder);
  if (message !== null) issues.push({ path: name, message });
}

function payload(value: unknown, name: string, issues: ValidationIssue[]): JsonObject | null {
  return value === undefined || value === null ? null : copyJsonObject(value, name, issues);
}
