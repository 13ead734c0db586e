import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { findUnknown } from '../record/options';

/** What to watch, and from where. */
export type WatchOptions = WatchRunOptions | WatchSessionOptions;

/** The journal of one run. */
export interface WatchRunOptions {
  /** The run whose journal it is. */
  readonly runId: string;
  /** The `seq` of the last entry that is known already; `end` for what stands at the call. @default 0 */
  readonly afterSeq?: number | 'end' | undefined;
  /** Ends the loop. */
  readonly signal?: AbortSignal | undefined;
}

/** The journal of a session, or of the whole store. */
export interface WatchSessionOptions {
  /** Not together with a session or a position. */
  readonly runId?: undefined;
  /** @default all sessions */
  readonly sessionId?: string | undefined;
  /** The `position` of the last entry that is known already; `end` for what stands at the call. @default 0 */
  readonly afterPosition?: number | 'end' | undefined;
  /** Ends the loop. */
  readonly signal?: AbortSignal | undefined;
}

/** {@link WatchOptions}, checked. */
export interface WatchSettings {
  readonly runId: string | undefined;
  readonly sessionId: string | undefined;
  readonly after: number | 'end';
  readonly signal: AbortSignal | undefined;
}

/**
 * Checks the options of `watch`.
 *
 * @throws {RunError} `validation_error`
 */
export function readWatchOptions(options: WatchOptions): WatchSettings {
  const issues: ValidationIssue[] = [];
  findUnknown(options, ['runId', 'sessionId', 'afterSeq', 'afterPosition', 'signal'], issues);
  const given: Partial<Record<string, unknown>> = { ...options };
  const start = given['runId'] === undefined ? 'afterPosition' : 'afterSeq';
  const other = start === 'afterSeq' ? 'afterPosition' : 'afterSeq';
  const { [start]: after = 0 } = given;
  checkText(given['runId'], 'runId', issues);
  checkText(given['sessionId'], 'sessionId', issues);
  if (start === 'afterSeq' && given['sessionId'] !== undefined) {
    issues.push({ path: 'sessionId', message: 'must not be given together with runId' });
  }
  if (given[other] !== undefined) {
    issues.push({ path: other, message: `must not be given here: use ${start}` });
  }
  if (after !== 'end' && !(Number.isSafeInteger(after) && (after as number) >= 0)) {
    issues.push({ path: start, message: 'must be an integer, not negative, or "end"' });
  }
  checkSignal(given['signal'], issues);
  if (issues.length > 0) throw validationError('watch options', issues);
  return { ...options, after: after as number | 'end' } as WatchSettings;
}

/** Checks a signal that somebody may abort. */
export function checkSignal(signal: unknown, issues: ValidationIssue[]): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  issues.push({ path: 'signal', message: 'must be an AbortSignal' });
}

function checkText(value: unknown, path: string, issues: ValidationIssue[]): void {
  if (value !== undefined && typeof value !== 'string') issues.push({ path, message: 'must be a text' });
}
