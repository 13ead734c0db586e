import type { PayloadFormat } from '../format';
import { isObject, memberOf, textOf } from '../member';
import type { Sighting } from '../sighting';

/** The events of a stream that carry usage. */
const EVENTS = new Set(['message_start', 'message_delta']);

/**
 * Anthropic's messages. Source: `Usage`, `MessageDeltaUsage` and `BetaUsage` of `@anthropic-ai/sdk` 1.14
 * (read November 2026). `input_tokens` leaves out what was cached; the `message_delta` of a stream is
 * cumulative. Where a message was compacted, `iterations` lists what was used, and the top is the last
 * one only.
 */
export const anthropic: PayloadFormat = {
  counts: {
    input_tokens: ['input_tokens'],
    output_tokens: ['output_tokens'],
    total_tokens: ['total_tokens'],
    cache_read_tokens: ['cache_read_input_tokens'],
    cache_write_tokens: [
      'cache_creation_input_tokens',
      '? cache_creation.ephemeral_5m_input_tokens + cache_creation.ephemeral_1h_input_tokens',
    ],
    cache_write_1h_tokens: ['cache_creation.ephemeral_1h_input_tokens'],
    reasoning_tokens: ['output_tokens_details.thinking_tokens'],
    web_searches: ['server_tool_use.web_search_requests'],
  },
  parts: ['iterations', 'cache_creation'],
  cache: 'outside',
  isOf: isMessage,
  idOf: (sighting) => messageOf(sighting)?.id ?? null,
  listsOneRequest: true,
  listed: ({ iterations }: { iterations?: unknown }) => {
    const listed = Array.isArray(iterations) ? (iterations as unknown[]).filter(isObject) : [];
    // The last one is the message itself, and its counts stand at the top too.
    return listed.length > 1 ? [...listed].reverse() : [];
  },
};

/** The message that the usage is of; null where it is none of Anthropic's. */
function messageOf({ around }: Sighting): { readonly id: string | null } | null {
  const message = around.at(-1);
  if (message === undefined) return null;
  const isOne = textOf(message, 'type') === 'message' || textOf(message, 'role') === 'assistant';
  return isOne || textOf(around.at(-2) ?? {}, 'type') === 'message_start'
    ? { id: textOf(message, 'id') }
    : null;
}

function isMessage(sighting: Sighting): boolean {
  const parent = sighting.around.at(-1);
  if (parent !== undefined && EVENTS.has(String(memberOf(parent, 'type')))) return true;
  return messageOf(sighting) !== null;
}
