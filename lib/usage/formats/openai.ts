import { textOf } from '../member';
import type { PayloadFormat } from '../format';
import type { Sighting } from '../sighting';

/**
 * OpenAI's chat completions and embeddings, and what speaks their protocol: DeepSeek, Moonshot, Groq,
 * xAI, OpenRouter, LiteLLM. Source: `CompletionUsage` of `openai` 7.57 and these services' references
 * (read November 2026). `prompt_tokens` includes what was cached.
 */
export const openaiChat: PayloadFormat = {
  counts: {
    input_tokens: ['prompt_tokens'],
    output_tokens: ['completion_tokens'],
    total_tokens: ['total_tokens'],
    cache_read_tokens: [
      'prompt_tokens_details.cached_tokens',
      'prompt_cache_hit_tokens',
      'cached_tokens',
      'cache_read_input_tokens',
    ],
    cache_write_tokens: [
      'prompt_tokens_details.cache_write_tokens',
      'prompt_tokens_details.cache_creation_tokens',
      'prompt_tokens_details.cached_creation_tokens',
      'prompt_tokens_details.cache_creation_input_tokens',
      'cache_creation_input_tokens',
      '? cache_creation.ephemeral_5m_input_tokens + cache_creation.ephemeral_1h_input_tokens',
    ],
    cache_write_1h_tokens: [
      'cache_creation.ephemeral_1h_input_tokens',
      'prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
      'prompt_tokens_details.cache_creation.ephemeral_1h_input_tokens',
    ],
    reasoning_tokens: ['completion_tokens_details.reasoning_tokens', 'reasoning_tokens'],
    input_audio_tokens: ['prompt_tokens_details.audio_tokens'],
    input_image_tokens: ['prompt_tokens_details.image_tokens'],
    output_audio_tokens: ['completion_tokens_details.audio_tokens'],
    output_image_tokens: ['completion_tokens_details.image_tokens'],
    cache_audio_read_tokens: ['prompt_tokens_details.cached_tokens_details.audio_tokens'],
    cache_image_read_tokens: ['prompt_tokens_details.cached_tokens_details.image_tokens'],
    web_searches: ['server_tool_use.web_search_requests'],
  },
  parts: [
    'prompt_cache_miss_tokens',
    'prompt_tokens_details.video_tokens',
    'citation_tokens',
    'prompt_tokens_details.cache_creation_token_details',
    'prompt_tokens_details.cache_creation',
    'cache_creation',
  ],
  isOf: (sighting) => isObjectOf(sighting, /^(?:chat\.completion|text_completion)/),
};

/**
 * OpenAI's responses, realtime responses, transcriptions and images. Source: `ResponseUsage`,
 * `RealtimeResponseUsage`, `Transcription` and `ImagesResponse` of `openai` 7.57 (read November 2026).
 * `input_tokens` includes what was cached.
 */
export const openaiResponses: PayloadFormat = {
  counts: {
    input_tokens: ['input_tokens'],
    output_tokens: ['output_tokens'],
    total_tokens: ['total_tokens'],
    cache_read_tokens: ['input_tokens_details.cached_tokens', 'input_token_details.cached_tokens'],
    cache_write_tokens: ['input_tokens_details.cache_write_tokens'],
    reasoning_tokens: ['output_tokens_details.reasoning_tokens', 'output_token_details.reasoning_tokens'],
    input_audio_tokens: ['input_tokens_details.audio_tokens', 'input_token_details.audio_tokens'],
    input_image_tokens: ['input_tokens_details.image_tokens', 'input_token_details.image_tokens'],
    output_audio_tokens: ['output_tokens_details.audio_tokens', 'output_token_details.audio_tokens'],
    output_image_tokens: ['output_tokens_details.image_tokens', 'output_token_details.image_tokens'],
    cache_audio_read_tokens: [
      'input_token_details.cached_tokens_details.audio_tokens',
      'input_tokens_details.cached_tokens_details.audio_tokens',
    ],
    cache_image_read_tokens: [
      'input_token_details.cached_tokens_details.image_tokens',
      'input_tokens_details.cached_tokens_details.image_tokens',
    ],
  },
  parts: ['input_token_details.cached_tokens_details', 'input_tokens_details.cached_tokens_details'],
  isOf: (sighting) => isObjectOf(sighting, /^(?:realtime\.)?response$/),
};

function isObjectOf({ around }: Sighting, name: RegExp): boolean {
  const response = around.at(-1);
  return response !== undefined && name.test(textOf(response, 'object') ?? '');
}
