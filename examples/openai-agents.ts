/** Drives the OpenAI Agents SDK with a tool. Cancelled half-way, the run keeps its turns, usage and cost. */
import { setTimeout } from 'node:timers/promises';
import { Agent, Runner, tool, Usage } from '@openai/agents';
import type { Model, ModelRequest, ModelResponse, StreamEvent } from '@openai/agents';
import { z } from 'zod';
import { Run, RunError } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import type { UsageMeterOptions } from 'agent-run/usage';

/** Counts each call of a model for the run that it is part of, as soon as the model has answered. */
class CountingModel implements Model {
  readonly #model: Model;
  readonly #priced: UsageMeterOptions;

  constructor(model: Model, priced: UsageMeterOptions) {
    this.#model = model;
    this.#priced = priced;
  }

  async getResponse(request: ModelRequest): Promise<ModelResponse> {
    const run = Run.current();
    run?.checkLimits();
    run?.incrementTurn();
    const response = await this.#model.getResponse(request);
    if (run !== undefined) new UsageMeter(run, this.#priced).record(response.usage);
    return response;
  }

  getStreamedResponse(request: ModelRequest): AsyncIterable<StreamEvent> {
    return this.#model.getStreamedResponse(request);
  }
}

/** A model that asks for the weather of one city after the other. */
class ScriptedModel implements Model {
  readonly #cities = ['Oslo', 'Rome'];

  getResponse({ signal }: ModelRequest): Promise<ModelResponse> {
    signal?.throwIfAborted();
    const city = this.#cities.shift();
    return Promise.resolve({
      usage: new Usage({ requests: 1, inputTokens: 120, outputTokens: 15, totalTokens: 135 }),
      output: [
        {
          type: 'function_call',
          callId: `call-${city}`,
          name: 'weather',
          arguments: JSON.stringify({ city }),
          status: 'completed',
        },
      ],
    });
  }

  getStreamedResponse(): AsyncIterable<StreamEvent> {
    throw new Error('This model does not stream');
  }
}

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

const agent = new Agent({
  name: 'Weather clerk',
  model: new CountingModel(new ScriptedModel(), { provider: 'openai', model: 'gpt-5' }),
  tools: [weather],
});

async function main(): Promise<void> {
  const run = new Run({
    sessionId: 'session-123',
    input: { prompt: 'Where is it warmer?' },
    provider: 'openai',
  });
  run.on('statusChanged', ({ from, to }) => console.log(`${from} -> ${to}`));
  run.on('turnIncremented', ({ turnCount }) => console.log(`turn ${turnCount}`));
  run.on('usageUpdated', ({ costUsd }) => console.log(`cost ${costUsd ?? 'unknown'}`));
  const runner = new Runner({ tracingDisabled: true });
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
  console.log(run);
}

void main();

// Prints:
// pending -> running
// turn 1
// cost 0.0003
// looking up Oslo
// turn 2
// cost 0.0006
// looking up Rome
// running -> cancelled
// cancelled: The user closed the page
// Run {
//   id: 'run_01a205fa8d1e77769da759482cbcbd18',
//   session_id: 'session-123',
//   status: 'cancelled',
//   input: { prompt: 'Where is it warmer?' },
//   output: null,
//   error: { code: 'cancelled', message: 'The user closed the page' },
//   metadata: {},
//   turn_count: 2,
//   token_usage: {
//     input_tokens: 240,
//     output_tokens: 30,
//     total_tokens: 270,
//     requests: 2
//   },
//   started_at: '2026-11-23T01:17:15.934Z',
//   ended_at: '2026-11-23T01:17:15.984Z',
//   provider: 'openai',
//   cost_usd: 0.0006,
//   provider_metadata: {},
//   limits: { max_turns: 10 },
//   usage_meter: {
//     version: 1,
//     provider: 'openai',
//     model: 'gpt-5',
//     format: null,
//     models: [ [Array] ],
//     keys: [ [Array] ],
//     requests: []
//   }
// }
