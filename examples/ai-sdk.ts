/** Drives the Vercel AI SDK's `generateText` with a tool. Cancelled half-way, the run keeps its turns and usage. */
import { setTimeout } from 'node:timers/promises';
import { generateText, stepCountIs, tool, wrapLanguageModel } from 'ai';
import type { LanguageModelMiddleware } from 'ai';
import { MockLanguageModelV3 } from 'ai/test';
import { z } from 'zod';
import { Run, RunError } from 'agent-run';

/**
 * Counts each call of a model for the run that it is part of. `onStepFinish` would be too late: it
 * comes after the tools, so a run that is cancelled in a tool would lose what the step has cost.
 */
const counting: LanguageModelMiddleware = {
  specificationVersion: 'v3',
  wrapGenerate: async ({ doGenerate }) => {
    const run = Run.current();
    run?.checkLimits();
    run?.incrementTurn();
    const result = await doGenerate();
    const { inputTokens, outputTokens } = result.usage;
    run?.updateTokenUsage({
      input_tokens: inputTokens.total,
      output_tokens: outputTokens.total,
      cache_read_tokens: inputTokens.cacheRead,
    });
    return result;
  },
};

/** A model that asks for the weather of one city after the other. */
const cities = ['Oslo', 'Rome'];
const scripted = new MockLanguageModelV3({
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

async function main(): Promise<void> {
  const run = new Run({
    sessionId: 'session-123',
    input: { prompt: 'Where is it warmer?' },
    provider: 'openai',
  });
  run.on('statusChanged', ({ from, to }) => console.log(`${from} -> ${to}`));
  run.on('turnIncremented', ({ turnCount }) => console.log(`turn ${turnCount}`));
  run.on('usageUpdated', ({ tokenUsage }) => console.log('usage', tokenUsage));
  try {
    await run.execute(
      async ({ signal }) => {
        const { text } = await generateText({
          model: wrapLanguageModel({ model: scripted, middleware: counting }),
          tools: { weather },
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
  console.log(run);
}

void main();

// Prints:
// pending -> running
// turn 1
// usage { input_tokens: 120, output_tokens: 15, cache_read_tokens: 100 }
// looking up Oslo
// turn 2
// usage { input_tokens: 240, output_tokens: 30, cache_read_tokens: 200 }
// looking up Rome
// running -> cancelled
// cancelled: The user closed the page
// Run {
//   id: 'run_01a205f08ace773eada27df3edbcf338',
//   session_id: 'session-123',
//   status: 'cancelled',
//   input: { prompt: 'Where is it warmer?' },
//   output: null,
//   error: { code: 'cancelled', message: 'The user closed the page' },
//   metadata: {},
//   turn_count: 2,
//   token_usage: { input_tokens: 240, output_tokens: 30, cache_read_tokens: 200 },
//   started_at: '2026-11-23T01:06:19.982Z',
//   ended_at: '2026-11-23T01:06:20.032Z',
//   provider: 'openai',
//   cost_usd: null,
//   provider_metadata: {},
//   limits: { max_turns: 10 }
// }
