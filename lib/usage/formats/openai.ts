import { withTotal } from '../counters';
import type { Fields, FormatContext, KnownFormat, UsageReading } from '../report';
import { reported, requestReading } from '../report';

/**
 * OpenAI's chat completions, and what speaks their protocol. Source: `CompletionUsage` of `openai`
 * 6.49 (read November 2026). `prompt_tokens` includes what was cached.
 */
export const openaiChat: KnownFormat = {
  keys: ['prompt_tokens', 'completion_tokens'],
  marks: ['prompt_tokens_details', 'completion_tokens_details'],
  read(usage: Fields, { model }: FormatContext): UsageReading {
    const input = usage.nested('prompt_tokens_details');
    const output = usage.nested('completion_tokens_details');
    const counts = reported({
      input_tokens: usage.count('prompt_tokens'),
      output_tokens: usage.count('completion_tokens'),
      cache_read_tokens: input.count('cached_tokens'),
      cache_write_tokens: input.count('cache_write_tokens'),
      reasoning_tokens: output.count('reasoning_tokens'),
      total_tokens: usage.count('total_tokens'),
      input_audio_tokens: input.count('audio_tokens'),
      output_audio_tokens: output.count('audio_tokens'),
    });
    return requestReading({ model, counts: withTotal(counts), costUsd: null });
  },
};

/**
 * OpenAI's responses. Source: `ResponseUsage` of `openai` 6.49 (read November 2026). `input_tokens` includes
 * what was cached.
 */
export const openaiResponses: KnownFormat = {
  keys: ['input_tokens', 'output_tokens'],
  marks: ['input_tokens_details', 'output_tokens_details.reasoning_tokens'],
  read(usage: Fields, { model }: FormatContext): UsageReading {
    const input = usage.nested('input_tokens_details');
    const counts = reported({
      input_tokens: usage.count('input_tokens'),
      output_tokens: usage.count('output_tokens'),
      cache_read_tokens: input.count('cached_tokens'),
      cache_write_tokens: input.count('cache_write_tokens'),
      reasoning_tokens: usage.nested('output_tokens_details').count('reasoning_tokens'),
      total_tokens: usage.count('total_tokens'),
    });
    return requestReading({ model, counts: withTotal(counts), costUsd: null });
  },
};
