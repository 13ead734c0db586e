import type { Counts } from '../../lib/usage/counts';
import type { UsageFormatName } from '../../lib/usage/formats';
import { isFormatName } from '../../lib/usage/formats';
import type { ReadOptions } from '../../lib/usage/read-usage';
import type { Reading, Readings } from '../../lib/usage/reading';
import type { Sighting } from '../../lib/usage/sighting';
import { read } from './subjects';

function first({ list }: Readings): Reading {
  const [reading] = list;
  if (reading === undefined) throw new Error('nothing was read');
  return reading;
}

/** Each place of a count in each format; the counts are all different, so that no two can be mistaken. */
const PLACES: readonly (readonly [UsageFormatName, object, Counts])[] = [
  [
    'openai-chat',
    { prompt_tokens_details: { audio_tokens: 3, image_tokens: 4 } },
    { input_audio_tokens: 3, input_image_tokens: 4 },
  ],
  [
    'openai-chat',
    { completion_tokens_details: { audio_tokens: 3, image_tokens: 4 } },
    { output_audio_tokens: 3, output_image_tokens: 4 },
  ],
  [
    'openai-chat',
    { prompt_tokens_details: { cached_tokens_details: { audio_tokens: 3, image_tokens: 4 } } },
    { cache_audio_read_tokens: 3, cache_image_read_tokens: 4 },
  ],
  [
    'openai-chat',
    { cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 } },
    { cache_write_tokens: 7, cache_write_1h_tokens: 4 },
  ],
  ['openai-chat', { prompt_tokens_details: { cache_creation_tokens: 3 } }, { cache_write_tokens: 3 }],
  ['openai-chat', { prompt_tokens_details: { cached_creation_tokens: 3 } }, { cache_write_tokens: 3 }],
  ['openai-chat', { prompt_tokens_details: { cache_creation_input_tokens: 3 } }, { cache_write_tokens: 3 }],
  [
    'openai-chat',
    { cache_creation_input_tokens: 3, cache_read_input_tokens: 4 },
    { cache_write_tokens: 3, cache_read_tokens: 4 },
  ],
  ['openai-chat', { prompt_tokens: 9, server_tool_use: { web_search_requests: 3 } }, { web_searches: 3 }],
  [
    'openai-chat',
    { reasoning_tokens: 3, prompt_cache_hit_tokens: 4 },
    { reasoning_tokens: 3, cache_read_tokens: 4 },
  ],
  [
    'openai-responses',
    { input_tokens_details: { audio_tokens: 3, image_tokens: 4 } },
    { input_audio_tokens: 3, input_image_tokens: 4 },
  ],
  [
    'openai-responses',
    { input_token_details: { audio_tokens: 3, image_tokens: 4 } },
    { input_audio_tokens: 3, input_image_tokens: 4 },
  ],
  [
    'openai-responses',
    { output_tokens_details: { audio_tokens: 3, image_tokens: 4 } },
    { output_audio_tokens: 3, output_image_tokens: 4 },
  ],
  [
    'openai-responses',
    { output_token_details: { audio_tokens: 3, image_tokens: 4 } },
    { output_audio_tokens: 3, output_image_tokens: 4 },
  ],
  [
    'openai-responses',
    { input_tokens_details: { cached_tokens_details: { audio_tokens: 3, image_tokens: 4 } } },
    { cache_audio_read_tokens: 3, cache_image_read_tokens: 4 },
  ],
  [
    'openai-responses',
    { input_token_details: { cached_tokens_details: { audio_tokens: 3, image_tokens: 4 } } },
    { cache_audio_read_tokens: 3, cache_image_read_tokens: 4 },
  ],
  ['openai-responses', { input_token_details: { cached_tokens: 3 } }, { cache_read_tokens: 3 }],
  [
    'anthropic',
    { cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 } },
    { cache_write_tokens: 7, cache_write_1h_tokens: 4 },
  ],
  ['anthropic', { input_tokens: 9, server_tool_use: { web_search_requests: 3 } }, { web_searches: 3 }],
  [
    'gemini',
    {
      promptTokensDetails: [
        { modality: 'AUDIO', tokenCount: 3 },
        { modality: 'IMAGE', tokenCount: 4 },
      ],
    },
    { input_audio_tokens: 3, input_image_tokens: 4 },
  ],
  [
    'gemini',
    {
      toolUsePromptTokensDetails: [
        { modality: 'AUDIO', tokenCount: 3 },
        { modality: 'IMAGE', tokenCount: 4 },
      ],
    },
    { input_audio_tokens: 3, input_image_tokens: 4 },
  ],
  [
    'gemini',
    {
      candidatesTokensDetails: [
        { modality: 'AUDIO', tokenCount: 3 },
        { modality: 'IMAGE', tokenCount: 4 },
      ],
    },
    { output_audio_tokens: 3, output_image_tokens: 4 },
  ],
  [
    'gemini',
    {
      responseTokensDetails: [
        { modality: 'AUDIO', tokenCount: 3 },
        { modality: 'IMAGE', tokenCount: 4 },
      ],
    },
    { output_audio_tokens: 3, output_image_tokens: 4 },
  ],
  [
    'gemini',
    {
      cacheTokensDetails: [
        { modality: 'AUDIO', tokenCount: 3 },
        { modality: 'IMAGE', tokenCount: 4 },
      ],
    },
    { cache_audio_read_tokens: 3, cache_image_read_tokens: 4 },
  ],
  [
    'gemini',
    { response_token_count: 3, cached_content_token_count: 4 },
    { output_tokens: 3, cache_read_tokens: 4 },
  ],
  [
    'gemini',
    {
      total_output_tokens: 9,
      input_tokens_by_modality: [
        { modality: 'audio', tokens: 3 },
        { modality: 'image', tokens: 4 },
      ],
    },
    { input_audio_tokens: 3, input_image_tokens: 4 },
  ],
  [
    'gemini',
    {
      total_output_tokens: 9,
      output_tokens_by_modality: [
        { modality: 'audio', tokens: 3 },
        { modality: 'image', tokens: 4 },
      ],
    },
    { output_audio_tokens: 3, output_image_tokens: 4 },
  ],
  [
    'gemini',
    {
      total_cached_tokens: 9,
      cached_tokens_by_modality: [
        { modality: 'audio', tokens: 3 },
        { modality: 'image', tokens: 4 },
      ],
    },
    { cache_audio_read_tokens: 3, cache_image_read_tokens: 4 },
  ],
  [
    'ai-sdk',
    { inputTokens: 9, raw: { cache_creation: { ephemeral_1h_input_tokens: 3 } } },
    { cache_write_1h_tokens: 3 },
  ],
  [
    'ai-sdk',
    { inputTokens: { total: 9, cacheRead: 3, cacheWrite: 4 }, outputTokens: { total: 8, reasoning: 2 } },
    { input_tokens: 9, output_tokens: 8, cache_read_tokens: 3, cache_write_tokens: 4, reasoning_tokens: 2 },
  ],
  [
    'ai-sdk',
    { inputTokens: { noCache: 1, cacheRead: 3, cacheWrite: 4 }, outputTokens: { text: 5, reasoning: 2 } },
    { input_tokens: 8, output_tokens: 7 },
  ],
  [
    'ai-sdk',
    { inputTokens: { total: 9 }, raw: { cache_creation: { ephemeral_1h_input_tokens: 3 } } },
    { cache_write_1h_tokens: 3 },
  ],
  [
    'bedrock',
    { inputTokenCount: 3, outputTokenCount: 4, cacheReadInputTokenCount: 5, cacheWriteInputTokenCount: 6 },
    { input_tokens: 14, output_tokens: 4, cache_read_tokens: 5, cache_write_tokens: 6 },
  ],
  ['bedrock', { prompt_token_count: 3, generation_token_count: 4 }, { input_tokens: 3, output_tokens: 4 }],
  ['claude-result', { inputTokens: 9, webSearchRequests: 3 }, { web_searches: 3 }],
  [
    'codex',
    {
      inputTokens: 9,
      outputTokens: 8,
      totalTokens: 17,
      cachedInputTokens: 3,
      cacheWriteInputTokens: 4,
      reasoningOutputTokens: 2,
    },
    {
      input_tokens: 9,
      output_tokens: 8,
      total_tokens: 17,
      cache_read_tokens: 3,
      cache_write_tokens: 4,
      reasoning_tokens: 2,
    },
  ],
  ['openai-agents', { inputTokens: 9, inputTokensDetails: { audio_tokens: 3 } }, { input_audio_tokens: 3 }],
  [
    'openai-agents',
    {
      input_tokens: 9,
      output_tokens: 8,
      requests: 2,
      input_tokens_details: { cached_tokens: 3, cache_write_tokens: 4 },
      output_tokens_details: { reasoning_tokens: 5 },
    },
    {
      input_tokens: 9,
      output_tokens: 8,
      requests: 2,
      cache_read_tokens: 3,
      cache_write_tokens: 4,
      reasoning_tokens: 5,
    },
  ],
  [
    'langchain',
    { input_token_details: { audio: 3, image: 4 }, output_token_details: { audio: 5, image: 6 } },
    { input_audio_tokens: 3, input_image_tokens: 4, output_audio_tokens: 5, output_image_tokens: 6 },
  ],
  ['mistral', { promptTokens: 9, num_cached_tokens: 3 }, { cache_read_tokens: 3 }],
  [
    'mistral',
    { promptTokens: 9, numCachedTokens: 3, reasoningTokens: 4 },
    { cache_read_tokens: 3, reasoning_tokens: 4 },
  ],
  [
    'mistral',
    {
      promptTokensDetails: { cachedTokens: 5, audioTokens: 3 },
      completionTokensDetails: { audioTokens: 4, reasoningTokens: 2 },
    },
    { cache_read_tokens: 5, input_audio_tokens: 3, output_audio_tokens: 4, reasoning_tokens: 2 },
  ],
  [
    'mistral',
    { prompt_tokens_details: { audio_tokens: 3 }, completion_tokens_details: { audio_tokens: 4 } },
    { input_audio_tokens: 3, output_audio_tokens: 4 },
  ],
  [
    'cohere',
    { tokens: { input_tokens: 3, output_tokens: 4 }, cached_tokens: 2 },
    { input_tokens: 3, output_tokens: 4, cache_read_tokens: 2 },
  ],
  ['cohere', { billed_units: { input_tokens: 3, output_tokens: 4 } }, { input_tokens: 3, output_tokens: 4 }],
  ['cohere', { billedUnits: { inputTokens: 3, outputTokens: 4 } }, { input_tokens: 3, output_tokens: 4 }],
];

