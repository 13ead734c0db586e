/** Drives a LangGraph agent with a tool. Cancelled half-way, the run keeps its turns, usage and cost. */
import { setTimeout } from 'node:timers/promises';
import { AIMessage } from '@langchain/core/messages';
import { fakeModel } from '@langchain/core/testing';
import type { ToolRunnableConfig } from '@langchain/core/tools';
import { tool } from '@langchain/core/tools';
import { MessagesAnnotation, StateGraph } from '@langchain/langgraph';
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt';
import { z } from 'zod';
import { Run, RunError } from 'agent-run';
import { RunCallbackHandler } from 'agent-run/langchain';

/** A model that asks for the weather of one city after the other. */
const scripted = fakeModel();
for (const city of ['Oslo', 'Rome']) {
  const message = new AIMessage({
    content: '',
    tool_calls: [{ name: 'weather', args: { city }, id: `call-${city}` }],
    response_metadata: { model_name: 'gpt-5' },
  });
  const usage = { input_tokens: 120, output_tokens: 15, total_tokens: 135 };
  scripted.respond(Object.assign(message, { usage_metadata: usage }));
}

const page = new AbortController();

const weather = tool(
  async ({ city }: { city: string }, { signal }: ToolRunnableConfig) => {
    console.log(`looking up ${city}`);
    if (city === 'Oslo') return 'snow';
    // The service does not answer, and its user loses patience.
    page.abort(new Error('The user closed the page'));
    return setTimeout(60_000, 'sun', signal === undefined ? {} : { signal });
  },
  { name: 'weather', description: 'The weather in a city', schema: z.object({ city: z.string() }) },
);

const agent = new StateGraph(MessagesAnnotation)
  .addNode('model', async ({ messages }, config) => ({ messages: [await scripted.invoke(messages, config)] }))
  .addNode('tools', new ToolNode([weather]))
  .addEdge('__start__', 'model')
  .addConditionalEdges('model', toolsCondition)
  .addEdge('tools', 'model')
  .compile();

const handler = new RunCallbackHandler({ provider: 'openai' });

async function main(): Promise<void> {
  const run = new Run({ sessionId: 'session-123', input: { prompt: 'Where is it warmer?' } });
  run.on('statusChanged', ({ from, to }) => console.log(`${from} -> ${to}`));
  run.on('turnIncremented', ({ turnCount }) => console.log(`turn ${turnCount}`));
  run.on('usageUpdated', ({ costUsd }) => console.log(`cost ${costUsd ?? 'unknown'}`));
  run.on('stepEnded', ({ step }) => console.log(`${step.kind} ${step.name}: ${step.status}`));
  try {
    await run.execute(
      async ({ run: { input }, signal }) => {
        const messages = [{ role: 'user', content: String(input?.prompt) }];
        const state = await agent.invoke({ messages }, { callbacks: [handler], signal });
        return { response: state.messages.at(-1)?.text ?? null };
      },
      { signal: page.signal, timeoutMs: 120_000, limits: { maxTurns: 10 } },
    );
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    console.log(`${error.code}: ${error.message}`);
  }
  console.log(run.status, { turns: run.turnCount, costUsd: run.costUsd, ...run.tokenUsage });
}

void main();

// Prints:
// pending -> running
// turn 1
// cost 0.0003
// looking up Oslo
// tool weather: completed
// turn 2
// cost 0.0006
// looking up Rome
// tool weather: cancelled
// running -> cancelled
// cancelled: The user closed the page
// cancelled {
//   turns: 2,
//   costUsd: 0.0006,
//   input_tokens: 240,
//   output_tokens: 30,
//   total_tokens: 270,
//   requests: 2
// }
