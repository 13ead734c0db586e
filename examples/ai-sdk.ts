/** Drives the Vercel AI SDK's `generateText` with a tool. Cancelled half-way, the run keeps its turns and usage. */
import { setTimeout } from 'node:timers/promises';
import { generateText, stepCountIs, tool, wrapLanguageModel } from 'ai';
import { MockLanguageModelV3 } from 'ai/test';
import { z } from 'zod';
import { Run, RunError } from 'agent-run';
import { runMiddleware, runTools } from 'agent-run/ai-sdk';

/** A model that asks for the weather of one city after the other. */
const cities = ['Oslo', 'Rome'];
const scripted = new MockLanguageModelV3({
  modelId: 'gpt-5',
  doGenerate: ({ abortSignal }) => {
    abortSignal?.throwIfAborted();
    const city = cities.shift();
    return Promise.resolve({
      content: [
        {
          type: 'tool-call',
          toolCallId: `call-${city}`,
          toolName: 'weather',
          input: JSON.stringify({ city }),
        },
      ],
      finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
      usage: {
        inputTokens: { total: 120, noCache: 20, cacheRead: 100, cacheWrite: undefined },
        outputTokens: { total: 15, text: 15, reasoning: undefined },
      },
      warnings: [],
    });
  },
});

const page = new AbortController();

const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }, { abortSignal }) => {
    console.log(`looking up ${city}`);
    if (city === 'Oslo') return { city, weather: 'snow' };
    // The service does not answer, and its user loses patience.
    page.abort(new Error('The user closed the page'));
    return setTimeout(60_000, { city, weather: 'sun' }, { signal: abortSignal });
  },
});

const model = wrapLanguageModel({ model: scripted, middleware: runMiddleware({ provider: 'openai' }) });

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
        const { text } = await generateText({
          model,
          tools: runTools({ weather }),
          stopWhen: stepCountIs(10),
          prompt: 'Where is it warmer?',
          abortSignal: signal,
        });
        return { response: text };
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
// cost 0.0001875
// looking up Oslo
// tool weather: completed
// turn 2
// cost 0.000375
// looking up Rome
// tool weather: cancelled
// running -> cancelled
// cancelled: The user closed the page
// cancelled {
//   turns: 2,
//   costUsd: 0.000375,
//   input_tokens: 240,
//   output_tokens: 30,
//   cache_read_tokens: 200,
//   total_tokens: 270,
//   requests: 2
// }
