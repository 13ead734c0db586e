import { recorded } from '../recorded-agent';

const USAGE = { input_tokens: 100, cached_input_tokens: 40, output_tokens: 10 };
const completed = { type: 'turn.completed', usage: USAGE };
const item = (type: string, id: string, more: object): object => ({
  type: `item.${type}`,
  item: { id, ...more },
});
const command = (type: string, id: string, more: object = {}): object =>
  item(type, id, { type: 'command_execution', command: 'ls', ...more });

describe('a stream of Codex', () => {
  const started = { type: 'thread.started', thread_id: 't' };

  it('knows its own events, and passes over others', async () => {
    const { run } = await recorded([
      started,
      { type: 'turn.started' },
      item('completed', '1', { type: 'reasoning', text: 'Hm' }),
      { type: 'error', message: 'Reconnecting' },
      { type: 'of_tomorrow' },
      completed,
      { type: 'turn.failed' },
    ]);
    expect(run.providerMetadata).toMatchObject({ events_passed_over: 1, lines_passed_over: 0 });
  });

  it('keeps a step for each command, also where another turn gives its id again', async () => {
    const { events } = await recorded(
      [
        started,
        command('started', 'item_0'),
        command('updated', 'item_0'),
        command('completed', 'item_0', { status: 'completed', aggregated_output: 'a.txt' }),
        completed,
        { type: 'turn.started' },
        command('started', 'item_0'),
        command('completed', 'item_0', { status: 'completed', aggregated_output: 'b.txt' }),
        item('completed', 'item_1', { type: 'mcp_tool_call', status: 'completed', result: { content: [] } }),
        completed,
      ],
      { outputs: true },
    );
    expect(events.steps.map(({ name, output }) => [name, output])).toEqual([
      ['command_execution', { value: 'a.txt' }],
      ['command_execution', { value: 'b.txt' }],
      ['mcp_tool_call', { content: [] }],
    ]);
  });

  it('keeps nothing of an item that is not over but that it has begun', async () => {
    const { run, events } = await recorded([
      started,
      item('updated', '1', { type: 'agent_message', text: 'Not yet' }),
      item('started', '2', { type: 'context_compaction' }),
      command('updated', '3', { status: 'declined' }),
    ]);
    expect(run.turnCount).toBe(0);
    expect(events.notes).toEqual([]);
    expect(events.steps).toEqual([expect.objectContaining({ status: 'cancelled' })]);
  });

  it('reports what the last turn says that it used, and counts it for the thread', async () => {
    const usage = { ...USAGE, cache_write_input_tokens: 7 };
    const { run } = await recorded([started, { type: 'turn.completed', usage }]);
    expect(run.providerMetadata['reported']).toEqual({
      input_tokens: 100,
      output_tokens: 10,
      cache_read_tokens: 40,
      cache_write_tokens: 7,
    });
  });

  it('that goes on with a thread counts what it has more than that', async () => {
    const usage = { ...USAGE, input_tokens: 300 };
    const { run } = await recorded([started, { type: 'turn.completed', usage }], {
      codexScope: 'cumulative',
      seed: completed,
    });
    expect(run.tokenUsage).toMatchObject({ input_tokens: 200, output_tokens: 0 });
  });

  it('counts a turn whose thread it has not been told', async () => {
    const { run } = await recorded([{ type: 'turn.started' }, completed]);
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 100 });
    expect(run.providerMetadata).toMatchObject({ lines_passed_over: 0 });
  });

  it('without usage has no totals', async () => {
    const { run } = await recorded([started, { type: 'turn.completed' }]);
    expect(run.status).toBe('completed');
    expect(run.tokenUsage).toEqual({});
    expect(run.providerMetadata).toMatchObject({ reported: null, lines_passed_over: 0 });
  });

  it.each([
    [[{ type: 'error', message: 'No quota' }], 'No quota'],
    [[{ type: 'error', message: 'No quota' }, { type: 'error' }], 'No quota'],
    [[], 'The turn failed'],
  ])('fails in the words of the errors before: %j', async (errors, message) => {
    const { run } = await recorded([started, ...errors, { type: 'turn.failed' }]);
    expect(run.error).toEqual({ code: 'turn_failed', message });
  });

  it('has not ended where another turn has begun', async () => {
    const { run } = await recorded([started, completed, { type: 'turn.started' }]);
    expect(run.error).toMatchObject({ code: 'stream_truncated' });
  });
});

