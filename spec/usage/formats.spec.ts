import type Anthropic from '@anthropic-ai/sdk';
import type { GenerateContentResponse, GenerateContentResponseUsageMetadata } from '@google/genai';
import { Usage } from '@openai/agents';
import { Run } from 'agent-run';
import type { UsageFormatName, UsageMeterOptions } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';
import type { LanguageModelUsage } from 'ai';
import type OpenAI from 'openai';
import { USAGE_FORMATS } from '../../lib/usage/formats';
import { refusal } from './subjects';

/**
 * One request, reported by each producer: 1,000 tokens in, of which 600 were read from a cache and
 * 100 written to it; 50 out, of which 20 were reasoning.
 */
const COUNTERS = {
  input_tokens: 1000,
  output_tokens: 50,
  cache_read_tokens: 600,
  cache_write_tokens: 100,
  reasoning_tokens: 20,
  total_tokens: 1050,
  requests: 1,
};

const chat: OpenAI.CompletionUsage = {
  prompt_tokens: 1000,
  completion_tokens: 50,
  total_tokens: 1050,
  prompt_tokens_details: { cached_tokens: 600, cache_write_tokens: 100, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 0 },
};

const responses: OpenAI.Responses.ResponseUsage = {
  input_tokens: 1000,
  input_tokens_details: { cached_tokens: 600, cache_write_tokens: 100 },
  output_tokens: 50,
  output_tokens_details: { reasoning_tokens: 20 },
  total_tokens: 1050,
};

const anthropic: Anthropic.Usage = {
  input_tokens: 300,
  output_tokens: 50,
  cache_creation_input_tokens: 100,
  cache_read_input_tokens: 600,
  cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 0 },
  output_tokens_details: { thinking_tokens: 20 },
  server_tool_use: null,
  service_tier: 'standard',
  inference_geo: null,
  speed: null,
};

const gemini: Pick<GenerateContentResponseUsageMetadata, keyof GenerateContentResponseUsageMetadata> = {
  promptTokenCount: 980,
  toolUsePromptTokenCount: 20,
  candidatesTokenCount: 30,
  thoughtsTokenCount: 20,
  cachedContentTokenCount: 600,
  totalTokenCount: 1050,
};

const aiSdk: LanguageModelUsage = {
  inputTokens: 1000,
  inputTokenDetails: { noCacheTokens: 300, cacheReadTokens: 600, cacheWriteTokens: 100 },
  outputTokens: 50,
  outputTokenDetails: { textTokens: 30, reasoningTokens: 20 },
  totalTokens: 1050,
};

// Version 5 of the AI SDK is not installed beside version 6; its shape as of 5.0.
const aiSdk5 = {
  inputTokens: 1000,
  outputTokens: 50,
  totalTokens: 1050,
  reasoningTokens: 20,
  cachedInputTokens: 600,
};

const agents = new Usage({
  requests: 1,
  inputTokens: 1000,
  outputTokens: 50,
  totalTokens: 1050,
  inputTokensDetails: [{ cached_tokens: 600, cache_write_tokens: 100 }],
  outputTokensDetails: [{ reasoning_tokens: 20 }],
});

const codex = {
  type: 'turn.completed',
  usage: {
    input_tokens: 1000,
    cached_input_tokens: 600,
    cache_write_input_tokens: 100,
    output_tokens: 50,
    reasoning_output_tokens: 20,
  },
};

const bedrock = {
  inputTokens: 300,
  outputTokens: 50,
  totalTokens: 1050,
  cacheReadInputTokens: 600,
  cacheWriteInputTokens: 100,
};

const claudeResult = {
  type: 'result',
  subtype: 'success',
  num_turns: 1,
  total_cost_usd: 0.01,
  usage: anthropic,
  modelUsage: {
    'claude-sonnet-4-5-20250929': {
      inputTokens: 300,
      outputTokens: 50,
      cacheReadInputTokens: 600,
      cacheCreationInputTokens: 100,
      webSearchRequests: 0,
      costUSD: 0.01,
    },
  },
};

const langchain = {
  input_tokens: 1000,
  output_tokens: 50,
  total_tokens: 1050,
  input_token_details: { cache_read: 600, cache_creation: 100 },
  output_token_details: { reasoning: 20 },
};

// The producers of the next are not installed: as their types and files had it in November 2026.
const mistral = {
  promptTokens: 1000,
  completionTokens: 50,
  totalTokens: 1050,
  prompt_tokens_details: { cached_tokens: 600 },
  completion_tokens_details: { reasoning_tokens: 20 },
};

const opencode = {
  role: 'assistant',
  tokens: { input: 300, output: 30, reasoning: 20, cache: { read: 600, write: 100 } },
};

