import type { Run } from 'agent-run';
import type { RunWrite } from '../../lib/store/backend';
import { columnsOf, RECORD_COLUMNS } from '../../lib/store/columns';

/** The write that puts a run into a database for the first time, with what a test wants otherwise. */
export function firstWriteOf(run: Run, write: Partial<RunWrite> = {}): RunWrite {
  return {
    id: run.id,
    sessionId: run.sessionId,
    revision: 0,
    nextRevision: 1,
    writer: 'writer',
    columns: columnsOf(run, RECORD_COLUMNS),
    entries: [{ seq: 1, type: 'created', data: '{}', at: 0 }],
    lease: 'keep',
    exclusive: false,
    ...write,
  };
}
