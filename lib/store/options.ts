import { hostname } from 'node:os';
import type { RunError, ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { findUnknown } from '../record/options';
import type { AnyRun } from '../run';

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

/** Something in the store was passed over. */
export interface StoreErrorEvent {
  /** What: its message names the run. */
  readonly error: RunError;
}

/** How a store deals with a database that does not answer. */
export interface RetryOptions {
  /**
   * For how long, in milliseconds, a call is repeated while the database does not answer. Recorded changes
   * are kept and tried beyond that.
   *
   * @default 30000
   */
  readonly retryForMs?: number | undefined;
  /**
   * How long, in milliseconds, one attempt at the database may take, the wait for a connection included.
   * Then its connection is thrown away, and the attempt repeated. @default 10000
   */
  readonly callTimeoutMs?: number | undefined;
}

/** What every store takes. */
export interface RunStoreOptions extends RetryOptions {
  /** How a run is recorded where `track` does not say otherwise. */
  readonly track?: TrackOptions | undefined;
  /**
   * How often, in milliseconds, the store looks for what other processes wrote, where the database
   * cannot tell, and while somebody waits for it. @default 100
   */
  readonly pollMs?: number | undefined;
  /** The name of this process, for those who ask who executes a run. @default host and pid */
  readonly workerName?: string | undefined;
  /** Is told of each row that cannot be read. Without it, the first time is a process warning. */
  readonly onError?: ((event: StoreErrorEvent) => void) | undefined;
}

/** What every store takes, by name. */
export const STORE_OPTIONS = [
  'track',
  'pollMs',
  'retryForMs',
  'callTimeoutMs',
  'workerName',
  'onError',
] as const satisfies readonly (keyof RunStoreOptions)[];

/** For how long a call is repeated while the database does not answer, in milliseconds. */
export const RETRY_FOR_MS = 30_000;

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
   * What happens when the session has a running run already, in whatever process: `allow` both; `reject`
   * this one, which fails with `session_busy`; `queue` until it is free; `cancel-previous`. Except with
   * `allow`, the function of `execute` is not called before the session is this run's. Runs that queue are
   * admitted one after the other, in no promised order. A child belongs to its root's turn, and is never
   * refused because of it. @default 'allow'
   */
  readonly whenBusy?: WhenBusy | undefined;
  /** How many journal entries may wait for a slow database before the recorder fails. @default 10000 */
  readonly maxBuffered?: number | undefined;
  /** Is told of every failed attempt. Without it, what nobody awaits becomes a process warning. */
  readonly onError?: ((event: RecorderErrorEvent) => void) | undefined;
  /** Whether the run's descendants are recorded too, from the moment they are made. @default true */
  readonly children?: boolean | undefined;
}

/** {@link TrackOptions}, complete. */
export interface TrackSettings {
  readonly leaseMs: number;
  readonly whenBusy: WhenBusy;
  readonly maxBuffered: number;
  readonly onError: ((event: RecorderErrorEvent) => void) | undefined;
  readonly children: boolean;
  /** Whether `execute` waits until the store has taken the run in, and what is refused is not stored. */
  readonly asksFirst: boolean;
}

const TRACK_OPTIONS: readonly (keyof TrackOptions)[] = [
  'leaseMs',
  'whenBusy',
  'maxBuffered',
  'onError',
  'children',
];
const WHEN_BUSY: readonly unknown[] = ['allow', 'reject', 'queue', 'cancel-previous'] satisfies WhenBusy[];
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/**
 * Completes the options of `track`.
 *
 * @throws {RunError} `validation_error`
 */
export function readTrackOptions(options: TrackOptions, defaults: TrackOptions = {}): TrackSettings {
  const issues: ValidationIssue[] = [];
  findUnknown(options, TRACK_OPTIONS, issues);
  if (issues.length > 0) throw validationError('track options', issues);
  const settings = {
    leaseMs: options.leaseMs ?? defaults.leaseMs ?? 30_000,
    whenBusy: options.whenBusy ?? defaults.whenBusy ?? 'allow',
    maxBuffered: options.maxBuffered ?? defaults.maxBuffered ?? 10_000,
    onError: options.onError ?? defaults.onError,
    children: options.children ?? defaults.children ?? true,
    asksFirst: false,
  };
  checkTrackSettings(settings, issues);
  if (issues.length > 0) throw validationError('track options', issues);
  return settings;
}

/**
 * Checks what every store takes.
 *
 * @throws {RunError} `validation_error`
 */
export function checkStoreOptions({
  track = {},
  pollMs,
  retryForMs,
  callTimeoutMs,
  workerName,
  onError,
}: RunStoreOptions): void {
  const issues: ValidationIssue[] = [];
  checkInterval(pollMs, 'pollMs', issues, 1);
  checkInterval(retryForMs, 'retryForMs', issues, 0);
  checkInterval(callTimeoutMs, 'callTimeoutMs', issues, 1);
  if (workerName !== undefined && (typeof workerName !== 'string' || workerName === '')) {
    issues.push({ path: 'workerName', message: 'must be a text, not empty' });
  }
  checkFunction(onError, issues);
  if (issues.length > 0) throw validationError('store options', issues);
  readTrackOptions(track);
}

/** The name of this process where it was given none. */
export function defaultWorkerName(): string {
  return `${hostname()}:${process.pid}`;
}

function checkTrackSettings(settings: TrackSettings, issues: ValidationIssue[]): void {
  checkInterval(settings.leaseMs, 'leaseMs', issues, 1);
  if (!WHEN_BUSY.includes(settings.whenBusy)) {
    issues.push({ path: 'whenBusy', message: `must be one of ${WHEN_BUSY.join(', ')}` });
  }
  if (!isBetween(settings.maxBuffered, 1, Infinity)) {
    issues.push({ path: 'maxBuffered', message: 'must be a number, at least 1' });
  }
  if (typeof settings.children !== 'boolean') {
    issues.push({ path: 'children', message: 'must be true or false' });
  }
  checkFunction(settings.onError, issues);
}

function checkInterval(value: unknown, path: string, issues: ValidationIssue[], least: number): void {
  if (value === undefined || isBetween(value, least, LONGEST_INTERVAL_MS)) return;
  issues.push({ path, message: `must be milliseconds, at least ${least} and below 2^31` });
}

function checkFunction(value: unknown, issues: ValidationIssue[]): void {
  if (value !== undefined && typeof value !== 'function') {
    issues.push({ path: 'onError', message: 'must be a function' });
  }
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}
