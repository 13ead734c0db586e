import type { Run } from 'agent-run';
import type { AgentStreamOptions } from 'agent-run/coding-agents';
import { recordAgentStream } from 'agent-run/coding-agents';
import type { RecordedEvents } from './recorded-events';
import { recordedEvents } from './recorded-events';

/** Records the stream of an agent, and what its run tells of its inside. */
export async function recorded(
  source: Iterable<unknown> | AsyncIterable<unknown>,
  options: AgentStreamOptions = {},
): Promise<{ run: Run; events: RecordedEvents }> {
  let events: RecordedEvents = { steps: [], notes: [] };
  const onRun = (run: Run): void => {
    events = recordedEvents(run);
  };
  return { run: await recordAgentStream(source, { ...options, onRun }), events };
}