describe('a rollout of Codex', () => {
  const line = (type: string, payload: object, more: object = {}): object => ({ type, payload, ...more });
  const said = (type: string, more: object = {}): object => line('event_msg', { type, ...more });
  const META = line('session_meta', { id: 't' });
  const total = (input: number, more: object = {}): object =>
    said('token_count', { info: { total_token_usage: { ...USAGE, input_tokens: input } }, ...more });

  it('knows its own lines, and passes over others', async () => {
    const { run } = await recorded([
      META,
      line('turn_context', { model: 'gpt-5-codex' }),
      line('compacted', { message: '' }),
      line('response_item', { type: 'message', role: 'user', content: [] }),
      line('response_item', { type: 'reasoning', summary: [] }),
      line('response_item', { type: 'web_search_call' }),
      line('response_item', { type: 'of_tomorrow' }),
      ...['task_started', 'user_message', 'agent_reasoning', 'agent_message', 'context_compacted'].map(
        (type) => said(type),
      ),
      said('token_count', { info: null }),
      said('of_tomorrow'),
      line('of_tomorrow', {}),
      said('turn_aborted'),
      said('error'),
      said('task_complete'),
    ]);
    expect(run.providerMetadata).toMatchObject({
      events_passed_over: 3,
      lines_passed_over: 0,
      reported: null,
    });
    expect(run.turnCount).toBe(0);
    expect(run.tokenUsage).toEqual({});
  });

  it('counts its last total, for the model and the time of its lines', async () => {
    const asked: unknown[] = [];
    const { run } = await recorded(
      [
        META,
        total(100),
        line('turn_context', { model: 'gpt-5-codex' }),
        line('turn_context', {}),
        total(100),
        { ...total(150), timestamp: '2026-02-03T04:05:06.000Z' },
      ],
      {
        prices: ({ model, at }) => {
          asked.push([model, at.toISOString().slice(0, 4)]);
          return 0;
        },
      },
    );
    expect(run.tokenUsage).toMatchObject({ input_tokens: 150, output_tokens: 10, cache_read_tokens: 40 });
    expect(asked.at(-1)).toEqual(['gpt-5-codex', '2026']);
    expect(run.providerMetadata['reported']).toEqual({
      input_tokens: 150,
      output_tokens: 10,
      cache_read_tokens: 40,
    });
  });

  it('ends each call under its id, and fails one by its exit code or its word', async () => {
    const call = (id: string): object =>
      line('response_item', { type: 'function_call', name: id, arguments: '{}', call_id: id });
    const end = (id: string, output: unknown): object =>
      line('response_item', {
        type: 'function_call_output',
        call_id: id,
        output: typeof output === 'string' ? output : JSON.stringify(output),
      });
    const { events } = await recorded([
      META,
      ...['one', 'two', 'three', 'four', 'five'].map(call),
      end('two', { output: '', metadata: { exit_code: 2 } }),
      end('one', { output: '', metadata: { exit_code: 0 } }),
      end('three', 'plain'),
      end('four', 'null'),
      end('five', { success: false, content: 'Refused' }),
    ]);
    expect(events.steps.map(({ name, error }) => [name, error])).toEqual([
      ['two', { message: 'Exit code 2' }],
      ['one', undefined],
      ['three', undefined],
      ['four', undefined],
      ['five', { message: 'Refused' }],
    ]);
  });
});
