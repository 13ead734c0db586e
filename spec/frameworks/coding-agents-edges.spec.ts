/** What streams seldom say, and what they leave out. */
import { recordAgentStream } from 'agent-run/coding-agents';
import { recorded } from './recorded-agent';

const rollout = (type: string, payload: object): object => ({ type, payload });
const META = rollout('session_meta', { id: 'thread-1' });

describe('a rollout of Codex', () => {
  it.each([
    [{ type: 'turn_aborted', reason: 'interrupted' }, 'cancelled', 'interrupted'],
    [{ type: 'turn_aborted' }, 'cancelled', 'The turn was aborted'],
    [{ type: 'error', message: 'No quota' }, 'failed', 'No quota'],
    [{ type: 'error' }, 'failed', 'The turn failed'],
  ])('that ends with %j leaves a run %s', async (message, status, text) => {
    const { run } = await recorded([META, rollout('event_msg', message)]);
    expect(run.status).toBe(status);
    expect(run.error).toMatchObject({ message: text });
  });

  it('keeps tools of every kind as steps', async () => {
    const { events, run } = await recorded([
      META,
      rollout('response_item', {
        type: 'custom_tool_call',
        name: 'apply_patch',
        input: 'a patch',
        call_id: '1',
      }),
      rollout('response_item', {
        type: 'custom_tool_call_output',
        output: '{"success":false,"content":"No file"}',
        call_id: '1',
      }),
      rollout('response_item', { type: 'local_shell_call', action: { command: ['ls'] }, call_id: '2' }),
      rollout('response_item', { type: 'local_shell_call_output', output: 'a.txt', call_id: '2' }),
      rollout('response_item', { type: 'function_call', name: 'plan', arguments: 'not json', call_id: '3' }),
      rollout('response_item', { type: 'function_call_output', output: '{"success":false}', call_id: '3' }),
      rollout('response_item', { type: 'web_search_call' }),
      rollout('response_item', { type: 'of_tomorrow' }),
      rollout('event_msg', { type: 'of_tomorrow' }),
      rollout('event_msg', { type: 'agent_message', message: 'Done' }),
      rollout('event_msg', { type: 'context_compacted' }),
      rollout('event_msg', { type: 'task_complete' }),
      { type: 'of_tomorrow', payload: {} },
    ]);
    expect(events.steps.map(({ name, status, input, error }) => [name, status, input, error])).toEqual([
      ['apply_patch', 'failed', { value: 'a patch' }, { message: 'No file' }],
      ['local_shell', 'completed', { command: ['ls'] }, undefined],
      ['plan', 'failed', { value: 'not json' }, { message: '{"success":false}' }],
    ]);
    expect(run.output).toEqual({ response: 'Done' });
    expect(run.providerMetadata).toMatchObject({ events_passed_over: 3 });
  });
});

describe('a stream of Codex', () => {
  it('says what failed as well as it is told', async () => {
    const item = (id: string, more: object): object => ({
      type: 'item.completed',
      item: { id, type: 'command_execution', command: 'x', status: 'failed', ...more },
    });
    const { events, run } = await recorded([
      { type: 'turn.started' },
      item('1', { exit_code: 2 }),
      item('2', {}),
      {
        type: 'item.completed',
        item: { id: '3', type: 'mcp_tool_call', status: 'failed', error: { message: 'Gone' } },
      },
      { type: 'item.completed', item: { id: '4', type: 'context_compaction' } },
      { type: 'item.completed', item: { id: '5', type: 'todo_list', items: [] } },
      { type: 'item.completed' },
      { type: 'turn.of_tomorrow' },
      { type: 'turn.failed' },
    ]);
    expect(events.steps.map(({ name, error }) => [name, error])).toEqual([
      ['command_execution', { message: 'Exit code 2' }],
      ['command_execution', { message: 'Failed' }],
      ['mcp_tool_call', { message: 'Gone' }],
    ]);
    expect(events.notes).toEqual([{ name: 'compaction', data: {} }]);
    expect(run.sessionId).toBe('unknown');
    expect(run.error).toEqual({ code: 'turn_failed', message: 'The turn failed' });
    expect(run.providerMetadata).toMatchObject({ events_passed_over: 1 });
  });
});