describe('a format', () => {
  it.each(PLACES)('%s takes each count of %j', (format, usage, counts) => {
    expect(first(read(usage, { format })).counts).toMatchObject(counts);
    expect(first(read(usage)).counts).toMatchObject(counts);
  });

  it.each([
    ['openai-chat', true],
    ['totals', true],
    ['nosuch', false],
    ['', false],
    [undefined, false],
  ])('has the name %p, or not', (name, expected) => {
    expect(isFormatName(name)).toBe(expected);
  });
});

describe('the AI SDK of version 5', () => {
  const usage = { inputTokens: 100, outputTokens: 5, cachedInputTokens: 30 };

  it.each<[string, Partial<ReadOptions>, object]>([
    ['anthropic', { provider: 'anthropic' }, {}],
    ['Amazon Bedrock', { provider: 'amazon-bedrock' }, {}],
    ['aws', { provider: 'aws' }, {}],
    ['a Claude', { model: 'Claude-opus-4-5' }, {}],
    ['metadata of Anthropic', {}, { providerMetadata: { anthropic: {} } }],
    ['metadata of Bedrock', {}, { providerMetadata: { bedrock: {} } }],
    ['anthropic, told by the payload', {}, { providerID: 'anthropic' }],
  ])('leaves the cache out of the input with %s', (_name, options, around) => {
    expect(first(read(usage, options, { around: [around] })).counts.input_tokens).toBe(130);
  });

  it.each<[string, Partial<ReadOptions>, object]>([
    ['openai', { provider: 'openai' }, {}],
    ['a name that has aws in it', { provider: 'laws' }, {}],
    ['another that begins with aws', { provider: 'awsome' }, {}],
    ['metadata of others', {}, { providerMetadata: { openai: {} } }],
    ['nothing known', {}, {}],
    ['openai, whatever the payload tells', { provider: 'openai' }, { providerID: 'anthropic' }],
  ])('has the cache in the input with %s', (_name, options, around) => {
    expect(first(read(usage, options, { around: [around] })).counts.input_tokens).toBe(100);
  });

  it('has the cache in the input where the details of version 6 stand beside it', () => {
    const newer = { ...usage, inputTokenDetails: {} };
    expect(first(read(newer, { provider: 'anthropic' })).counts.input_tokens).toBe(100);
  });
});

