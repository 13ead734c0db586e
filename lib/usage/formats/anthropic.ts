import { withTotal } from '../counters';
import type { Counts } from '../counters';
import type { Fields, FormatContext, KnownFormat, UsageReading } from '../report';
import { isObject, memberOf, reported, requestReading, sumOf, textOf } from '../report';

/**
 * Anthropic's messages. Source: `Usage` and `MessageDeltaUsage` of `@anthropic-ai/sdk` 1.12 (read
 * November 2026). `input_tokens` leaves out what was cached; the `message_delta` of a stream is
 * cumulative.
 */
export const anthropic: KnownFormat = {
  keys: ['input_tokens', 'output_tokens'],
  marks: [
    'cache_creation_input_tokens',
    'cache_read_input_tokens',
    'cache_creation',
    'server_tool_use',
    'output_tokens_details.thinking_tokens',
  ],
  claims: (payload) => streamedMessage(payload) !== null,
  read(usage: Fields, { model, payload }: FormatContext): UsageReading {
    const reading = requestReading({ model, counts: readAnthropicCounts(usage), costUsd: null });
    return { ...reading, streamed: streamedMessage(payload) };
  },
};

/** The canonical counts of Anthropic's usage object. */
export function readAnthropicCounts(usage: Fields): Counts {
  const cacheRead = usage.count('cache_read_input_tokens');
  const writes = usage.nested('cache_creation');
  const [fiveMinutes, oneHour] = [
    writes.count('ephemeral_5m_input_tokens'),
    writes.count('ephemeral_1h_input_tokens'),
  ];
  const cacheWrite = usage.count('cache_creation_input_tokens') ?? sumOf(fiveMinutes, oneHour);
  return withTotal(
    reported({
      input_tokens: sumOf(usage.count('input_tokens'), cacheRead, cacheWrite),
      output_tokens: usage.count('output_tokens'),
      cache_read_tokens: cacheRead,
      cache_write_tokens: cacheWrite,
      reasoning_tokens: usage.nested('output_tokens_details').count('thinking_tokens'),
      cache_write_1h_tokens: oneHour,
      web_searches: usage.nested('server_tool_use').count('web_search_requests'),
    }),
  );
}

/** Which message of a stream an event is about; null for what is no event of a stream. */
function streamedMessage(payload: object): UsageReading['streamed'] {
  const event = memberOf(payload, 'event');
  if (isObject(event)) return streamedMessage(event);
  const type = memberOf(payload, 'type');
  if (type === 'message_delta') return 'open';
  const message = memberOf(payload, 'message');
  if (type !== 'message_start' || !isObject(message)) return null;
  const id = textOf(message, 'id');
  return id === null ? null : { opens: id };
}
