import type { PayloadFormat } from '../format';

/**
 * `promptTokens` and `completionTokens`: Mistral's SDK, version 4 of the AI SDK, LangChain's
 * `llmOutput.tokenUsage`. Source: `UsageInfo` of `@mistralai/mistralai` 2.7, which hands on the details
 * as they came (read November 2026).
 */
export const mistral: PayloadFormat = {
  counts: {
    input_tokens: ['promptTokens'],
    output_tokens: ['completionTokens'],
    total_tokens: ['totalTokens'],
    cache_read_tokens: [
      'prompt_tokens_details.cached_tokens',
      'promptTokensDetails.cachedTokens',
      'prompt_token_details.cached_tokens',
      'num_cached_tokens',
      'numCachedTokens',
      'cachedTokens',
    ],
    reasoning_tokens: [
      'completion_tokens_details.reasoning_tokens',
      'completionTokensDetails.reasoningTokens',
      'reasoningTokens',
    ],
    input_audio_tokens: ['prompt_tokens_details.audio_tokens', 'promptTokensDetails.audioTokens'],
    output_audio_tokens: ['completion_tokens_details.audio_tokens', 'completionTokensDetails.audioTokens'],
  },
};
