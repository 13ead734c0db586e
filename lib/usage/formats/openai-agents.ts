import type { Counts } from '../counters';
import { addCounts, withTotal } from '../counters';
import type { Fields, FormatContext, KnownFormat, UsageReading } from '../report';
import { reported, requestReading, sumOf } from '../report';

/**
 * The OpenAI Agents SDK's `Usage`. Source: `@openai/agents-core` 0.14 (read November 2026). `inputTokens`
 * includes what was cached. The object of a run grows with it: the same object again adds its growth.
 */
export const openaiAgents: KnownFormat = {
  keys: ['inputTokens', 'outputTokens'],
  marks: ['requests', 'inputTokensDetails', 'outputTokensDetails', 'requestUsageEntries'],
  read(usage: Fields, { model }: FormatContext): UsageReading {
    const whole = readCounts(usage, usage.list('inputTokensDetails'), usage.list('outputTokensDetails'));
    const counts = { ...whole, ...reported({ requests: usage.count('requests') }) };
    const entries = usage
      .list('requestUsageEntries')
      .map((entry) =>
        readCounts(entry, [entry.nested('inputTokensDetails')], [entry.nested('outputTokensDetails')]),
      );
    const parts = accountForAll(entries, counts)
      ? entries.map((entry) => ({ ...entry, requests: 1 }))
      : [counts];
    const reading = requestReading(...parts.map((part) => ({ model, counts: part, costUsd: null })));
    return { ...reading, liveTotal: usage.source };
  },
};

function readCounts(usage: Fields, input: readonly Fields[], output: readonly Fields[]): Counts {
  return withTotal(
    reported({
      input_tokens: usage.count('inputTokens'),
      output_tokens: usage.count('outputTokens'),
      cache_read_tokens: sumOf(...input.map((details) => details.count('cached_tokens'))),
      cache_write_tokens: sumOf(...input.map((details) => details.count('cache_write_tokens'))),
      reasoning_tokens: sumOf(...output.map((details) => details.count('reasoning_tokens'))),
      total_tokens: usage.count('totalTokens'),
    }),
  );
}

/** Whether the entries are all requests of the total: only then can each be priced by itself. */
function accountForAll(entries: readonly Counts[], whole: Counts): boolean {
  const sum = entries.reduce<Counts>(addCounts, {});
  return (
    entries.length === whole.requests &&
    sum.input_tokens === whole.input_tokens &&
    sum.output_tokens === whole.output_tokens
  );
}
