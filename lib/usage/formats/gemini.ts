import { withTotal } from '../counters';
import type { Fields, FormatContext, KnownFormat, UsageReading } from '../report';
import { reported, requestReading, sumOf } from '../report';

/**
 * Gemini's `usageMetadata`. Source: `GenerateContentResponseUsageMetadata` of `@google/genai` 2.32
 * (read November 2026): the total is prompt + candidates + tool use + thoughts, and the prompt includes what
 * was cached.
 */
export const gemini: KnownFormat = {
  keys: ['promptTokenCount', 'candidatesTokenCount', 'totalTokenCount'],
  marks: ['thoughtsTokenCount', 'cachedContentTokenCount', 'toolUsePromptTokenCount'],
  read(usage: Fields, { model }: FormatContext): UsageReading {
    const thoughts = usage.count('thoughtsTokenCount');
    const counts = reported({
      input_tokens: sumOf(usage.count('promptTokenCount'), usage.count('toolUsePromptTokenCount')),
      output_tokens: sumOf(usage.count('candidatesTokenCount'), thoughts),
      cache_read_tokens: usage.count('cachedContentTokenCount'),
      reasoning_tokens: thoughts,
      total_tokens: usage.count('totalTokenCount'),
    });
    return requestReading({ model, counts: withTotal(counts), costUsd: null });
  },
};
