import { portOf } from '../attachment';
import type { RunError } from '../record/error';
import type { AnyRun, Run } from '../run';

/** Ends the run as the stored one has ended. */
export function followEnd(run: AnyRun, ended: Run): void {
  const { status, output, error } = ended.toJSON();
  const endedAtMs = (ended.endedAt as Date).getTime();
  portOf(run).endRemotely({ status, output, error, endedAtMs });
}

/** Stops whoever executes a run that the store does not let go on. */
export function endRefused(run: AnyRun, { code, message }: RunError): void {
  if (!run.isTerminal) portOf(run).endRemotely({ status: 'failed', error: { code, message } });
}
