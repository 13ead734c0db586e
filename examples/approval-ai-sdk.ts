/**
 * An agent of the AI SDK that asks a person before it sends mail. It parks in one process, is answered over HTTP in
 * another, and goes on in a third; what it has used is counted once.
 */
import { generateText, stepCountIs, tool, wrapLanguageModel } from 'ai';
import type { ModelMessage } from 'ai';
import { MockLanguageModelV3 } from 'ai/test';
import { z } from 'zod';
import type { Resumed } from 'agent-run';
import { runMiddleware, runTools } from 'agent-run/ai-sdk';
import type { Work } from './support/three-processes';
import { inThreeProcesses } from './support/three-processes';

/** A model that wants to send mail, and says so once it has. */
const scripted = new MockLanguageModelV3({
  modelId: 'gpt-5',
  doGenerate: ({ prompt }) => {
    const isSent = prompt.some(({ role }) => role === 'tool');
    const input = JSON.stringify({ to: 'ada@example.com' });
    return Promise.resolve({
      content: [
        isSent
          ? { type: 'text', text: 'The mail is on its way.' }
          : { type: 'tool-call', toolCallId: 'call-1', toolName: 'send_mail', input },
      ],
      finishReason: isSent ? { unified: 'stop', raw: undefined } : { unified: 'tool-calls', raw: undefined },
      usage: {
        inputTokens: { total: 120, noCache: 120, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 15, text: 15, reasoning: undefined },
      },
      warnings: [],
    });
  },
});

const model = wrapLanguageModel({ model: scripted, middleware: runMiddleware({ provider: 'openai' }) });
const tools = runTools({
  send_mail: tool({
    inputSchema: z.object({ to: z.string() }),
    needsApproval: true,
    execute: ({ to }) => `Sent to ${to}`,
  }),
});

/** The messages that were parked, with what the person has said. */
function answered({ state, answer }: Resumed): ModelMessage[] {
  const { messages, approvalId } = state as unknown as { messages: ModelMessage[]; approvalId: string };
  const { approved } = answer as { approved: boolean };
  return [...messages, { role: 'tool', content: [{ type: 'tool-approval-response', approvalId, approved }] }];
}

const work: Work = async ({ run, signal, resumed }) => {
  const messages: ModelMessage[] =
    resumed === null ? [{ role: 'user', content: 'Tell Ada that I am late' }] : answered(resumed);
  const result = await generateText({
    model,
    tools,
    messages,
    stopWhen: stepCountIs(5),
    abortSignal: signal,
  });
  const request = result.content.find((part) => part.type === 'tool-approval-request');
  if (request === undefined) return { response: result.text };
  const { approvalId, toolCall } = request;
  return run.park({
    reason: 'approval',
    data: { tool: toolCall.toolName, input: toolCall.input },
    state: { messages: [...messages, ...result.response.messages], approvalId },
  });
};

void inThreeProcesses({ prompt: 'Tell Ada that I am late' }, { approved: true }, work);

// Prints:
// ask: turn 1
// ask: running { tool: 'send_mail', input: { to: 'ada@example.com' } }
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
