import { randomUUID } from 'node:crypto';
import type { Run } from '../run';
import type { RunWrite } from './backend';
import { decodeText } from './column-text';
import type { StoredRun } from './columns';
import { runOf } from './columns';
import type { Database } from './database';
import { rewriteOf } from './rewrite';
import { notFoundError } from './storage-error';
import { wasApplied } from './was-applied';

/** A run after the change, and where the store has it. */
export interface ChangedRun {
  readonly run: Run;
  readonly revision: number;
  readonly seq: number;
}

/**
 * Changes a stored run by the rules of `Run`, whoever executes it and however often it is written
 * meanwhile. Where an answer of the database is lost, nothing is changed twice.
 *
 * @param rowId - The id as rows have it.
 * @throws {RunError} `run_not_found`; what `change` throws; `storage_error`
 */
export async function changeStored(
  rowId: string,
  change: (run: Run) => void,
  database: Database,
): Promise<ChangedRun> {
  const attempts = new Attempts(rowId, change);
  try {
    await database.patiently('write a run', (backend) =>
      backend.update(rowId, (row) => attempts.decide(row)),
    );
    return attempts.done;
  } catch (error) {
    // The run may refuse the change because an earlier attempt has made it.
    const done = await attempts.findLost(database);
    if (done === null) throw error;
    return done;
  }
}

interface Attempt {
  readonly write: RunWrite;
  readonly changed: ChangedRun;
}

/** For an attempt whose answer never came. */
const REPEATED = { isRepeated: true };

class Attempts {
  readonly #rowId: string;
  readonly #change: (run: Run) => void;
  readonly #writer = randomUUID();
  /** What the last attempt wrote, if it was committed. */
  #last: Attempt | null = null;
  /** Whether there was an attempt whose answer never came. */
  #wasRepeated = false;

  constructor(rowId: string, change: (run: Run) => void) {
    this.#rowId = rowId;
    this.#change = change;
  }

  /** What was written, where the last attempt has succeeded. */
  get done(): ChangedRun {
    return (this.#last as Attempt).changed;
  }

  decide(row: StoredRun | null): RunWrite | null {
    if (row === null) throw notFoundError(decodeText(this.#rowId));
    this.#wasRepeated = this.#last !== null;
    if (row.writer === this.#writer) return null;
    const { run, write } = rewriteOf(row, this.#change, { writer: this.#writer, lease: 'keep' });
    const seq = row.seq + write.entries.length;
    this.#last = { write, changed: { run, revision: write.nextRevision, seq } };
    return write;
  }

  /** What is stored now, where an attempt was committed of which nobody learnt. */
  async findLost(database: Database): Promise<ChangedRun | null> {
    if (!this.#wasRepeated) return null;
    const { write } = this.#last as Attempt;
    const stored = await database.patiently('read a run', (backend) => backend.read(this.#rowId));
    if (stored === null || !(await wasApplied(database, write, stored, REPEATED))) return null;
    return { run: runOf(stored), revision: stored.revision, seq: stored.seq };
  }
}
