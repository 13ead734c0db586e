import { onAbort } from '../execution/abort-listeners';
import type { ValidationIssue } from '../record/error';
import { validationError } from '../record/error';
import { findUnknown } from '../record/options';
import type { Run } from '../run';
import type { Clock } from './clock';
import { sleep } from './clock';
import { decodeText } from './column-text';
import type { StoredRun } from './columns';
import type { Database } from './database';
import { Deferred } from './deferred';
import { closedError, notFoundError } from './storage-error';
import type { Subject, Waiter } from './wake-ups';
import { checkSignal } from './watch-options';

/** How long to wait. */
export interface WaitOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks the options of `waitFor`.
 *
 * @throws {RunError} `validation_error`
 */
export function readWaitOptions(options: WaitOptions): WaitOptions {
  const issues: ValidationIssue[] = [];
  findUnknown(options, ['signal'], issues);
  if (issues.length === 0) checkSignal(options.signal, issues);
  if (issues.length > 0) throw validationError('wait options', issues);
  return options;
}

/** What waiting for a run needs of its store. */
export interface WaitHost {
  readonly database: Database;
  readonly clock: Clock;
  enter(subject: Subject): Waiter;
  /** Calls back when the store closes. Returns a function that takes it back. */
  onClose(callback: () => void): () => void;
  runOf(stored: StoredRun): Run;
}

/** How long to wait without news: some databases tell nothing of a run that was deleted. */
const LONGEST_WAIT_MS = 10_000;

/** The shortest time between two reads, for runs that are written all the time. */
const GAP_MS = 50;

/** Settles with a run once it has ended, in whatever process. */
export async function waitForEnd(
  rowId: string,
  signal: AbortSignal | undefined,
  host: WaitHost,
): Promise<Run> {
  const left = new Deferred<never>();
  const stopClose = host.onClose(() => left.reject(closedError()));
  const stopSignal = signal === undefined ? undefined : onAbort(signal, () => left.reject(signal.reason));
  const waiter = host.enter({ runId: rowId });
  try {
    for (let looks = 1; ; looks++) {
      waiter.beginToLook();
      const read = host.database.patiently('read a run', (backend) => backend.read(rowId), signal);
      const stored = await Promise.race([read, left.promise]);
      if (stored === null) throw notFoundError(decodeText(rowId));
      const run = host.runOf(stored);
      if (run.isTerminal) return run;
      await Promise.race([waiter.wait(LONGEST_WAIT_MS), left.promise]);
      if (looks > 1) await Promise.race([sleep(host.clock, GAP_MS), left.promise]);
    }
  } finally {
    waiter.leave();
    stopClose();
    stopSignal?.();
  }
}
