import { withTotal } from '../counters';
import type { Fields, FormatContext, KnownFormat, UsageReading } from '../report';
import { memberOf, reported, requestReading } from '../report';

/**
 * The usage of Codex's `turn.completed`. Source: `codex exec --json`, as seen up to November 2026.
 * `input_tokens` includes what was cached. Some versions report one turn and some the whole thread,
 * so it is cumulative only when the caller says so.
 */
export const codex: KnownFormat = {
  keys: ['input_tokens', 'output_tokens'],
  marks: ['cached_input_tokens', 'cache_write_input_tokens', 'reasoning_output_tokens'],
  claims: (payload) => memberOf(payload, 'type') === 'turn.completed',
  read(usage: Fields, { model }: FormatContext): UsageReading {
    const counts = reported({
      input_tokens: usage.count('input_tokens'),
      output_tokens: usage.count('output_tokens'),
      cache_read_tokens: usage.count('cached_input_tokens'),
      cache_write_tokens: usage.count('cache_write_input_tokens'),
      reasoning_tokens: usage.count('reasoning_output_tokens'),
      total_tokens: usage.count('total_tokens'),
    });
    return requestReading({ model, counts: withTotal(counts), costUsd: null });
  },
};