describe('a stream of Claude', () => {
  const init = { type: 'system', subtype: 'init', session_id: 's' };
  const result = (more: object): object => ({ type: 'result', subtype: 'success', session_id: 's', ...more });
  const assistant = (content: unknown, more: object = {}): object => ({
    type: 'assistant',
    message: { id: 'm', model: 'claude-sonnet-4-5', content },
    session_id: 's',
    ...more,
  });

  it.each([
    [
      { is_error: true, result: 'Overloaded' },
      { code: 'agent_error', message: 'Overloaded' },
    ],
    [{ is_error: true }, { code: 'agent_error', message: 'The agent ended with agent_error' }],
    [
      { subtype: 'error_max_budget_usd', errors: ['Over', 7, 'budget'] },
      { code: 'error_max_budget_usd', message: 'Over\nbudget' },
    ],
  ])('that ends with %j has failed', async (more, error) => {
    const { run } = await recorded([init, result({ ...more, usage: { input_tokens: 1, output_tokens: 1 } })]);
    expect(run.error).toEqual(error);
  });

  it('keeps a structured output beside the text', async () => {
    const { run } = await recorded([init, result({ result: 'ok', structured_output: { n: 1 } })]);
    expect(run.output).toEqual({ response: 'ok', structured_output: { n: 1 } });
  });

  it('fails steps in the words of the tool, and what goes on in the background as it ends', async () => {
    const call = (id: string, name = 'Read'): object => ({ type: 'tool_use', id, name });
    const failed = (id: string, content: unknown): object => ({
      type: 'user',
      message: { content: [{ type: 'tool_result', tool_use_id: id, is_error: true, content }] },
      session_id: 's',
    });
    const task = (subtype: string, more: object): object => ({
      type: 'system',
      subtype,
      session_id: 's',
      ...more,
    });
    const { events } = await recorded([
      init,
      assistant([
        call('1'),
        call('2'),
        call('3', 'Task'),
        { type: 'server_tool_use', id: '4', name: 'web_search' },
      ]),
      assistant([{ type: 'web_search_tool_result', tool_use_id: '4', content: [] }, null, 'odd']),
      failed('1', [{ type: 'text', text: 'One' }, { type: 'image' }]),
      failed('2', undefined),
      task('task_started', { tool_use_id: '3', is_backgrounded: true }),
      task('task_started', {}),
      task('task_notification', { tool_use_id: '3', status: 'failed' }),
      task('task_notification', { tool_use_id: '9', status: 'failed' }),
      task('status', {}),
      assistant([{ type: 'text', text: 'x' }], { message: { model: '<synthetic>', id: 'x' } }),
      { type: 'stream_event', event: { type: 'message_delta' }, session_id: 's' },
      { type: 'rate_limit_event', session_id: 's' },
    ]);
    expect(events.steps.map(({ name, status, error }) => [name, status, error])).toEqual([
      ['web_search', 'completed', undefined],
      ['Read', 'failed', { message: 'One\n' }],
      ['Read', 'failed', { message: 'The tool failed' }],
      ['Task', 'failed', { message: 'The agent failed' }],
    ]);
  });

  it('is cancelled where its transcript ends with an interruption', async () => {
    const line = (type: string, message: object): object => ({ type, message, sessionId: 's', uuid: '1' });
    const { run } = await recorded([
      line('user', { content: 'Go' }),
      line('user', { content: [{ type: 'text', text: '[Request interrupted by user]' }] }),
    ]);
    expect(run.error).toEqual({ code: 'cancelled', message: 'Interrupted by the user' });
  });
});

describe('a stream of Gemini', () => {
  const init = { type: 'init', session_id: 's' };

  it('fails with what it is told, and without totals is a lower bound', async () => {
    const { events, run } = await recorded([
      init,
      { type: 'message', role: 'user' },
      { type: 'tool_use' },
      { type: 'tool_result', status: 'error' },
      { type: 'of_tomorrow' },
      { type: 'result', status: 'error' },
    ]);
    expect(events.steps).toEqual([
      expect.objectContaining({ name: 'tool', status: 'failed', error: { message: 'The tool failed' } }),
    ]);
    expect(run.error).toEqual({ code: 'agent_error', message: 'The agent ended with an error' });
    expect(run.providerMetadata).toMatchObject({ usage_is_lower_bound: true, events_passed_over: 1 });
  });

  it('takes totals that stand by no model', async () => {
    const stats = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
    const { run } = await recorded([init, { type: 'result', status: 'success', stats }]);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 10, output_tokens: 5 });
  });

  it('reads a chat message by message', async () => {
    const { events, run } = await recorded([
      { sessionId: 's', projectHash: 'p' },
      { type: 'user', id: '1', content: 'Hi' },
      { type: 'gemini', id: '2', content: '', toolCalls: [{ id: 'c', status: 'cancelled' }] },
      { type: 'gemini', id: '2', content: '', toolCalls: [{ id: 'c', status: 'cancelled' }] },
      { $set: { lastUpdated: 'now' } },
      { type: 'gemini', id: '3', content: 'Hello', tokens: { input: 10, output: 5 } },
    ]);
    expect(run.turnCount).toBe(2);
    expect(run.output).toEqual({ response: 'Hello' });
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 10, output_tokens: 5 });
    expect(events.steps).toEqual([
      expect.objectContaining({ name: 'tool', error: { message: 'The tool ended with cancelled' } }),
    ]);
  });
});

describe('a source', () => {
  it('of lines may give what is no JSON between them', async () => {
    const { run } = await recorded(['starting', ' up', '{"type":"init","session_id":"s"}', '[]', 7, '']);
    expect(run.providerMetadata).toMatchObject({ agent: 'gemini', lines_passed_over: 3 });
  });

  it('that throws no Error fails the run all the same', async () => {
    function* broken(): Generator {
      yield { type: 'init', session_id: 's' };
      throw 'gone' as unknown as Error;
    }
    const run = await recordAgentStream(broken());
    expect(run.error).toMatchObject({ code: 'stream_failed', message: 'gone' });
  });
});
