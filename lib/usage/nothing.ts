import { memberOf, objectAt, textOf } from './member';

/** Events of streams, by their `type`: OpenAI's, Anthropic's, Cohere's, the AI SDK's, Codex's, Claude's, opencode's, Gemini's. */
const EVENT_TYPES = [
  /^(?:ping|error|keepalive|message|message[_-](?:start|delta|stop|end))$/,
  /^(?:content|tool|citation|text|reasoning|source|file|start|finish|abort|raw)(?:[_-].+)?$/,
  /^(?:response|session|conversation|transcript|rate_limits|mcp_list_tools|(?:in|out)put_audio_buffer)[._]/,
  /^(?:thread|turn|item)[./]/,
  /^(?:message|permission|server|file|todo|storage)\./,
  /^(?:system|user|assistant|stream_event|result|summary|init|progress|attachment|control_.+|auth_status)$/,
  /^(?:rate_limit_event|queue-operation|file-history-snapshot|session_meta|turn_context|event_msg|compacted)$/,
  /^(?:interaction|step)\./,
  /^(?:.+_stream_event|output_text_delta|model|stream-start|step[_-].+|object|object-result)$/,
];

/** Objects of OpenAI's protocols that are part of something, or say nothing of usage. */
const EVENT_OBJECTS = /^(?:chat\.completion\.chunk|text_completion\.chunk|realtime\.|thread|response\.)/;

/**
 * Members that tell events without a type: Converse's, Gemini's, its Live API's, those of Codex's app
 * server.
 */
const EVENT_MEMBERS = [
  'messageStart',
  'messageStop',
  'contentBlockStart',
  'contentBlockDelta',
  'contentBlockStop',
  'candidates',
  'promptFeedback',
  'serverContent',
  'setupComplete',
  'toolCallCancellation',
  'goAway',
  'sessionResumptionUpdate',
];

/** Whole responses, by their `object`: a call was made. */
const WHOLE_OBJECTS = new Set(['chat.completion', 'text_completion', 'response', 'interaction']);

/** Whether the payload is an event that is known, and has no usage. */
export function isKnownEvent(payload: object): boolean {
  const type = textOf(payload, 'type', 'event', 'event_type');
  if (type !== null && EVENT_TYPES.some((known) => known.test(type))) return true;
  if (type !== null && textOf(payload, 'session_id', 'sessionId') !== null) return true;
  if (EVENT_OBJECTS.test(textOf(payload, 'object') ?? '')) return true;
  if (textOf(payload, 'method') !== null && objectAt(payload, 'params') !== undefined) return true;
  if (textOf(payload, 'custom_id') !== null || memberOf(payload, 'done') === false) return true;
  if (EVENT_MEMBERS.some((name) => memberOf(payload, name) !== undefined)) return true;
  if (Array.isArray(memberOf(payload, 'messages'))) return true;
  const data = objectAt(payload, 'data');
  return data !== undefined && isKnownEvent(data);
}

/** Whether the payload is a whole response, though without usage: a call that was made, and has ended well. */
export function isWholeResponse(payload: object): boolean {
  if (textOf(payload, 'type') === 'response.completed') return true;
  const isMessage = textOf(payload, 'type') === 'message' && textOf(payload, 'model') !== null;
  if (!isMessage && !WHOLE_OBJECTS.has(textOf(payload, 'object') ?? '')) return false;
  const status = textOf(payload, 'status');
  return status === null || status === 'completed' || status === 'incomplete';
}

/** Whether the payload is a piece of a stream whose counts still grow: Llama's, through InvokeModel. */
export function isUnfinished(payload: object): boolean {
  return typeof memberOf(payload, 'generation') === 'string' && memberOf(payload, 'stop_reason') === null;
}
