import type { PayloadFormat } from '../format';
import { isObject, memberOf } from '../member';

/**
 * The OpenAI Agents SDK's `Usage`. Source: `@openai/agents-core` 0.20 (read November 2026). `inputTokens`
 * includes what was cached. The details are a list in a `Usage`, an object in the event of a stream. The
 * object of a run grows with it: the same object again adds its growth.
 */
export const openaiAgents: PayloadFormat = {
  counts: {
    input_tokens: ['inputTokens'],
    output_tokens: ['outputTokens'],
    total_tokens: ['totalTokens'],
    cache_read_tokens: ['inputTokensDetails.cached_tokens'],
    cache_write_tokens: ['inputTokensDetails.cache_write_tokens'],
    reasoning_tokens: ['outputTokensDetails.reasoning_tokens'],
    input_audio_tokens: ['inputTokensDetails.audio_tokens'],
    output_audio_tokens: ['outputTokensDetails.audio_tokens'],
    requests: ['requests'],
  },
  marks: ['requests', 'inputTokensDetails', 'outputTokensDetails', 'requestUsageEntries'],
  parts: ['requestUsageEntries', 'inputTokensDetails.cached_tokens_details'],
  isLive: (usage) => typeof memberOf(usage, 'requests') === 'number',
  listed: (usage) => {
    const entries = memberOf(usage, 'requestUsageEntries');
    const listed = Array.isArray(entries) ? (entries as unknown[]).filter(isObject) : [];
    return accountForAll(listed, usage) ? listed : [];
  },
};

/** The same in the words of the SDK for Python, whose sessions and traces others read. */
export const openaiAgentsSnake: PayloadFormat = {
  counts: {
    input_tokens: ['input_tokens'],
    output_tokens: ['output_tokens'],
    total_tokens: ['total_tokens'],
    cache_read_tokens: ['input_tokens_details.cached_tokens'],
    cache_write_tokens: ['input_tokens_details.cache_write_tokens'],
    reasoning_tokens: ['output_tokens_details.reasoning_tokens'],
    requests: ['requests'],
  },
  marks: ['requests'],
  parts: ['request_usage_entries'],
};

/** Whether the entries are all requests of the total: only then can each be priced by itself. */
function accountForAll(entries: readonly object[], usage: object): boolean {
  const sum = (name: string): number =>
    entries.reduce((total, entry) => total + Number(memberOf(entry, name) ?? 0), 0);
  return (
    entries.length === memberOf(usage, 'requests') &&
    sum('inputTokens') === memberOf(usage, 'inputTokens') &&
    sum('outputTokens') === memberOf(usage, 'outputTokens')
  );
}
