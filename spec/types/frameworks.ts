/** What a user of the other frameworks may compile. */
import type { Callbacks } from '@langchain/core/callbacks/manager';
import { Runner } from '@openai/agents';
import { Run } from 'agent-run';
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
