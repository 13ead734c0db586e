import type { AnyRun } from '../run';
import type { Lease, RunWrite } from './backend';
import type { Changes } from './change-log';
import { encodeText } from './column-text';
import { columnsOf, RECORD_COLUMNS } from './columns';
import type { Version } from './version';

/** The parts of a recorder's write beside the changes. */
export interface WriteTerms {
  readonly version: Readonly<Version>;
  readonly writer: string;
  readonly lease: Lease | 'keep' | 'release';
  readonly exclusive: boolean;
}

/** The write that stores the changes of a run; the whole run, where the store does not have it yet. */
export function writeOf(
  run: AnyRun,
  { columns, entries }: Changes,
  { version, writer, lease, exclusive }: WriteTerms,
): RunWrite {
  const { revision, seq } = version;
  const names = revision === 0 ? RECORD_COLUMNS : [...columns];
  const isRenewal = names.length === 0 && entries.length === 0;
  return {
    id: encodeText(run.id),
    sessionId: encodeText(run.sessionId),
    revision,
    nextRevision: isRenewal ? revision : revision + 1,
    writer,
    columns: columnsOf(run, names),
    entries: entries.map(({ type, data, at }, index) => ({ seq: seq + 1 + index, type, data, at })),
    lease,
    exclusive,
  };
}
