import type { PayloadFormat } from '../format';

/**
 * Cohere's chat and embed. Source: `Usage` of `cohere-ai` 8.1 (read November 2026). `billedUnits` is what is
 * billed, and stands in only where no tokens are given.
 */
export const cohere: PayloadFormat = {
  counts: {
    input_tokens: [
      'tokens.inputTokens',
      'tokens.input_tokens',
      '? billedUnits.inputTokens + billed_units.input_tokens',
    ],
    output_tokens: [
      'tokens.outputTokens',
      'tokens.output_tokens',
      '? billedUnits.outputTokens + billed_units.output_tokens',
    ],
    cache_read_tokens: ['cachedTokens', 'cached_tokens'],
  },
  parts: ['billedUnits', 'billed_units'],
  marks: [
    'tokens.inputTokens',
    'tokens.outputTokens',
    'tokens.input_tokens',
    'tokens.output_tokens',
    'billedUnits',
    'billed_units',
  ],
  provider: 'cohere',
};
