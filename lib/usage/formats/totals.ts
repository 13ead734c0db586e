import type { PayloadFormat } from '../format';

/**
 * Totals in this package's own words: the `tokenUsage` of a run, an entry of `usage_by_model`, and those
 * of others who count `requests` beside `input_tokens` and `output_tokens`.
 */
export const totals: PayloadFormat = {
  counts: {
    input_tokens: ['input_tokens'],
    output_tokens: ['output_tokens'],
    total_tokens: ['total_tokens'],
    cache_read_tokens: ['cache_read_tokens'],
    cache_write_tokens: ['cache_write_tokens'],
    reasoning_tokens: ['reasoning_tokens'],
    requests: ['requests'],
  },
  marks: [
    'requests',
    'cache_read_tokens',
    'cache_write_tokens',
    'reasoning_tokens',
    'unpriced_requests',
    'cost_usd',
  ],
  parts: ['unpriced_requests', 'cost_usd'],
};
