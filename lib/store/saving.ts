import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { RunError } from '../record/error';
import type { AnyRun, Run } from '../run';
import type { RunWrite } from './backend';
import { encodeText } from './column-text';
import type { StoredRun } from './columns';
import { columnsOf, RECORD_COLUMNS } from './columns';
import { notFoundError } from './storage-error';
import type { StoreCore } from './store-core';
import type { Version } from './version';
import { changesSince, hasOtherEnd, rememberStored } from './version';
import { wasApplied } from './was-applied';

/** What `create` gives. */
export interface CreatedRun {
  /** The run that is stored: the one that was handed in where it was created. */
  readonly run: AnyRun;
  /** Whether it was inserted by this call. */
  readonly created: boolean;
}

/** Inserts a run, once. */
export async function createRun(run: AnyRun, core: StoreCore): Promise<CreatedRun> {
  const recording = core.tracker.recordingOf(run);
  if (recording !== undefined) {
    await recording.flush();
    return { run, created: true };
  }
  const version = core.tracker.versionOf(run);
  if (version.revision > 0) return sameRun(run, await core.read(encodeText(run.id)), core);
  const stored = await writeWhole(run, version, core);
  return stored === 'written' ? { run, created: true } : sameRun(run, stored, core);
}

/** Writes the whole run. */
export async function saveRun(run: AnyRun, core: StoreCore): Promise<void> {
  const recording = core.tracker.recordingOf(run);
  if (recording !== undefined) return recording.saveWhole();
  const version = core.tracker.versionOf(run);
  const { revision } = version;
  if (hasOtherEnd(version, run)) throw movedError(run, version.status);
  const stored = await writeWhole(run, version, core);
  if (stored !== 'written') throw saveError(run, revision, stored);
}

/** @returns `written`, else the row that the store has instead; null for none. */
async function writeWhole(
  run: AnyRun,
  version: Version,
  core: StoreCore,
): Promise<'written' | StoredRun | null> {
  const write = wholeWrite(run, version, core.clock.epochMs());
  const [outcome] = await core.call('write a run', (backend) => backend.apply([write]));
  if (outcome !== 'applied') {
    const stored = await core.read(write.id);
    // A write without a recorder is recognised by its revision alone.
    if (stored === null || !(await wasApplied(core.database, write, stored))) return stored;
  }
  version.revision = write.nextRevision;
  version.seq += write.entries.length;
  version.status = run.status;
  version.active = write.columns.active ?? 0;
  rememberStored(version, run);
  core.wrote({ runIds: [write.id], sessionIds: [write.sessionId] });
  return 'written';
}

function wholeWrite(run: AnyRun, version: Version, now: number): RunWrite {
  const { revision, seq } = version;
  const { entries } = changesSince(version, run, now);
  return {
    id: encodeText(run.id),
    sessionId: encodeText(run.sessionId),
    revision,
    nextRevision: revision + 1,
    writer: randomUUID(),
    columns: columnsOf(run, RECORD_COLUMNS),
    entries: entries.map((entry, index) => ({ ...entry, seq: seq + 1 + index })),
    lease: 'keep',
    exclusive: false,
  };
}

function sameRun(run: AnyRun, stored: StoredRun | null, core: StoreCore): CreatedRun {
  if (stored === null) throw notFoundError(run.id);
  const found: Run = core.runOf(stored);
  if (found.sessionId === run.sessionId && isDeepStrictEqual(found.input, run.input)) {
    return { run: found, created: false };
  }
  const message = `The store has another run ${run.id}: of another session, or with another input`;
  throw new RunError('conflict', message, { details: { runId: run.id, status: found.status } });
}

function saveError(run: AnyRun, revision: number, stored: StoredRun | null): RunError {
  if (stored === null) return notFoundError(run.id);
  if (revision > 0) return movedError(run, stored.status);
  const message = `Run ${run.id} is in the store already: read it with get() before changing it`;
  return new RunError('already_exists', message, { details: { runId: run.id, status: stored.status } });
}

function movedError({ id }: AnyRun, status: string): RunError {
  const message = `Run ${id} has been written since it was read: it is "${status}" now`;
  return new RunError('conflict', message, { details: { runId: id, status } });
}
