import type { PayloadFormat } from '../format';

/**
 * Cursor's and Copilot's words: with the one the cached tokens are in the input, with the other not.
 * Read where the numbers say which (seen November 2026), refused elsewhere.
 */
export const cursor: PayloadFormat = {
  counts: {
    input_tokens: ['inputTokens'],
    output_tokens: ['outputTokens'],
    total_tokens: ['totalTokens'],
    cache_read_tokens: ['cacheReadTokens'],
    cache_write_tokens: ['cacheWriteTokens'],
    reasoning_tokens: ['reasoningTokens'],
  },
  marks: ['cacheReadTokens', 'cacheWriteTokens'],
  cache: 'unknown',
  advice:
    'is of Cursor, Copilot or another with `cacheReadTokens` beside `inputTokens`, of which some count the cached tokens in the input and some do not: give a function for `format`, or `totalInputTokens` in the payload',
};

/** pi's messages. Source: `Usage` of `@mariozechner/pi-ai` (seen November 2026). */
export const pi: PayloadFormat = {
  counts: {
    input_tokens: ['input'],
    output_tokens: ['output'],
    total_tokens: ['totalTokens'],
    cache_read_tokens: ['cacheRead'],
    cache_write_tokens: ['cacheWrite'],
  },
  marks: ['cacheRead', 'cacheWrite', 'totalTokens'],
  cache: 'outside',
};

/** Kimi's command line. Source: `TokenUsage` of kosong (seen November 2026). */
export const kimi: PayloadFormat = {
  counts: {
    input_tokens: ['input_other + input_cache_read + input_cache_creation'],
    output_tokens: ['output'],
    cache_read_tokens: ['input_cache_read'],
    cache_write_tokens: ['input_cache_creation'],
  },
  marks: ['input_other', 'input_cache_read', 'input_cache_creation'],
};

/** Cline's requests: `tokensIn` leaves out the cache (seen November 2026). */
export const cline: PayloadFormat = {
  counts: {
    input_tokens: ['tokensIn'],
    output_tokens: ['tokensOut'],
    cache_read_tokens: ['cacheReads'],
    cache_write_tokens: ['cacheWrites'],
  },
  marks: ['tokensIn', 'tokensOut'],
  cache: 'outside',
};
