/**
 * An agent of the OpenAI Agents SDK that asks a person before it sends mail. It parks in one process, is answered over
 * HTTP in another, and goes on in a third; what it has used is counted once.
 */
import { Agent, Runner, RunState, tool, Usage } from '@openai/agents';
import { assistantMessage, functionCall, modelResponse, ScriptedModel } from '@openai/agents/testing';
import { z } from 'zod';
import type { Resumed } from 'agent-run';
import { recordRunner } from 'agent-run/openai-agents';
import type { Work } from './support/three-processes';
import { inThreeProcesses } from './support/three-processes';

const usage = (): Usage => new Usage({ requests: 1, inputTokens: 120, outputTokens: 15, totalTokens: 135 });
const asks = functionCall('send_mail', { to: 'ada@example.com' }, { callId: 'call-1' });
const asking = modelResponse({ usage: usage(), output: [asks] });
const answering = modelResponse({ usage: usage(), output: [assistantMessage('The mail is on its way.')] });
/** In the process that resumes, the model is asked only for its answer. */
const script = process.argv[2] === 'resume' ? [answering] : [asking];

const sendMail = tool({
  name: 'send_mail',
  description: 'Sends a mail',
  parameters: z.object({ to: z.string() }),
  needsApproval: true,
  execute: ({ to }) => `Sent to ${to}`,
});
const agent = new Agent({ name: 'Secretary', model: new ScriptedModel(script), tools: [sendMail] });

const runner = new Runner({ tracingDisabled: true });
recordRunner(runner, { provider: 'openai', model: 'gpt-5' });

/** The state that was parked, with what the person has said. */
async function answered({ state: parked, answer }: Resumed): Promise<RunState<unknown, typeof agent>> {
  const state = await RunState.fromString(agent, (parked as { text: string }).text);
  const { approved } = answer as { approved: boolean };
  for (const interruption of state.getInterruptions()) {
    if (approved) state.approve(interruption);
    else state.reject(interruption);
  }
  return state;
}

const work: Work = async ({ run, signal, resumed }) => {
  const input = resumed === null ? 'Tell Ada that I am late' : await answered(resumed);
  const result = await runner.run(agent, input, { signal });
  const [interruption] = result.interruptions;
  if (interruption === undefined) return { response: result.finalOutput ?? null };
  const data = { tool: interruption.name ?? null, arguments: interruption.arguments ?? null };
  return run.park({ reason: 'approval', data, state: { text: result.state.toString() } });
};

void inThreeProcesses({ prompt: 'Tell Ada that I am late' }, { approved: true }, work);

// Prints:
// ask: turn 1
// ask: running { tool: 'send_mail', arguments: '{"to":"ada@example.com"}' }
// ask: used {
//   input_tokens: 120,
//   output_tokens: 15,
//   total_tokens: 135,
//   requests: 1,
//   costUsd: 0.0003
// }
// answer: waiting [ 'run-1' ]
// answer: 200
// resume: tool send_mail completed
// resume: turn 2
// resume: completed { response: 'The mail is on its way.' }
// resume: used {
//   input_tokens: 240,
//   output_tokens: 30,
//   total_tokens: 270,
//   requests: 2,
//   costUsd: 0.0006
// }
