import type { RunAttributes, RunStatus } from 'agent-run';
import { Run } from 'agent-run';

/** A run of the session `session-1`, moved along to a status by the plainest way there. */
export function makeRun(attributes: Partial<RunAttributes> = {}, status: RunStatus = 'pending'): Run {
  return new Run({ sessionId: 'session-1', ...attributes }).updateStatus(status);
}
