import { isAnyCounted, withTotal } from '../counters';
import type { Fields, FormatContext, KnownFormat, UsagePart, UsageReading } from '../report';
import { isObject, memberOf, reported, sumOf } from '../report';
import { readAnthropicCounts } from './anthropic';

/**
 * The `result` message of the Claude Agent SDK and of `claude -p`. Source: `SDKResultMessage` and
 * `ModelUsage` of `@anthropic-ai/claude-agent-sdk`, as seen up to November 2026. `modelUsage` and
 * `total_cost_usd` are cumulative per query and include sub-agents and helper models; `usage` is the
 * main loop only, and stands in where an older version has no `modelUsage`.
 */
export const claudeResult: KnownFormat = {
  keys: ['modelUsage', 'total_cost_usd'],
  marks: ['modelUsage', 'total_cost_usd'],
  read(result: Fields, { model }: FormatContext): UsageReading {
    const parts = modelParts(result.nested('modelUsage'));
    const costUsd = result.dollars('total_cost_usd') ?? ownCost(parts);
    return {
      parts: parts.length > 0 ? parts : mainLoop(result, model, costUsd),
      scope: 'cumulative',
      byModel: parts.length > 0,
      costUsd,
      streamed: null,
      liveTotal: null,
    };
  },
};

function modelParts(modelUsage: Fields): UsagePart[] {
  return Object.keys(modelUsage.source).map((model) => {
    const usage = modelUsage.own(model);
    const cacheRead = usage.count('cacheReadInputTokens');
    const cacheWrite = usage.count('cacheCreationInputTokens');
    const counts = reported({
      input_tokens: sumOf(usage.count('inputTokens'), cacheRead, cacheWrite),
      output_tokens: usage.count('outputTokens'),
      cache_read_tokens: cacheRead,
      cache_write_tokens: cacheWrite,
      web_searches: usage.count('webSearchRequests'),
    });
    return { model, counts: withTotal(counts), costUsd: usage.dollars('costUSD') };
  });
}

/** A result that was cut short reports nothing but zeros: it says nothing. */
function mainLoop(result: Fields, model: string | null, costUsd: number | null): UsagePart[] {
  const usage = memberOf(result.source, 'usage');
  const counts = isObject(usage) ? readAnthropicCounts(result.nested('usage')) : {};
  return isAnyCounted(counts) || (costUsd ?? 0) > 0 ? [{ model, counts, costUsd }] : [];
}

function ownCost(parts: readonly UsagePart[]): number | null {
  if (parts.length === 0 || parts.some(({ costUsd }) => costUsd === null)) return null;
  return parts.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
}
