import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import type { RunStatus } from '../record/status';
import { isRunStatus, RUN_STATUSES } from '../record/status';
import type { RowKey, RowQuery } from './backend';
import { decodeText, encodeText } from './column-text';

/** Which runs. A member that is absent does not filter. */
export interface RunFilter {
  /** Runs of this session. */
  readonly sessionId?: string | undefined;
  /** Runs that stand here. */
  readonly status?: RunStatus | undefined;
  /** Runs of this provider. */
  readonly provider?: string | undefined;
  /** Runs started at this moment or later. */
  readonly startedAfter?: Date | undefined;
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

/**
 * Checks a filter and says it in the words of rows.
 *
 * @throws {RunError} `validation_error`, `invalid_status` among its issues
 */
export function readListOptions(options: ListOptions): RowQuery {
  const { sessionId, status, provider, startedAfter, startedBefore, limit = DEFAULT_LIMIT, cursor } = options;
  const issues: ValidationIssue[] = [];
  const after = cursor === undefined || cursor === null ? undefined : readCursor(cursor, issues);
  if (status !== undefined && !isRunStatus(status)) {
    issues.push({ path: 'status', message: `must be one of ${RUN_STATUSES.join(', ')}` });
  }
  checkLimit(limit, issues);
  const query = {
    sessionId: readText(sessionId, 'sessionId', issues),
    status,
    provider: readText(provider, 'provider', issues),
    fromMs: readMoment(startedAfter, 'startedAfter', issues),
    toMs: readMoment(startedBefore, 'startedBefore', issues),
    after,
    limit,
  };
  if (issues.length > 0) throw validationError('filter', issues);
  return query;
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
 * Checks a count to go on from.
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
    // Said below.
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

function readMoment(value: unknown, path: string, issues: ValidationIssue[]): number | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime();
  issues.push({ path, message: 'must be a valid Date' });
  return undefined;
}
