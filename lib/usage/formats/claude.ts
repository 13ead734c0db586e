import type { PayloadFormat } from '../format';

/**
 * One model of a Claude result's `modelUsage`. Source: `ModelUsage` of `@anthropic-ai/claude-agent-sdk`
 * 0.3.332 (read November 2026). The input leaves out what was cached.
 */
export const claudeModel: PayloadFormat = {
  counts: {
    input_tokens: ['inputTokens'],
    output_tokens: ['outputTokens'],
    cache_read_tokens: ['cacheReadInputTokens'],
    cache_write_tokens: ['cacheCreationInputTokens'],
    web_searches: ['webSearchRequests'],
  },
  cache: 'outside',
  marks: ['cacheCreationInputTokens', 'costUSD', 'webSearchRequests'],
};
