import { withTotal } from '../counters';
import type { Fields, FormatContext, KnownFormat, UsageReading } from '../report';
import { memberOf, reported, requestReading, sumOf } from '../report';

/**
 * Amazon Bedrock's Converse. Source: `TokenUsage` of the Bedrock Runtime API reference (read November 2026).
 * `inputTokens` leaves out what was cached.
 */
export const bedrock: KnownFormat = {
  keys: ['inputTokens', 'outputTokens'],
  marks: ['cacheReadInputTokens', 'cacheWriteInputTokens', 'cacheDetails'],
  provider: 'aws',
  read(usage: Fields, { model }: FormatContext): UsageReading {
    const cacheRead = usage.count('cacheReadInputTokens');
    const cacheWrite = usage.count('cacheWriteInputTokens');
    const longLived = usage.list('cacheDetails').filter(({ source }) => memberOf(source, 'ttl') === '1h');
    const oneHour = sumOf(...longLived.map((details) => details.count('inputTokens')));
    const counts = reported({
      input_tokens: sumOf(usage.count('inputTokens'), cacheRead, cacheWrite),
      output_tokens: usage.count('outputTokens'),
      cache_read_tokens: cacheRead,
      cache_write_tokens: cacheWrite,
      total_tokens: usage.count('totalTokens'),
      cache_write_1h_tokens: oneHour,
    });
    return requestReading({ model, counts: withTotal(counts), costUsd: null });
  },
};
