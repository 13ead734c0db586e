import type { PayloadFormat } from '../format';

/**
 * Amazon Bedrock's Converse and ConverseStream, and the metrics of InvokeModel. Source: `TokenUsage` of
 * `@aws-sdk/client-bedrock-runtime` 3.1164 and the response schemas of Amazon's models (read November
 * 2026). The input leaves out what was cached.
 */
export const bedrock: PayloadFormat = {
  counts: {
    input_tokens: ['inputTokens', 'inputTokenCount'],
    output_tokens: ['outputTokens', 'outputTokenCount'],
    total_tokens: ['totalTokens'],
    cache_read_tokens: ['cacheReadInputTokens', 'cacheReadInputTokenCount'],
    cache_write_tokens: ['cacheWriteInputTokens', 'cacheWriteInputTokenCount'],
    cache_write_1h_tokens: ['cacheDetails[ttl=1h].inputTokens'],
  },
  parts: ['cacheDetails'],
  cache: 'outside',
  provider: 'aws',
};

/** Llama's own response, through InvokeModel. Source: AWS's model parameters (read November 2026). */
export const bedrockLlama: PayloadFormat = {
  counts: {
    input_tokens: ['prompt_token_count'],
    output_tokens: ['generation_token_count'],
  },
  marks: ['generation_token_count'],
  provider: 'aws',
};
