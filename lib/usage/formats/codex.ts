import type { PayloadFormat } from '../format';
import { textOf } from '../member';
import type { Sighting } from '../sighting';

/**
 * The usage of Codex: `turn.completed` of `codex exec --json`, and `token_count` of a rollout file.
 * Source: `codex-sdk` 0.163 and rollouts (read November 2026). `input_tokens` includes what was cached. Some
 * versions of `turn.completed` report one turn and some the whole thread, so it is cumulative only when
 * the caller says so; `total_token_usage` of a rollout always is.
 */
export const codex: PayloadFormat = {
  counts: {
    input_tokens: ['input_tokens'],
    output_tokens: ['output_tokens'],
    total_tokens: ['total_tokens'],
    cache_read_tokens: ['cached_input_tokens'],
    cache_write_tokens: ['cache_write_input_tokens'],
    reasoning_tokens: ['reasoning_output_tokens'],
  },
  marks: ['cached_input_tokens', 'cache_write_input_tokens', 'reasoning_output_tokens'],
  provider: 'openai',
  isSnapshot: ({ key }) => key === 'total_token_usage',
  isOf: ({ key, around }) =>
    key === 'total_token_usage' || textOf(around[0] ?? {}, 'type') === 'turn.completed',
};

/** The same of Codex's app server: `thread/tokenUsage/updated`. */
export const codexAppServer: PayloadFormat = {
  counts: {
    input_tokens: ['inputTokens'],
    output_tokens: ['outputTokens'],
    total_tokens: ['totalTokens'],
    cache_read_tokens: ['cachedInputTokens'],
    cache_write_tokens: ['cacheWriteInputTokens'],
    reasoning_tokens: ['reasoningOutputTokens'],
  },
  marks: ['reasoningOutputTokens'],
  provider: 'openai',
  isSnapshot: isThread,
  isOf: isThread,
};

function isThread({ path }: Sighting): boolean {
  return path.endsWith('tokenUsage.total');
}
