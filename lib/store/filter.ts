import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import type { RunStatus } from '../record/status';
import { isJsonObject } from '../record/json';
import { isRunStatus, RUN_STATUSES } from '../record/status';
import { findUnknown } from '../record/options';
import { shownWord } from '../record/refusal';
import type { MetadataMember, RowFilter, RowKey, RowQuery } from './backend';
import { decodeText, encodeText } from './column-text';
import type { StoredRun } from './columns';
import { isMetadataScalar, LONGEST_MEMBER, memberOf } from './metadata';

/** Which runs. A member that is absent does not filter. */
export interface RunFilter {
  /** Runs of this session. */
  readonly sessionId?: string | undefined;
  /** Runs that stand here, or at one of these. */
  readonly status?: RunStatus | readonly RunStatus[] | undefined;
  /** Runs of this provider. */
  readonly provider?: string | undefined;
  /** The children of this run. */
  readonly parentRunId?: string | undefined;
  /** This root and all its descendants. */
  readonly rootRunId?: string | undefined;
  /** Whether only runs that are nobody's child. */
  readonly rootsOnly?: boolean | undefined;
  /**
   * Texts, numbers or booleans that top-level members of the metadata equal, all of them. Of a run's
   * metadata the first 32 such members are found, texts of up to 256 characters.
   */
  readonly metadata?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** `answer`: runs that wait for one; `resume`: runs that have theirs and that nobody has resumed. */
  readonly awaiting?: 'answer' | 'resume' | undefined;
  /** Runs started at this moment or later. */
  readonly startedFrom?: Date | undefined;
  /** Runs started before this moment. */
  readonly startedBefore?: Date | undefined;
}

/** Which page of which runs. */
export interface ListOptions extends RunFilter {
  /** How many runs at most, from 1 to 1000. @default 50 */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | null | undefined;
}

const DEFAULT_LIMIT = 50;
const LARGEST_LIMIT = 1000;

/** What a {@link RunFilter} may have. */
export const FILTER_OPTIONS = [
  'sessionId',
  'status',
  'provider',
  'parentRunId',
  'rootRunId',
  'rootsOnly',
  'metadata',
  'awaiting',
  'startedFrom',
  'startedBefore',
] as const satisfies readonly (keyof RunFilter)[];

const LIST_OPTIONS: readonly (keyof ListOptions)[] = [...FILTER_OPTIONS, 'limit', 'cursor'];

/**
 * Checks a filter and a page, and translates them for a backend.
 *
 * @throws {RunError} `validation_error`, an unknown option or status among its issues
 */
export function readListOptions(options: ListOptions): RowQuery {
  const issues: ValidationIssue[] = [];
  findUnknown(options, LIST_OPTIONS, issues);
  if (issues.length > 0) throw validationError('filter', issues);
  const { limit = DEFAULT_LIMIT, cursor } = options;
  const after = cursor === undefined || cursor === null ? undefined : readCursor(cursor, issues);
  checkLimit(limit, issues);
  const filter = readFilter(options, issues);
  if (issues.length > 0) throw validationError('filter', issues);
  return { ...filter, after, limit };
}

/** Translates a filter for a backend. */
export function readFilter(options: RunFilter, issues: ValidationIssue[]): RowFilter {
  return {
    sessionId: readText(options.sessionId, 'sessionId', issues),
    statuses: readStatuses(options.status, issues),
    provider: readText(options.provider, 'provider', issues),
    parentRunId: readText(options.parentRunId, 'parentRunId', issues),
    rootRunId: readText(options.rootRunId, 'rootRunId', issues),
    rootsOnly: readFlag(options.rootsOnly, 'rootsOnly', issues),
    metadata: readMetadata(options.metadata, issues),
    awaits: readAwaiting(options.awaiting, issues),
    fromMs: readMoment(options.startedFrom, 'startedFrom', issues),
    toMs: readMoment(options.startedBefore, 'startedBefore', issues),
  };
}

/**
 * Checks how many are asked for.
 *
 * @throws {RunError} `validation_error`
 */
export function readLimit(limit: number): number {
  const issues: ValidationIssue[] = [];
  checkLimit(limit, issues);
  if (issues.length > 0) throw validationError('query', issues);
  return limit;
}

