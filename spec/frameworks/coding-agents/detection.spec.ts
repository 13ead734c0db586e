import { recorded } from '../recorded-agent';

const message = { id: 'm', model: 'claude-sonnet-4-5', content: [] };

describe('recordAgentStream', () => {
  it.each([
    ['claude', 's', { type: 'system', subtype: 'init', session_id: 's' }],
    ['claude', 's', { type: 'system', subtype: 'compact_boundary', sessionId: 's' }],
    ['claude', 's', { type: 'result', subtype: 'success', session_id: 's' }],
    ['claude', 's', { type: 'assistant', message, session_id: 's' }],
    ['claude', 's', { type: 'user', message: { content: 'Hi' }, sessionId: 's' }],
    ['claude', 's', { type: 'stream_event', event: { type: 'message_stop' }, session_id: 's' }],
    ['claude', 'unknown', { type: 'system', subtype: 'init' }],
    ['codex', 't', { type: 'thread.started', thread_id: 't' }],
    ['codex', 'unknown', { type: 'turn.started' }],
    ['codex', 'unknown', { type: 'item.completed', item: { id: '1', type: 'reasoning' } }],
    ['codex', 't', { type: 'session_meta', payload: { id: 't' } }],
    ['codex', 'unknown', { type: 'turn_context', payload: { model: 'gpt-5-codex' } }],
    ['codex', 'unknown', { type: 'event_msg', payload: { type: 'task_started' } }],
    ['gemini', 's', { type: 'init', session_id: 's', model: 'auto-gemini-3' }],
    ['gemini', 's', { sessionId: 's', projectHash: 'p', kind: 'main' }],
    ['gemini', 's', { sessionId: 's', messages: [] }],
  ])('takes for the stream of %s, session %s, what begins with %j', async (agent, sessionId, event) => {
    const { run } = await recorded([event]);
    expect(run.providerMetadata['agent']).toBe(agent);
    expect(run.sessionId).toBe(sessionId);
  });

  it.each([
    // Of Gemini, but without the line that says whose it is.
    { type: 'result', status: 'success', stats: {} },
    { type: 'message', role: 'assistant', content: 'Hi', message: {} },
    { type: 'user', id: '1', content: 'Hi' },
    { type: 'gemini', id: '2', content: 'Hello' },
    // Logs of the program that wraps an agent.
    { type: 'system', message: 'listening' },
    { type: 'log', subtype: 'init', event: {}, message: {} },
    { type: 'assistant', text: 'Hi' },
    { type: 'user', message: 'has logged in' },
    { type: 'stream_event', event: 'message_stop' },
    { type: 'session_meta' },
    { type: 'log', payload: { id: 't' } },
    { type: 'a thread.started' },
    { payload: {} },
    { type: 'init' },
    { messages: [] },
    { sessionId: 's' },
    { projectHash: 'p' },
    {},
  ])('takes for the stream of no agent what has only %j', async (event) => {
    const { run } = await recorded([event]);
    expect(run.error).toEqual({
      code: 'stream_unknown',
      message: 'The stream has no event of an agent that is known',
    });
    expect(run.sessionId).toBe('unknown');
    expect(run.providerMetadata).toMatchObject({ agent: null, reported: null, events_passed_over: 1 });
  });

  it('reads what came before the agent was known, which is not passed over then', async () => {
    const { run } = await recorded([
      { level: 'info' },
      { type: 'gemini', id: '1', content: 'Hi', tokens: { input: 10, output: 5 }, model: 'gemini-2.5-flash' },
      { sessionId: 's', projectHash: 'p' },
    ]);
    expect(run.turnCount).toBe(1);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 10, output_tokens: 5 });
    expect(run.output).toEqual({ response: 'Hi' });
    expect(run.providerMetadata).toMatchObject({ agent: 'gemini', events_passed_over: 1 });
  });

  it('keeps the first hundred events for that', async () => {
    const early = Array.from({ length: 101 }, (_, index) => ({ type: 'gemini', id: `${index}` }));
    const { run } = await recorded([...early, { sessionId: 's', projectHash: 'p' }]);
    expect(run.turnCount).toBe(100);
    expect(run.providerMetadata).toMatchObject({ events_passed_over: 1 });
  });
});
