import { isKnownEvent, isUnfinished, isWholeResponse } from '../../lib/usage/nothing';

describe('isKnownEvent()', () => {
  it.each([
    ...['ping', 'error', 'keepalive', 'message', 'message_start', 'message-stop', 'message_delta'],
    ...['message_end', 'content_block_start', 'tool-call', 'citation_start', 'text', 'text-delta'],
    ...['reasoning-end', 'source', 'file', 'start', 'finish', 'finish-step', 'abort', 'raw'],
    ...['response.created', 'session_x', 'conversation.item', 'transcript.text.delta', 'rate_limits.updated'],
    ...['mcp_list_tools.completed', 'input_audio_buffer.cleared', 'output_audio_buffer.started'],
    ...['thread.started', 'turn/completed', 'item.completed', 'message.updated', 'permission.asked'],
    ...['server.connected', 'file.edited', 'todo.updated', 'storage.write', 'system', 'user', 'assistant'],
    ...['stream_event', 'result', 'summary', 'init', 'progress', 'attachment', 'control_request'],
    ...['auth_status', 'rate_limit_event', 'queue-operation', 'file-history-snapshot', 'session_meta'],
    ...['turn_context', 'event_msg', 'compacted', 'interaction.start', 'step.delta', 'run_item_stream_event'],
    ...['output_text_delta', 'model', 'stream-start', 'step-start', 'object', 'object-result'],
  ])('knows the event %s', (type) => {
    for (const name of ['type', 'event', 'event_type']) expect(isKnownEvent({ [name]: type })).toBe(true);
  });

  it.each([
    ...['pings', 'a ping', 'messages', 'message_x', 'message_starts', 'my_message_start', 'contents'],
    ...['content_', 'my_tool', 'a.response.done', 'response', 'my_session_x', 'threads', 'a.turn.x'],
    ...['permission', 'my.server.x', 'systems', 'a_system', 'control_', 'my_control_x', 'compacted_more'],
    ...['the_rate_limit_event', 'interaction', 'my.step.x', 'step', 'a_step_x', '_stream_event'],
    ...['x_stream_event_more', 'objects', 'my_object', 'audio_buffer.x', 'put_audio_buffer.x', ''],
  ])('does not know the event %s', (type) => {
    for (const name of ['type', 'event', 'event_type']) expect(isKnownEvent({ [name]: type })).toBe(false);
  });

  it.each<[string, object]>([
    ['a session', { type: 'brand_new', session_id: 's' }],
    ['a session of another spelling', { type: 'brand_new', sessionId: 's' }],
    ['a chunk of a chat', { object: 'chat.completion.chunk' }],
    ['a chunk of a text', { object: 'text_completion.chunk' }],
    ['an object of realtime', { object: 'realtime.item' }],
    ['a thread', { object: 'thread.run' }],
    ['a part of a response', { object: 'response.input_tokens' }],
    ['a message of a protocol', { method: 'thread/started', params: {} }],
    ['a line of a batch', { custom_id: 'a' }],
    ['a piece that is not the last', { done: false }],
    ['messages', { messages: [] }],
    ['an event inside', { data: { type: 'ping' } }],
    ['an event twice inside', { data: { data: { type: 'ping' } } }],
  ])('knows what has %s', (_name, payload) => {
    expect(isKnownEvent(payload)).toBe(true);
  });

  it.each([
    ...['messageStart', 'messageStop', 'contentBlockStart', 'contentBlockDelta', 'contentBlockStop'],
    ...['candidates', 'promptFeedback', 'serverContent', 'setupComplete', 'toolCallCancellation', 'goAway'],
    ...['sessionResumptionUpdate'],
  ])('knows what has the member %s', (name) => {
    expect(isKnownEvent({ [name]: {} })).toBe(true);
  });

  it.each<[string, object]>([
    ['nothing', {}],
    ['a session, but no type', { session_id: 's' }],
    ['a type that nobody knows', { type: 'brand_new' }],
    ['an object that contains the name of one', { object: 'my.realtime.item' }],
    ['a method alone', { method: 'thread/started' }],
    ['parameters alone', { params: {} }],
    ['a method whose parameters are none', { method: 'x', params: 5 }],
    ['a last piece', { done: true }],
    ['messages that are no list', { messages: {} }],
    ['data that is no event', { data: {} }],
    ['data that is no object', { data: 'ping' }],
    ['a whole response', { object: 'chat.completion' }],
  ])('does not know what has %s', (_name, payload) => {
    expect(isKnownEvent(payload)).toBe(false);
  });
});

describe('isWholeResponse()', () => {
  it.each<[string, object]>([
    ['a chat completion', { object: 'chat.completion' }],
    ['a text completion', { object: 'text_completion' }],
    ['a response', { object: 'response' }],
    ['an interaction', { object: 'interaction', status: 'completed' }],
    ['a response that was cut short', { object: 'response', status: 'incomplete' }],
    ['the event that ends a response', { type: 'response.completed' }],
    ['a message of a model', { type: 'message', model: 'claude-opus-4-5' }],
  ])('is true of %s', (_name, payload) => {
    expect(isWholeResponse(payload)).toBe(true);
  });

  it.each<[string, object]>([
    ['nothing', {}],
    ['a chunk', { object: 'chat.completion.chunk' }],
    ['a response that failed', { object: 'response', status: 'failed' }],
    ['a response under way', { object: 'response', status: 'in_progress' }],
    ['a message of no model', { type: 'message' }],
    ['a model alone', { model: 'claude-opus-4-5' }],
    ['a message that failed', { type: 'message', model: 'claude-opus-4-5', status: 'failed' }],
    ['an event of a response', { type: 'response.created' }],
  ])('is false of %s', (_name, payload) => {
    expect(isWholeResponse(payload)).toBe(false);
  });
});

describe('isUnfinished()', () => {
  it.each<[object, boolean]>([
    [{ generation: 'a', stop_reason: null }, true],
    [{ generation: '', stop_reason: null }, true],
    [{ generation: 'a', stop_reason: 'stop' }, false],
    [{ generation: 'a' }, false],
    [{ stop_reason: null }, false],
    [{ generation: 5, stop_reason: null }, false],
  ])('of %j is %p', (payload, expected) => {
    expect(isUnfinished(payload)).toBe(expected);
  });
});