describe('what is around a usage', () => {
  const plain = { input_tokens: 10, output_tokens: 1 };

  it.each<[string, string | null, object, readonly object[]]>([
    ['a message of Anthropic', 'm', plain, [{ type: 'message', id: 'm' }]],
    ['a message of an assistant', 'm', plain, [{ role: 'assistant', id: 'm' }]],
    ['the start of a message', 'm', plain, [{ type: 'message_start' }, { id: 'm' }]],
    ['a message of another', null, { ...plain, cache_read_input_tokens: 1 }, [{ type: 'event', id: 'm' }]],
    ['a response of Gemini', 'r', { promptTokenCount: 1 }, [{ responseId: 'r' }]],
    [
      'a response of Gemini in snake case',
      'r',
      { prompt_token_count: 1, total_token_count: 1 },
      [{ response_id: 'r' }],
    ],
    ['an interaction', 'i', { total_output_tokens: 1 }, [{ id: 'i' }]],
    ['an interaction in a stream', 'i', { total_output_tokens: 1 }, [{ interaction_id: 'i' }]],
    ['a message of opencode', 'o', { input: 1, output: 1, cache: { read: 0 } }, [{ id: 'o' }]],
    ['the innermost only', null, plain, [{ type: 'message', id: 'm' }, {}]],
  ])('tells the id of the request: %s', (_name, id, usage, around) => {
    expect(first(read(usage, {}, { around })).id).toBe(id);
  });

  it.each<[string, string | null, Partial<Sighting>]>([
    ['the end of a turn of Codex', 'openai', { around: [{ type: 'turn.completed' }] }],
    ['a total of Codex', 'openai', { key: 'total_token_usage' }],
    ['another event', null, { around: [{ type: 'turn.started' }] }],
    ['nothing', null, { around: [] }],
  ])('tells the format: %s', (_name, provider, sighting) => {
    expect(read(plain, {}, sighting).provider).toBe(provider);
  });

  it('tells a snapshot of a thread of Codex, and no other, by its path', () => {
    const usage = { inputTokens: 10, outputTokens: 1 };
    expect(read(usage, {}, { path: 'params.tokenUsage.total' }).scope).toBe('cumulative');
    expect(read(usage, {}, { path: 'params.tokenUsage.total.x' }).scope).toBe('request');
  });
});

