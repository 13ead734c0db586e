import type { Run } from '../run';
import { decodeText } from './column-text';
import type { StoredRun } from './columns';

/** A run, and what a store knows of it beside its record. */
export interface RunInspection {
  /** The run. */
  readonly run: Run;
  /** Who executes it, or did when it died; null for nobody. */
  readonly lease: {
    /** The `workerName` of the process. */
    readonly owner: string;
    /** Until when it is believed without a sign of life, by the database's clock. */
    readonly expiresAt: Date;
  } | null;
  /** When it was last written, renewals of its lease included, by the database's clock. */
  readonly recordedAt: Date;
}

/** Who executes a run. */
export type RunLease = NonNullable<RunInspection['lease']>;

/** What a row says beside the record. */
export function inspectionOf(stored: StoredRun, run: Run): RunInspection {
  const { lease_owner: owner, lease_expires_ms: expiresMs, touched_ms: touchedMs } = stored;
  const isLeased = owner !== null && expiresMs !== null;
  return {
    run,
    lease: isLeased ? { owner: decodeText(owner), expiresAt: new Date(expiresMs) } : null,
    recordedAt: new Date(touchedMs),
  };
}