const totals = {
  input_tokens: 1000,
  output_tokens: 50,
  cache_read_tokens: 600,
  cache_write_tokens: 100,
  reasoning_tokens: 20,
  total_tokens: 1050,
  requests: 1,
};

const PAYLOADS: Readonly<Record<UsageFormatName, object>> = {
  'openai-chat': chat,
  'openai-responses': responses,
  anthropic,
  gemini,
  'ai-sdk': aiSdk,
  'claude-result': claudeResult,
  codex,
  bedrock,
  'openai-agents': agents,
  langchain: { usage_metadata: langchain },
  mistral: { usage: mistral },
  cohere: {
    usage: {
      tokens: { inputTokens: 1000, outputTokens: 50 },
      billedUnits: { inputTokens: 4, outputTokens: 3 },
      cachedTokens: 600,
    },
  },
  ollama: { model: 'qwen3', done: true, prompt_eval_count: 1000, eval_count: 50, eval_duration: 5_000_000 },
  opencode,
  cursor: {
    usage: {
      inputTokens: 300,
      outputTokens: 50,
      cacheReadTokens: 600,
      cacheWriteTokens: 100,
      reasoningTokens: 20,
    },
  },
  pi: { usage: { input: 300, output: 50, cacheRead: 600, cacheWrite: 100, totalTokens: 1050 } },
  kimi: { token_usage: { input_other: 300, output: 50, input_cache_read: 600, input_cache_creation: 100 } },
  cline: { tokensIn: 300, tokensOut: 50, cacheReads: 600, cacheWrites: 100 },
  totals,
};

/** What some producers do not report. */
const UNREPORTED: Partial<Record<UsageFormatName, readonly (keyof typeof COUNTERS)[]>> = {
  gemini: ['cache_write_tokens'],
  bedrock: ['reasoning_tokens'],
  'claude-result': ['reasoning_tokens'],
  mistral: ['cache_write_tokens'],
  cohere: ['cache_write_tokens', 'reasoning_tokens'],
  ollama: ['cache_read_tokens', 'cache_write_tokens', 'reasoning_tokens'],
  pi: ['reasoning_tokens'],
  kimi: ['reasoning_tokens'],
  cline: ['reasoning_tokens'],
};

function counted(payload: unknown, options: UsageMeterOptions = {}): Run['tokenUsage'] {
  const run = new Run({ sessionId: 's' });
  new UsageMeter(run, { model: 'gpt-5', ...options }).record(payload);
  const unpriced = 'unpriced_requests';
  return Object.fromEntries(Object.entries(run.tokenUsage).filter(([name]) => name !== unpriced));
}