describe('a usage of the OpenAI Agents SDK', () => {
  const entry = { inputTokens: 10, outputTokens: 1 };
  const total = { requests: 2, inputTokens: 20, outputTokens: 2 };

  it.each<[string, object, number]>([
    ['all requests are listed', { ...total, requestUsageEntries: [entry, entry] }, 2],
    ['a request is missing', { ...total, requestUsageEntries: [entry] }, 1],
    ['there are more requests', { ...total, requests: 3, requestUsageEntries: [entry, entry] }, 1],
    ['input is missing', { ...total, inputTokens: 21, requestUsageEntries: [entry, entry] }, 1],
    ['output is missing', { ...total, outputTokens: 3, requestUsageEntries: [entry, entry] }, 1],
    [
      'an entry says nothing',
      { ...total, requestUsageEntries: [{ inputTokens: 20, outputTokens: 2 }, {}] },
      2,
    ],
    ['an entry is none', { ...total, requestUsageEntries: [entry, 5] }, 1],
    ['the list is none', { ...total, requestUsageEntries: {} }, 1],
  ])('is split where it can be: %s', (_name, usage, requests) => {
    expect(read(usage).list).toHaveLength(requests);
  });

  it('stands for one growing total', () => {
    expect(read(total).liveTotal).toBe(total);
    expect(read(entry).liveTotal).toBeNull();
  });
});
