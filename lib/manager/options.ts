import { findBadTimes } from '../execution/options';
import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import type { RunLimits } from '../record/limits';
import { readLimits } from '../record/limits';
import { findUnknown, refuseUnknown } from '../record/options';
import type { AnyRun } from '../run';
import type { TrackOptions } from '../store/options';
import type { RunStore } from '../store/store';
import type { UsageMeterOptions } from '../usage/options';

/** What holds for every run of a manager that does not say otherwise. */
export interface RunDefaults {
  /** Who executes the runs. */
  readonly provider?: string | undefined;
  /** Merged with the run's own, member by member; the run's own first. */
  readonly metadata?: object | undefined;
  /** Merged with the run's own, limit by limit. */
  readonly limits?: RunLimits | undefined;
  /** As of `execute`, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** As of `execute`, in milliseconds. */
  readonly graceMs?: number | undefined;
}

/** For how long runs are kept. */
export interface Retention {
  /** How long a run is kept after its end, in milliseconds. `Infinity` is for ever. */
  readonly keepMs: number;
  /** How long its journal is kept after its end, in milliseconds. @default as long as the run */
  readonly journalMs?: number | undefined;
}

/** What a manager wants of its telemetry. `RunTelemetry` is one. */
export interface RunObserver {
  /** Is called once with every run of the manager, and with each run that its sweeps have ended. */
  observe(run: AnyRun): unknown;
}

/** What a manager works with. Everything is optional. */
export interface RunManagerOptions {
  /** Keeps the runs. It is left to you to close it, after `drain`. @default none: a registry with hooks */
  readonly store?: RunStore | undefined;
  /** Observes the runs: a `RunTelemetry`, or anything else with its `observe`. @default none */
  readonly telemetry?: RunObserver | undefined;
  /** How usage meters of the runs are made. @default without options */
  readonly meter?: UsageMeterOptions | undefined;
  /** What holds for every run that does not say otherwise. */
  readonly defaults?: RunDefaults | undefined;
  /** How runs are recorded; `onError` is told beside `storeError`. */
  readonly track?: TrackOptions | undefined;
  /**
   * How often the manager ends what dead processes have left, in milliseconds and with some jitter; the
   * first time at the start. 0 is never at all. @default 30000
   */
  readonly recoverEveryMs?: number | undefined;
  /** Removes what has ended long enough ago, once an hour. @default everything is kept */
  readonly retention?: Retention | undefined;
}

/** How a manager comes to its end. */
export interface DrainOptions {
  /** How long runs may take to end by themselves, in milliseconds. @default 10000 */
  readonly graceMs?: number | undefined;
  /** Why the others are cancelled. @default 'The service is shutting down' */
  readonly reason?: string | Error | undefined;
}

/** {@link DrainOptions}, complete. */
export interface DrainSettings {
  readonly graceMs: number;
  readonly reason: string | Error;
}

const MANAGER_OPTIONS = [
  'store',
  'telemetry',
  'meter',
  'defaults',
  'track',
  'recoverEveryMs',
  'retention',
] as const satisfies readonly (keyof RunManagerOptions)[];

const DEFAULTS = [
  'provider',
  'metadata',
  'limits',
  'timeoutMs',
  'graceMs',
] as const satisfies readonly (keyof RunDefaults)[];

const RETENTION = ['keepMs', 'journalMs'] as const satisfies readonly (keyof Retention)[];

/** Here, since stores and meters are loaded by whom uses them; it does not compile unless it has every option. */
const TRACK = Object.keys({
  leaseMs: true,
  whenBusy: true,
  maxBuffered: true,
  onError: true,
  children: true,
} satisfies Readonly<Record<keyof TrackOptions, true>>);

const METER = Object.keys({
  provider: true,
  model: true,
  format: true,
  prices: true,
  onWarning: true,
} satisfies Readonly<Record<keyof UsageMeterOptions, true>>);

/** @throws {RunError} `validation_error` */
export function checkManagerOptions(options: RunManagerOptions): void {
  refuseUnknown(options, MANAGER_OPTIONS, 'options of RunManager');
  const { defaults, track, meter, retention, recoverEveryMs } = options;
  const issues: ValidationIssue[] = [];
  if (track !== undefined) findUnknown(track, TRACK, issues, ['track']);
  if (meter !== undefined) findUnknown(meter, METER, issues, ['meter']);
  if (defaults !== undefined) checkDefaults(defaults, issues);
  if (retention !== undefined) {
    findUnknown(retention, RETENTION, issues, ['retention']);
    const { keepMs, journalMs } = fieldsOf(retention);
    checkMs('retention.keepMs', keepMs, issues);
    if (journalMs !== undefined) checkMs('retention.journalMs', journalMs, issues);
  }
  if (recoverEveryMs !== undefined) checkMs('recoverEveryMs', recoverEveryMs, issues);
  if (issues.length > 0) throw validationError('options of RunManager', issues);
}

/** @throws {RunError} `validation_error` */
export function readDrainOptions(options: DrainOptions = {}): DrainSettings {
  refuseUnknown(options, ['graceMs', 'reason'], 'options of drain');
  const { graceMs = 10_000, reason = 'The service is shutting down' } = options;
  const issues: ValidationIssue[] = [];
  checkMs('graceMs', graceMs, issues);
  if (issues.length > 0) throw validationError('options of drain', issues);
  return { graceMs, reason };
}

function checkDefaults(defaults: RunDefaults, issues: ValidationIssue[]): void {
  findUnknown(defaults, DEFAULTS, issues, ['defaults']);
  const found: ValidationIssue[] = [];
  const { metadata, provider, limits, timeoutMs, graceMs } = fieldsOf(defaults);
  if (provider !== undefined && typeof provider !== 'string') {
    found.push({ path: 'provider', message: 'must be a text' });
  }
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null)) {
    found.push({ path: 'metadata', message: 'must be an object' });
  }
  readLimits(limits, 'attributes', found);
  findBadTimes({ timeoutMs, graceMs }, found);
  issues.push(...found.map(({ path, message }) => ({ path: `defaults.${path}`, message })));
}

/** Of whatever was handed in: that it is no object, `findUnknown` says. */
function fieldsOf<Fields extends object>(
  options: Fields | null,
): { readonly [Name in keyof Fields]?: unknown } {
  return options ?? {};
}

function checkMs(path: string, value: unknown, issues: ValidationIssue[]): void {
  if (typeof value === 'number' && value >= 0) return;
  issues.push({ path, message: 'must be milliseconds, not negative' });
}
