import type { RunError } from '../record/error';
import { isTerminalStatus } from '../record/status';
import type { AnyRun } from '../run';
import type { RunWrite } from './backend';
import type { StoredRun } from './columns';
import { runOf } from './columns';
import { recorderError, takenOverError, thereAlreadyError } from './recorder-error';
import type { Version } from './version';

/** What a recorder knows of a write that did not find the row at the expected revision. */
export interface Expectation {
  readonly run: AnyRun;
  readonly write: RunWrite;
  readonly version: Readonly<Version>;
  /** Whether this recorder holds the lease. */
  readonly isLeased: boolean;
  /** Whether the run is still held back: it may only be executed once it is stored. */
  readonly isNotLetIn: boolean;
}

/**
 * What the recorder does next. It takes over another process's end, goes on from the row, or fails.
 */
export type Meaning =
  | { readonly name: 'ended elsewhere' | 'goes on'; readonly stored: StoredRun }
  | { readonly name: 'fails'; readonly error: RunError };

/** @param stored - The row; null for none. */
export function meaningOf(stored: StoredRun | null, expected: Expectation): Meaning {
  const { run, write, version, isLeased, isNotLetIn } = expected;
  if (stored === null) return fails(recorderError(run, 'run_not_found', 'is no longer in the store'));
  if (write.revision === 0) return fails(thereAlreadyError(run, stored.status));
  if (isNotLetIn) return fails(takenOverError(run, stored.status, false));
  if (isTerminalStatus(runOf(stored).status)) return { name: 'ended elsewhere', stored };
  // The last write of an earlier recorder of this process may have been stored, although nobody learnt so.
  const isOwn = stored.lease_token === version.leaseToken || stored.writer === version.formerWriter;
  if (isOwn) return { name: 'goes on', stored };
  return fails(takenOverError(run, stored.status, isLeased));
}

function fails(error: RunError): Meaning {
  return { name: 'fails', error };
}
