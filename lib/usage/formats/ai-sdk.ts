import type { Counts } from '../counters';
import { withTotal } from '../counters';
import { modelNamedBy } from '../model-of';
import type { Fields, FormatContext, KnownFormat, UsageReading } from '../report';
import { isObject, memberOf, reported, requestReading, sumOf } from '../report';

/**
 * The Vercel AI SDK's `LanguageModelUsage`. Source: `ai` 5.0 and 6.0 (read November 2026). From version 6 on
 * `inputTokens` includes what was cached, and `inputTokenDetails` stands beside it; in version 5 that
 * was up to the provider: Anthropic's left it out.
 *
 * A whole result gives all of its steps, each priced by itself.
 */
export const aiSdk: KnownFormat = {
  keys: ['inputTokens', 'outputTokens'],
  marks: ['inputTokenDetails', 'outputTokenDetails', 'reasoningTokens', 'cachedInputTokens'],
  read(usage: Fields, context: FormatContext): UsageReading {
    const { payload, model } = context;
    const steps = memberOf(payload, 'totalUsage') === usage.source ? stepsOf(usage, payload) : [];
    if (steps.length > 1) {
      return requestReading(
        ...steps.map(({ step, fields }) => ({
          model: modelNamedBy(step) ?? model,
          counts: readCounts(fields, { ...context, payload: step }),
          costUsd: null,
        })),
      );
    }
    return requestReading({ model, counts: readCounts(usage, context), costUsd: null });
  },
};

function readCounts(usage: Fields, context: FormatContext): Counts {
  const output = usage.nested('outputTokenDetails');
  return withTotal(
    reported({
      ...readInput(usage, context),
      output_tokens: usage.count('outputTokens'),
      reasoning_tokens: output.count('reasoningTokens') ?? usage.count('reasoningTokens'),
      total_tokens: usage.count('totalTokens'),
    }),
  );
}

function readInput(usage: Fields, context: FormatContext): Counts {
  const input = usage.count('inputTokens');
  if (isObject(memberOf(usage.source, 'inputTokenDetails'))) {
    const details = usage.nested('inputTokenDetails');
    const cacheRead = details.count('cacheReadTokens') ?? usage.count('cachedInputTokens');
    const cacheWrite = details.count('cacheWriteTokens');
    return reported({
      input_tokens: input ?? sumOf(details.count('noCacheTokens'), cacheRead, cacheWrite),
      cache_read_tokens: cacheRead,
      cache_write_tokens: cacheWrite,
    });
  }
  const cacheRead = usage.count('cachedInputTokens');
  const cacheWrite = anthropicCacheWrites(usage, context.payload);
  const isLeftOut = leavesCacheOut(context) || (cacheRead ?? 0) > (input ?? 0);
  return reported({
    input_tokens: isLeftOut ? sumOf(input, cacheRead, cacheWrite) : input,
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
  });
}

/** Whether version 5 reports input without what was cached: so do Anthropic's models, wherever served. */
function leavesCacheOut({ provider, model }: FormatContext): boolean {
  return /anthropic|bedrock|^aws$/i.test(provider ?? '') || /claude/i.test(model ?? '');
}

/** Version 5 gives cache writes beside the usage, in `providerMetadata.anthropic`. */
function anthropicCacheWrites(usage: Fields, payload: object): number | undefined {
  const metadata = memberOf(payload, 'providerMetadata');
  if (!isObject(metadata)) return undefined;
  return usage.of(metadata, 'providerMetadata').nested('anthropic').count('cacheCreationInputTokens');
}

function stepsOf(usage: Fields, payload: object): { step: object; fields: Fields }[] {
  return usage
    .of(payload, '')
    .list('steps')
    .map((step) => ({ step: step.source, fields: step.nested('usage') }));
}
