import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import type { Resumed } from '../record/awaiting';
import type { RunLimits } from '../record/limits';
import { refuseUnknown } from '../record/options';
import { readLimits } from '../record/limits';

/** What the function given to `execute` is handed. */
export interface ExecutionContext<Subject> {
  /** The run that is being executed. */
  readonly run: Subject;
  /** Aborts when the run is to stop, with the `RunError` as its reason. Hand it to every client. */
  readonly signal: AbortSignal;
  /** What a parked run was answered; null where it was not parked. */
  readonly resumed: Resumed | null;
}

/** How a run is executed. */
export interface ExecuteOptions {
  /**
   * One deadline for the whole execution, in milliseconds; turns do not re-arm it.
   * @default Infinity
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How long the function may take to answer its signal, in milliseconds, before `execute` settles
   * without it.
   * @default 2000
   */
  readonly graceMs?: number | undefined;
  /** The caller's signal: its abort cancels the run. `null` is none, as in `fetch`. */
  readonly signal?: AbortSignal | null | undefined;
  /** Merged with the limits that the run already has, and kept with it. */
  readonly limits?: RunLimits | undefined;
}

/** {@link ExecuteOptions}, checked and complete. */
export interface ExecuteSettings {
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly signal: AbortSignal | null;
  readonly limits: RunLimits | null;
}

const OPTIONS = [
  'timeoutMs',
  'graceMs',
  'signal',
  'limits',
] as const satisfies readonly (keyof ExecuteOptions)[];

const DEFAULT_GRACE_MS = 2_000;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {RunError} `validation_error`
 */
export function readExecuteOptions(options: ExecuteOptions): ExecuteSettings {
  refuseUnknown(options, OPTIONS, 'options of execute');
  const { timeoutMs = Infinity, graceMs = DEFAULT_GRACE_MS, signal = null } = options;
  const issues: ValidationIssue[] = [];
  findBadTimes({ timeoutMs, graceMs }, issues);
  if (signal !== null && !isAbortSignal(signal)) {
    issues.push({ path: 'signal', message: 'must be an AbortSignal' });
  }
  const limits = readLimits(options.limits, 'attributes', issues);
  if (issues.length > 0) throw validationError('options of execute', issues);
  return { timeoutMs, graceMs, signal, limits };
}

/** Adds an issue for each time that is none. */
export function findBadTimes(
  { timeoutMs, graceMs }: { readonly timeoutMs?: unknown; readonly graceMs?: unknown },
  issues: ValidationIssue[],
): void {
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0)) {
    issues.push({ path: 'timeoutMs', message: 'must be a number above 0' });
  }
  if (graceMs !== undefined && !(typeof graceMs === 'number' && graceMs >= 0)) {
    issues.push({ path: 'graceMs', message: 'must be a number, not negative' });
  }
}

const SIGNAL_TYPES = 'boolean,function,function';

/** An `AbortSignal`, of this realm, another or a polyfill. */
function isAbortSignal(value: Partial<AbortSignal>): boolean {
  try {
    const { aborted, addEventListener, removeEventListener } = value;
    return [typeof aborted, typeof addEventListener, typeof removeEventListener].join() === SIGNAL_TYPES;
  } catch {
    return false;
  }
}
