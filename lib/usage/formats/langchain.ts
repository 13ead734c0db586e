import type { PayloadFormat } from '../format';

/**
 * LangChain's and LangGraph's `usage_metadata` of a message. Source: `UsageMetadata` of `@langchain/core`
 * 1.4 (read November 2026). `input_tokens` includes what was cached, whatever the provider.
 */
export const langchain: PayloadFormat = {
  counts: {
    input_tokens: ['input_tokens'],
    output_tokens: ['output_tokens'],
    total_tokens: ['total_tokens'],
    cache_read_tokens: ['input_token_details.cache_read'],
    cache_write_tokens: [
      'input_token_details.cache_creation',
      '? input_token_details.ephemeral_5m_input_tokens + input_token_details.ephemeral_1h_input_tokens',
    ],
    cache_write_1h_tokens: ['input_token_details.ephemeral_1h_input_tokens'],
    reasoning_tokens: ['output_token_details.reasoning'],
    input_audio_tokens: ['input_token_details.audio'],
    input_image_tokens: ['input_token_details.image'],
    output_audio_tokens: ['output_token_details.audio'],
    output_image_tokens: ['output_token_details.image'],
  },
  marks: ['input_token_details', 'output_token_details'],
  isOf: ({ key }) => key === 'usage_metadata',
};
