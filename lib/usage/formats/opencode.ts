import type { PayloadFormat } from '../format';
import { textOf } from '../member';
import type { Sighting } from '../sighting';

/**
 * opencode's assistant messages and finished steps. Source: `AssistantMessage` and `StepFinishPart` of
 * `@opencode-ai/sdk` (read November 2026). The input leaves out the cache, the output the reasoning.
 */
export const opencode: PayloadFormat = {
  counts: {
    input_tokens: ['input'],
    output_tokens: ['output'],
    total_tokens: ['total'],
    cache_read_tokens: ['cache.read'],
    cache_write_tokens: ['cache.write'],
    reasoning_tokens: ['reasoning'],
  },
  marks: ['cache.read', 'cache.write'],
  cache: 'outside',
  reasoning: 'outside',
  isOf: ({ key }) => key === 'tokens',
  idOf: messageId,
};

/** A message comes again with each of its changes, and so does a step. */
function messageId({ around }: Sighting): string | null {
  return textOf(around.at(-1) ?? {}, 'id');
}
