/** What a user of the other frameworks may compile. */
import type { Callbacks } from '@langchain/core/callbacks/manager';
import { Runner } from '@openai/agents';
import { Run } from 'agent-run';
import { recordAgentStream } from 'agent-run/coding-agents';
import type { AgentStreamOptions, StreamProblem } from 'agent-run/coding-agents';
import { RunCallbackHandler } from 'agent-run/langchain';
import { recordRunner } from 'agent-run/openai-agents';

const takeBack: () => void = recordRunner(new Runner({ tracingDisabled: true }), {
  provider: 'openai',
  inputs: false,
});
takeBack();
class OwnRunner extends Runner {}
recordRunner(new OwnRunner(), { run: new Run<{ prompt: string }>({ sessionId: 's' }) });
// @ts-expect-error this is no runner
recordRunner({});
// @ts-expect-error a misspelt option
recordRunner(new Runner(), { modle: 'gpt-5' });

[new RunCallbackHandler({ provider: 'openai', outputs: true })] satisfies Callbacks;
({ callbacks: [new RunCallbackHandler()] }) satisfies { callbacks?: Callbacks };
// @ts-expect-error a misspelt option
new RunCallbackHandler({ modle: 'gpt-5' });

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
