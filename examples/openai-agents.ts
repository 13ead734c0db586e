/** Drives the OpenAI Agents SDK with a tool. Cancelled half-way, the run keeps its turns, usage and cost. */
import { setTimeout } from 'node:timers/promises';
import { Agent, Runner, tool, Usage } from '@openai/agents';
import { functionCall, modelResponse, ScriptedModel } from '@openai/agents/testing';
import { z } from 'zod';
import { Run, RunError } from 'agent-run';
import { recordRunner } from 'agent-run/openai-agents';

/** A model that asks for the weather of one city after the other. */
const scripted = new ScriptedModel(
  ['Oslo', 'Rome'].map((city) =>
    modelResponse({
      usage: new Usage({ requests: 1, inputTokens: 120, outputTokens: 15, totalTokens: 135 }),
      output: [functionCall('weather', { city }, { callId: `call-${city}` })],
    }),
  ),
);

const page = new AbortController();

const weather = tool({
  name: 'weather',
  description: 'The weather in a city',
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }, _context, details) => {
    console.log(`looking up ${city}`);
    if (city === 'Oslo') return 'snow';
    // The service does not answer, and its user loses patience.
    page.abort(new Error('The user closed the page'));
    return setTimeout(60_000, 'sun', { signal: details?.signal });
  },
});

const agent = new Agent({ name: 'Weather clerk', model: scripted, tools: [weather] });

const runner = new Runner({ tracingDisabled: true });
recordRunner(runner, { provider: 'openai', model: 'gpt-5' });

async function main(): Promise<void> {
  const run = new Run({
    sessionId: 'session-123',
    input: { prompt: 'Where is it warmer?' },
    provider: 'openai',
  });
  run.on('statusChanged', ({ from, to }) => console.log(`${from} -> ${to}`));
  run.on('turnIncremented', ({ turnCount }) => console.log(`turn ${turnCount}`));
  run.on('usageUpdated', ({ costUsd }) => console.log(`cost ${costUsd ?? 'unknown'}`));
  run.on('stepEnded', ({ step }) => console.log(`${step.kind} ${step.name}: ${step.status}`));
  try {
    await run.execute(
      async ({ signal }) => {
        const { finalOutput } = await runner.run(agent, 'Where is it warmer?', { signal, maxTurns: 10 });
        return { response: finalOutput ?? null };
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
