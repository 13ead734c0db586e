import { validationError } from '../record/error';
import type { RunError, ValidationIssue } from '../record/error';
import type { AnyRun } from '../run';
import type { RetryOptions } from './write-queue';

/** What to do when the session of a run that starts has a running run already. */
export type WhenBusy = 'allow' | 'reject' | 'queue' | 'cancel-previous';

/** Something went wrong while recording. */
export interface RecorderErrorEvent {
  /** The run whose changes it is about. */
  readonly run: AnyRun;
  /** What went wrong. */
  readonly error: RunError;
  /** Whether the changes are kept and tried again; otherwise `flush()` and `stop()` reject with it. */
  readonly willRetry: boolean;
}

/** What every store takes. */
export interface RunStoreOptions extends RetryOptions {
  /** How a run is recorded where `track` does not say otherwise. */
  readonly track?: TrackOptions | undefined;
  /**
   * How often, in milliseconds, `watch` looks for what other processes wrote, where the database
   * cannot tell. @default 100
   */
  readonly pollMs?: number | undefined;
  /**
   * How long one attempt at the database may take, in milliseconds; then its connection is thrown away.
   *
   * @default 10000
   */
  readonly callTimeoutMs?: number | undefined;
  /** The name of this process, for those who ask who executes a run. @default host and pid */
  readonly workerName?: string | undefined;
}

/** What every store takes, by name. */
export const STORE_OPTIONS = [
  'track',
  'pollMs',
  'retryForMs',
  'callTimeoutMs',
  'workerName',
] as const satisfies readonly (keyof RunStoreOptions)[];

/** How long one attempt at the database may take, in milliseconds. */
export const CALL_TIMEOUT_MS = 10_000;

/** How a run is recorded. */
export interface TrackOptions {
  /**
   * For how long, in milliseconds, the running run counts as executed without a sign of life. It is
   * renewed at a third of it. @default 30000
   */
  readonly leaseMs?: number | undefined;
  /**
   * What happens when the session has a running run already, in whatever process: `allow` both;
   * `reject` this one, which fails with `session_busy`; `queue` until it is free; `cancel-previous`.
   * Except with `allow`, the function of `execute` is not called before the session is this run's.
   * Runs that wait get in one after the other, in no promised order. @default 'allow'
   */
  readonly whenBusy?: WhenBusy | undefined;
  /** How many journal entries may wait for a slow database before the recorder fails. @default 10000 */
  readonly maxBuffered?: number | undefined;
  /** Is told of every failed attempt. Without it, what nobody awaits becomes a process warning. */
  readonly onError?: ((event: RecorderErrorEvent) => void) | undefined;
}

/** {@link TrackOptions}, complete. */
export interface TrackSettings {
  readonly leaseMs: number;
  readonly whenBusy: WhenBusy;
  readonly maxBuffered: number;
  readonly onError: ((event: RecorderErrorEvent) => void) | undefined;
}

const WHEN_BUSY: readonly unknown[] = ['allow', 'reject', 'queue', 'cancel-previous'] satisfies WhenBusy[];
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/**
 * Completes the options of `track`.
 *
 * @throws {RunError} `validation_error`
 */
export function readTrackOptions(options: TrackOptions, defaults: TrackOptions = {}): TrackSettings {
  const settings = {
    leaseMs: options.leaseMs ?? defaults.leaseMs ?? 30_000,
    whenBusy: options.whenBusy ?? defaults.whenBusy ?? 'allow',
    maxBuffered: options.maxBuffered ?? defaults.maxBuffered ?? 10_000,
    onError: options.onError ?? defaults.onError,
  };
  const issues: ValidationIssue[] = [];
  if (!isBetween(settings.leaseMs, 1, LONGEST_INTERVAL_MS)) {
    issues.push({ path: 'leaseMs', message: 'must be milliseconds, at least 1 and below 2^31' });
  }
  if (!WHEN_BUSY.includes(settings.whenBusy)) {
    issues.push({ path: 'whenBusy', message: `must be one of ${WHEN_BUSY.join(', ')}` });
  }
  if (!isBetween(settings.maxBuffered, 1, Infinity)) {
    issues.push({ path: 'maxBuffered', message: 'must be a number, at least 1' });
  }
  if (issues.length > 0) throw validationError('track options', issues);
  return settings;
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}