describe('formats', () => {
  describe.each(USAGE_FORMATS)('%s', (name) => {
    const payload = PAYLOADS[name];
    const unreported = UNREPORTED[name] ?? [];
    const expected = Object.fromEntries(
      Object.entries(COUNTERS).filter(([counter]) => !unreported.includes(counter as 'requests')),
    );

    it('is recognised by its shape and counts the same work alike', () => {
      expect(counted(payload)).toEqual(expected);
    });

    it('counts alike when it is named', () => {
      expect(counted(payload, { format: name })).toEqual(expected);
    });

    it('refuses a count that is none, with its path and without its value', () => {
      const text = JSON.stringify(payload).replaceAll(/:(?:50|30)([,}])/g, ':-777$1');
      const error = refusal(() => counted(JSON.parse(text)));
      expect(error).toMatchObject({ code: 'validation_error' });
      expect(JSON.stringify(error)).toMatch(/[oO]ut|completion|candidates|eval_count/);
      expect(JSON.stringify(error)).not.toContain('777');
    });
  });

  it('knows that Anthropic in version 5 of the AI SDK leaves the cache out of the input', () => {
    const exclusive = { ...aiSdk5, inputTokens: 300 };
    const metadata = { anthropic: { cacheCreationInputTokens: 100 } };
    const step = { usage: exclusive, providerMetadata: metadata, response: { modelId: 'claude-opus-4-5' } };
    expect(counted(step)).toEqual(COUNTERS);
    expect(counted(exclusive, { provider: 'anthropic' })).toMatchObject({ input_tokens: 900 });
    expect(counted(aiSdk5, { provider: 'openai' })).toMatchObject({ input_tokens: 1000 });
    expect(counted({ ...aiSdk5, cachedInputTokens: 1001 })).toMatchObject({ input_tokens: 2001 });
  });

  it.each<[string, object]>([
    ['a chat completion', { object: 'chat.completion', id: 'c', model: 'gpt-5', choices: [], usage: chat }],
    ['the last chunk of a chat stream', { object: 'chat.completion.chunk', choices: [], usage: chat }],
    ['a response', { object: 'response', model: 'gpt-5', usage: responses }],
    ['the event that ends a response', { type: 'response.completed', response: { usage: responses } }],
    ['a message', { type: 'message', id: 'm', model: 'claude-opus-4-5', usage: anthropic }],
    ['a line of a Claude stream', { type: 'assistant', message: { id: 'm', usage: anthropic } }],
    ['a result of generateText', { usage: { ...aiSdk, inputTokens: 1 }, totalUsage: aiSdk, steps: [{}] }],
    ['a result of the OpenAI Agents SDK', { state: { usage: agents } }],
  ])('finds the usage in %s', (_name, payload) => {
    expect(counted(payload)).toEqual(COUNTERS);
  });

  it('finds the usage and the model in a response of Gemini', () => {
    const run = new Run({ sessionId: 's' });
    const response: Partial<GenerateContentResponse> = {
      modelVersion: 'gemini-2.5-pro',
      usageMetadata: gemini,
    };
    const meter = new UsageMeter(run);
    meter.record(response);
    expect(Object.keys(meter.byModel())).toEqual(['gemini-2.5-pro']);
    expect(run.costUsd).toBeGreaterThan(0);
  });

  it('prices each step of a result of the AI SDK by itself, on its own model', () => {
    const run = new Run({ sessionId: 's' });
    const usage = (inputTokens: number): LanguageModelUsage => ({
      ...aiSdk,
      inputTokens,
      inputTokenDetails: { noCacheTokens: inputTokens, cacheReadTokens: 0, cacheWriteTokens: undefined },
    });
    const steps = ['gpt-5', 'gpt-5-mini'].map((modelId) => ({ usage: usage(500), response: { modelId } }));
    const meter = new UsageMeter(run);
    meter.record({ steps, usage: usage(500), totalUsage: usage(1000) });
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 1000, output_tokens: 100 });
    expect(Object.keys(meter.byModel())).toEqual(['gpt-5', 'gpt-5-mini']);
  });

  it('leaves absent what is not reported, null included', () => {
    expect(counted({ prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 })).toEqual({
      input_tokens: 10,
      output_tokens: 2,
      total_tokens: 12,
      requests: 1,
    });
    const nothingCached = { ...anthropic, cache_creation: null, output_tokens_details: null };
    expect(
      counted({ ...nothingCached, cache_creation_input_tokens: null, cache_read_input_tokens: null }),
    ).toEqual({ input_tokens: 300, output_tokens: 50, total_tokens: 350, requests: 1 });
    expect(counted({ prompt_tokens: 10, total_tokens: 10 })).toEqual({
      input_tokens: 10,
      total_tokens: 10,
      requests: 1,
    });
  });

  it('adds up the costs of the models of a result that gives no total', () => {
    const usage = { inputTokens: 1, outputTokens: 1, costUSD: 0.25 };
    const run = new Run({ sessionId: 's' });
    new UsageMeter(run).record({ type: 'result', modelUsage: { opus: usage, haiku: usage } });
    expect(run.costUsd).toBe(0.5);
  });

  it('prices the models of a result that brings no cost', () => {
    const run = new Run({ sessionId: 's' });
    const usage = { inputTokens: 1000, outputTokens: 0 };
    new UsageMeter(run).record({ type: 'result', modelUsage: { 'claude-opus-4-5': usage, nosuch: usage } });
    expect(run.costUsd).toBe(0.005);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 2000, unpriced_requests: 1 });
  });

  it('follows a stream inside the events of Claude Code', () => {
    const run = new Run({ sessionId: 's' });
    const meter = new UsageMeter(run);
    const message = { id: 'm', model: 'claude-opus-4-5', usage: { input_tokens: 5, output_tokens: 1 } };
    meter.record({ type: 'stream_event', event: { type: 'message_start', message } });
    meter.record({ type: 'stream_event', event: { type: 'message_delta', usage: { output_tokens: 9 } } });
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 5, output_tokens: 9 });
  });

  it('counts a message_start without an id as a request', () => {
    const message = { usage: { input_tokens: 5, output_tokens: 1 } };
    expect(counted({ type: 'message_start', message })).toMatchObject({ requests: 1, input_tokens: 5 });
  });

  it('prices what Bedrock wrote to a cache for an hour', () => {
    const cost = (ttl: string): number | null => {
      const run = new Run({ sessionId: 's' });
      const usage = { ...bedrock, cacheDetails: [{ ttl, inputTokens: 100 }] };
      new UsageMeter(run, { provider: 'anthropic', model: 'claude-sonnet-4-5' }).record(usage);
      return run.costUsd;
    };
    expect(cost('1h')! - cost('5m')!).toBeCloseTo((100 * (6 - 3.75)) / 1e6, 9);
  });

  it('takes input in parts where version 6 of the AI SDK gives no sum', () => {
    expect(counted({ ...aiSdk, inputTokens: undefined })).toEqual(COUNTERS);
  });

  it('takes the counts of a step that is the only one', () => {
    expect(counted({ steps: [{ usage: aiSdk }], totalUsage: aiSdk })).toEqual(COUNTERS);
  });

  it('takes a shape that several formats read alike', () => {
    const expected = { input_tokens: 10, output_tokens: 5, total_tokens: 15, requests: 1 };
    expect(counted({ input_tokens: 10, output_tokens: 5 })).toEqual(expected);
    expect(counted({ inputTokens: 10, outputTokens: 5, totalTokens: 15 })).toEqual(expected);
  });

  it('keeps a total of the provider that is above input and output', () => {
    const withoutThoughts = { promptTokenCount: 100, candidatesTokenCount: 10, totalTokenCount: 150 };
    expect(counted(withoutThoughts)).toMatchObject({ output_tokens: 10, total_tokens: 150 });
  });

  it.each<[string, unknown]>([
    ['no object', 'prompt_tokens'],
    ['undefined, as of a response without usage', undefined],
    ['null', null],
    ['an empty object', {}],
    ['an empty usage', { usage: {} }],
    ['a list', [chat]],
    ['a shape that nobody sends', { amount: 5 }],
    ['a count beside those of a format', { prompt_tokens: 5, completion_tokens: 1, thought_tokens: 80 }],
    ['words of two producers that differ', { inputTokens: 900, outputTokens: 5, cacheReadTokens: 600 }],
    [
      'marks of two formats',
      { input_tokens: 1, output_tokens: 1, cached_input_tokens: 1, cache_read_input_tokens: 1 },
    ],
    [
      'two formats that disagree',
      { prompt_tokens: 1, completion_tokens: 1, input_tokens: 2, output_tokens: 2 },
    ],
  ])('refuses %s, with the list of formats', (_name, payload) => {
    const run = new Run({ sessionId: 's' });
    const error = refusal(() => new UsageMeter(run, { model: 'gpt-5' }).record(payload));
    expect(error.code).toBe('validation_error');
    expect(error.details['formats']).toEqual(USAGE_FORMATS);
    for (const name of USAGE_FORMATS) expect(error.message).toContain(name);
    expect(run.tokenUsage).toEqual({});
  });

  it.each([NaN, Infinity, -1, '12', 2 ** 53, true])('refuses %p as a count', (count) => {
    const run = new Run({ sessionId: 's' });
    const meter = new UsageMeter(run, { model: 'gpt-5' });
    const error = refusal(() => meter.record({ usage: { ...chat, prompt_tokens: count } }));
    expect(error.details['issues']).toMatchObject([{ path: 'usage.prompt_tokens' }]);
    expect(run.tokenUsage).toEqual({});
    expect(run.toJSON()).not.toHaveProperty('usage_meter');
  });

  it('refuses a payload of another format than the one that is named', () => {
    const error = refusal(() => counted(chat, { format: 'gemini' }));
    expect(error.message).toContain('gemini');
  });

  it('refuses a getter that throws as unreadable', () => {
    const payload = {
      get usage(): never {
        throw new TypeError('locked');
      },
    };
    expect(refusal(() => counted(payload))).toMatchObject({ code: 'validation_error' });
  });

  describe('a function of your own', () => {
    it('gives counters, a model and a cost', () => {
      const run = new Run({ sessionId: 's' });
      const meter = new UsageMeter(run, {
        format: (payload) => {
          const { tokens, usd } = payload as { tokens: [number, number]; usd: number };
          return { input_tokens: tokens[0], output_tokens: tokens[1], model: 'house', costUsd: usd };
        },
      });
      meter.record({ tokens: [10, 2], usd: 0.5 });
      expect(run.tokenUsage).toEqual({ input_tokens: 10, output_tokens: 2, total_tokens: 12, requests: 1 });
      expect(run.costUsd).toBe(0.5);
      expect(meter.byModel()['house']).toMatchObject({ costUsd: 0.5, unpricedRequests: 0 });
    });

    it('may give several requests', () => {
      const run = new Run({ sessionId: 's' });
      new UsageMeter(run).record([1, 2], {
        format: (payload) => (payload as number[]).map((count) => ({ output_tokens: count, model: 'gpt-5' })),
      });
      expect(run.tokenUsage).toMatchObject({ requests: 2, output_tokens: 3 });
    });

    it.each([[null], [{}], [{ tokens: 1 }], [{ input_tokens: -1 }], [{ input_tokens: 1, costUsd: NaN }]])(
      'that gives %p is refused',
      (report) => {
        const error = refusal(() => counted({}, { format: () => report as never }));
        expect(error.code).toBe('validation_error');
      },
    );
  });
});