/**
 * Checks an id, and encodes it as rows have it.
 *
 * @throws {RunError} `validation_error`
 */
export function readId(id: unknown, path = 'id'): string {
  const issues: ValidationIssue[] = [];
  const encoded = readText(id ?? null, path, issues);
  if (encoded === undefined) throw validationError('query', issues);
  return encoded;
}

/**
 * Checks a `seq` or a position to go on from.
 *
 * @throws {RunError} `validation_error`
 */
export function readStart(start: number | undefined, path: string): number {
  if (start === undefined) return 0;
  if (Number.isSafeInteger(start) && start >= 0) return start;
  throw validationError('query', [{ path, message: 'must be an integer, not negative' }]);
}

/** The cursor of the page that begins after a row. Opaque to those who pass it on. */
export function writeCursor({ startedMs, id }: RowKey): string {
  return Buffer.from(JSON.stringify([startedMs, decodeText(id)])).toString('base64url');
}

function readCursor(cursor: unknown, issues: ValidationIssue[]): RowKey | undefined {
  try {
    const text = Buffer.from(cursor as string, 'base64url').toString();
    const [startedMs, id] = JSON.parse(text) as [unknown, unknown];
    if (Number.isSafeInteger(startedMs) && typeof id === 'string') {
      return { startedMs: startedMs as number, id: encodeText(id) };
    }
  } catch {
    // Reported below.
  }
  issues.push({ path: 'cursor', message: 'must be the nextCursor of a page' });
  return undefined;
}

function checkLimit(limit: unknown, issues: ValidationIssue[]): void {
  if (Number.isInteger(limit) && (limit as number) >= 1 && (limit as number) <= LARGEST_LIMIT) return;
  issues.push({ path: 'limit', message: `must be an integer from 1 to ${LARGEST_LIMIT}` });
}

function readText(value: unknown, path: string, issues: ValidationIssue[]): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return encodeText(value);
  issues.push({ path, message: 'must be a text' });
  return undefined;
}

function readStatuses(status: unknown, issues: ValidationIssue[]): readonly string[] | undefined {
  if (status === undefined) return undefined;
  const statuses: readonly unknown[] = Array.isArray(status) ? status : [status];
  if (statuses.length > 0 && statuses.every(isRunStatus)) return [...new Set(statuses as string[])].sort();
  issues.push({ path: 'status', message: `must be one or several of ${RUN_STATUSES.join(', ')}` });
  return undefined;
}

function readFlag(value: unknown, path: string, issues: ValidationIssue[]): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  issues.push({ path, message: 'must be true or false' });
  return undefined;
}

function readAwaiting(value: unknown, issues: ValidationIssue[]): StoredRun['awaits'] | undefined {
  if (value === undefined || value === 'answer' || value === 'resume') return value;
  issues.push({ path: 'awaiting', message: 'must be answer or resume' });
  return undefined;
}

function readMetadata(metadata: unknown, issues: ValidationIssue[]): readonly MetadataMember[] | undefined {
  if (metadata === undefined) return undefined;
  if (!isJsonObject(metadata)) {
    issues.push({ path: 'metadata', message: 'must be an object of members to look for' });
    return undefined;
  }
  const members = Object.entries(metadata as object).filter(([, value]) => value !== undefined);
  const found = members.map(([name, value]) => readMember(name, value, issues));
  return found.length === 0 ? undefined : found.filter((member) => member !== null);
}

function readMember(name: string, value: unknown, issues: ValidationIssue[]): MetadataMember | null {
  const path = `metadata.${shownWord(name)}`;
  const isTooLong =
    name.length > LONGEST_MEMBER || (typeof value === 'string' && value.length > LONGEST_MEMBER);
  if (!isTooLong && isMetadataScalar(value)) return memberOf(name, value);
  const limit = `must be at most ${LONGEST_MEMBER} characters, name and text`;
  issues.push({ path, message: isTooLong ? limit : 'must be a text, a number or a boolean' });
  return null;
}

function readMoment(value: unknown, path: string, issues: ValidationIssue[]): number | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime();
  issues.push({ path, message: 'must be a valid Date' });
  return undefined;
}
