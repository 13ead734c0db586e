import type { PayloadFormat } from '../format';
import { objectAt, objectUnder } from '../member';
import type { FormatContext } from '../sighting';
import type { Whereabouts } from '../wholes';

/**
 * The Vercel AI SDK's `LanguageModelUsage`, and the `usage` of `embed`. Source: `ai` 5.0, 6.0 and 7.0
 * (read November 2026). From version 6 on `inputTokens` includes what was cached, and
 * `inputTokenDetails` stands beside it; in version 5 that was up to the provider: Anthropic's left it out.
 */
export const aiSdk: PayloadFormat = {
  counts: {
    input_tokens: [
      'inputTokens',
      'tokens',
      '? inputTokenDetails.noCacheTokens + inputTokenDetails.cacheReadTokens + inputTokenDetails.cacheWriteTokens',
    ],
    output_tokens: ['outputTokens', '? outputTokenDetails.textTokens + outputTokenDetails.reasoningTokens'],
    total_tokens: ['totalTokens'],
    cache_read_tokens: ['inputTokenDetails.cacheReadTokens', 'cachedInputTokens'],
    cache_write_tokens: [
      'inputTokenDetails.cacheWriteTokens',
      '? ^providerMetadata.anthropic.cacheCreationInputTokens',
      '? ^providerMetadata.anthropic.usage.cache_creation_input_tokens',
      '? ^providerMetadata.bedrock.usage.cacheWriteInputTokens',
    ],
    cache_write_1h_tokens: [
      'raw.cache_creation.ephemeral_1h_input_tokens',
      '? ^providerMetadata.anthropic.usage.cache_creation.ephemeral_1h_input_tokens',
    ],
    reasoning_tokens: ['outputTokenDetails.reasoningTokens', 'reasoningTokens'],
  },
  parts: ['raw'],
  cache: whereCacheIs,
};

/**
 * The usage of a language model as a middleware of the AI SDK sees it. Source: `LanguageModelV3Usage` and
 * `LanguageModelV4Usage` of `@ai-sdk/provider` 3 and 4 (read November 2026). Everything is included.
 */
export const aiSdkModel: PayloadFormat = {
  counts: {
    input_tokens: [
      'inputTokens.total',
      '? inputTokens.noCache + inputTokens.cacheRead + inputTokens.cacheWrite',
    ],
    output_tokens: ['outputTokens.total', '? outputTokens.text + outputTokens.reasoning'],
    cache_read_tokens: ['inputTokens.cacheRead'],
    cache_write_tokens: ['inputTokens.cacheWrite'],
    cache_write_1h_tokens: [
      'raw.cache_creation.ephemeral_1h_input_tokens',
      '? ^providerMetadata.anthropic.usage.cache_creation.ephemeral_1h_input_tokens',
    ],
    reasoning_tokens: ['outputTokens.reasoning'],
  },
  parts: ['raw'],
};

/** Version 5 leaves the cache out of the input of Anthropic's models and of Bedrock's. */
function whereCacheIs({ sighting: { usage, around }, provider, model }: FormatContext): Whereabouts {
  if (objectAt(usage, 'inputTokenDetails') !== undefined) return 'inside';
  const isAnthropic =
    /anthropic|bedrock|^aws$/i.test(provider ?? '') ||
    /claude/i.test(model ?? '') ||
    objectUnder(around.at(-1) ?? {}, 'providerMetadata', 'anthropic') !== undefined ||
    objectUnder(around.at(-1) ?? {}, 'providerMetadata', 'bedrock') !== undefined;
  return isAnthropic ? 'outside' : 'inside';
}
