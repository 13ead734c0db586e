/** What a user of coding agents may compile, without any of their SDKs. */
import { Run } from 'agent-run';
import { recordAgentStream } from 'agent-run/coding-agents';
import type { AgentStreamOptions, StreamProblem } from 'agent-run/coding-agents';

declare const lines: AsyncIterable<string>;
declare const query: AsyncGenerator<{ type: 'assistant' } | { type: 'result' }, void>;
const run = new Run<{ prompt: string }, { response: string }>({ sessionId: 's' });
void (recordAgentStream(query) satisfies Promise<Run>);
void (recordAgentStream(lines, { model: 'gpt-5', codexScope: 'cumulative' }) satisfies Promise<Run>);
void recordAgentStream(query, {
  run,
  onRun: (same) => same.output?.response satisfies string | undefined,
}).then((same) => same.output?.response satisfies string | undefined);
const options: AgentStreamOptions = {
  onProblem: ({ line, message }: StreamProblem) => `${line satisfies number} ${message satisfies string}`,
};
void recordAgentStream(['{"type":"init"}'], options);
// @ts-expect-error there is no such scope
void recordAgentStream(query, { codexScope: 'all' });
// @ts-expect-error a number is no source
void recordAgentStream(7);
