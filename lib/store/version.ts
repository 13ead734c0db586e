import { randomUUID } from 'node:crypto';
import type { RunStatus } from '../record/status';
import { isTerminalStatus } from '../record/status';
import type { AnyRun } from '../run';
import type { Changes, PendingEntry } from './change-log';
import type { RecordColumn, RecordColumns, StoredRun } from './columns';
import { columnsOf, RECORD_COLUMNS } from './columns';
import { hashOf } from './hash-of';

/** The stored version of a run, as far as this process knows. Shared by all who write the same `Run`. */
export interface Version {
  /** 0 for a run that is not in the store. */
  revision: number;
  seq: number;
  /** The status as it is stored. */
  status: string;
  /** Whether the stored run holds its session: 1, or 0. */
  active: number;
  /** Holds the run's lease for this object, whichever recorder writes. */
  readonly leaseToken: string;
  /** What was stored when nobody recorded the run; null where that is not known. */
  snapshot: Snapshot | null;
  /** A writer that never learnt the outcome of its last write; null for none. */
  formerWriter: string | null;
}

/** The values of the columns that may change; of long texts only a hash. */
type Snapshot = ReadonlyMap<RecordColumn, unknown>;

/** What may change while nobody records the run. */
const CHANGING: readonly RecordColumn[] = RECORD_COLUMNS.filter(
  (name) =>
    !['id', 'session_id', 'parent_run_id', 'root_run_id', 'started_ms', 'started_at', 'input'].includes(name),
);

/** How many letters are kept as they are. */
const LONGEST_KEPT = 1_000;

/** The version of a run that is not in the store. */
export function newVersion(): Version {
  return {
    revision: 0,
    seq: 0,
    status: 'pending',
    active: 0,
    leaseToken: randomUUID(),
    snapshot: null,
    formerWriter: null,
  };
}

/** The version of a run that was read. */
export function versionOf(stored: StoredRun): Version {
  const { revision, seq, status, active } = stored;
  return { ...newVersion(), revision, seq, status, active, snapshot: snapshotOf(stored) };
}

/** The version of a run that is stored as it is. */
export function rememberStored(version: Version, run: AnyRun): void {
  version.snapshot = snapshotOf(columnsOf(run, CHANGING));
  version.formerWriter = null;
}

/** The version of a run of which it is not known what is stored. */
export function forgetStored(version: Version, writer: string): void {
  version.snapshot = null;
  version.formerWriter = writer;
}

/** What has changed in a run since it was last stored, though nobody recorded it. */
export function changesSince(version: Version, run: AnyRun, now: number): Changes {
  const moves = run.status === version.status ? [] : [moveEntry(version.status, run.status, now)];
  if (version.revision === 0) {
    return { columns: new Set(RECORD_COLUMNS), entries: [createdEntry(run), ...moves] };
  }
  if (version.snapshot === null) return { columns: new Set(RECORD_COLUMNS), entries: moves };
  const { snapshot } = version;
  const columns = snapshotOf(columnsOf(run, CHANGING));
  return {
    columns: new Set(CHANGING.filter((name) => columns.get(name) !== snapshot.get(name))),
    entries: moves,
  };
}

function createdEntry(run: AnyRun): PendingEntry {
  const data = JSON.stringify({ parentRunId: run.parentRunId });
  return { type: 'created', data, at: run.startedAt.getTime() };
}

function moveEntry(from: string, to: RunStatus, at: number): PendingEntry {
  return { type: 'statusChanged', data: JSON.stringify({ from, to }), at };
}

function snapshotOf(columns: Partial<RecordColumns>): Snapshot {
  return new Map(CHANGING.map((name) => [name, brief(columns[name])]));
}

function brief(value: unknown): unknown {
  return typeof value === 'string' && value.length > LONGEST_KEPT ? hashOf(value) : value;
}

/** Whether the store has another end of the run than the run itself. */
export function hasOtherEnd({ status }: Version, run: AnyRun): boolean {
  return isTerminalStatus(status as RunStatus) && run.status !== status;
}
