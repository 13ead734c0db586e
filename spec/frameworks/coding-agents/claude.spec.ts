import { Run } from 'agent-run';
import type { PricedRequest } from 'agent-run/usage';
import { recorded } from '../recorded-agent';

const USAGE = { input_tokens: 10, output_tokens: 5 };
const init = { type: 'system', subtype: 'init', session_id: 's' };

/** A line of the stream. */
const line = (type: string, more: object): object => ({ type, session_id: 's', ...more });
const assistant = (id: string, content: readonly unknown[], more: object = {}): object =>
  line('assistant', { message: { id, model: 'claude-sonnet-4-5', content, usage: USAGE }, ...more });
const partial = (event: object, parent: string | null = null): object =>
  line('stream_event', { event, parent_tool_use_id: parent });
const says = (text: string): object => ({ type: 'text', text });
const result = (more: object): object => line('result', { subtype: 'success', result: 'Done', ...more });

describe('a stream of Claude', () => {
  it('is priced by the time of its lines', async () => {
    const requests: PricedRequest[] = [];
    const prices = (request: PricedRequest): number => requests.push(request);
    const timestamp = '2026-02-03T04:05:06.000Z';
    await recorded([init, assistant('m', [], { timestamp })], { prices });
    expect(requests.map(({ at, model }) => [at.toISOString(), model])).toEqual([
      [timestamp, 'claude-sonnet-4-5'],
    ]);
  });

  it('without times is priced by now', async () => {
    const requests: PricedRequest[] = [];
    const before = Date.now();
    const prices = (request: PricedRequest): number => requests.push(request);
    await recorded([init, assistant('m', [], { timestamp: 'soon' })], { prices });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.at.getTime()).toBeGreaterThanOrEqual(before);
  });

  it.each([
    ['the session', init],
    ['a message', assistant('m', [])],
    ['a question', line('user', { message: { content: 'Hi' } })],
  ])('is a running run from %s on', async (_what, first) => {
    const run = new Run({ sessionId: 's' });
    const seen: string[] = [];
    await recorded(
      (function* () {
        yield first;
        seen.push(run.status);
      })(),
      { run },
    );
    expect(seen).toEqual(['running']);
  });

  it('counts a turn for each message, and none for what no model wrote', async () => {
    const { run } = await recorded([
      init,
      assistant('m1', [says('I')]),
      assistant('m1', [says(' look')]),
      line('assistant', { message: { id: 'm2', model: '<synthetic>', content: [], usage: USAGE } }),
      line('assistant', { message: { model: 'claude-sonnet-4-5', content: [], usage: USAGE } }),
      line('assistant', { message: { id: 'm3', model: 'claude-sonnet-4-5', content: 'odd' } }),
    ]);
    expect(run.turnCount).toBe(2);
    expect(run.tokenUsage).toEqual({ requests: 1, ...USAGE, total_tokens: 15 });
    expect(run.providerMetadata).toMatchObject({ lines_passed_over: 0 });
  });

  it('keeps what a compaction says of itself, on a stream and on disk', async () => {
    const { events } = await recorded([
      init,
      line('system', {
        subtype: 'compact_boundary',
        compact_metadata: { trigger: 'auto', pre_tokens: 155_000, post_tokens: 9_000 },
      }),
      line('system', {
        subtype: 'compact_boundary',
        compactMetadata: { trigger: 'manual', preTokens: 80_000, postTokens: 7_000 },
      }),
      line('system', { subtype: 'compact_boundary' }),
      line('system', { subtype: 'status', status: 'compacting' }),
    ]);
    expect(events.notes).toEqual([
      { name: 'compaction', data: { trigger: 'auto', pre_tokens: 155_000, post_tokens: 9_000 } },
      { name: 'compaction', data: { trigger: 'manual', pre_tokens: 80_000, post_tokens: 7_000 } },
      { name: 'compaction', data: {} },
    ]);
  });

  it('notes each denial with its reason, once', async () => {
    const denial = (more: object): object => line('system', { subtype: 'permission_denied', ...more });
    const { events } = await recorded([
      init,
      denial({ tool_name: 'Write', tool_use_id: '1', message: 'Asked to' }),
      denial({ tool_name: 'Bash', tool_use_id: '2', decision_reason: 'A rule', message: 'Denied' }),
      result({
        permission_denials: [
          { tool_name: 'Write', tool_use_id: '1' },
          { tool_name: 'Edit', tool_use_id: '3' },
        ],
      }),
    ]);
    expect(events.notes.map(({ data }) => data)).toEqual([
      { tool: 'Write', tool_use_id: '1', reason: 'Asked to' },
      { tool: 'Bash', tool_use_id: '2', reason: 'A rule' },
      { tool: 'Edit', tool_use_id: '3' },
    ]);
  });

  describe('with partial messages', () => {
    const start = (id: string, parent: string | null = null): object =>
      partial(
        { type: 'message_start', message: { id, model: 'claude-sonnet-4-5', content: [], usage: USAGE } },
        parent,
      );
    const delta = (output: number, parent: string | null = null): object =>
      partial({ type: 'message_delta', delta: {}, usage: { output_tokens: output } }, parent);

    it('follows the message of each agent', async () => {
      const { run } = await recorded([
        init,
        start('m1'),
        start('m2', 'toolu_1'),
        delta(50),
        delta(7, 'toolu_1'),
        partial({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'x' } }),
        partial({ type: 'message_stop' }),
        start('m3'),
        delta(20),
      ]);
      expect(run.tokenUsage).toMatchObject({ requests: 3, input_tokens: 30, output_tokens: 77 });
      expect(run.providerMetadata).toMatchObject({ lines_passed_over: 0, events_passed_over: 0 });
    });

    it('leaves out what is of a message whose start is missing', async () => {
      const { run } = await recorded([init, delta(50), start('m1', 'toolu_1'), delta(60)]);
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 10, output_tokens: 5 });
      expect(run.providerMetadata).toMatchObject({ lines_passed_over: 0 });
    });

    it('looks for usage only where a message starts and where it grows', async () => {
      const { run } = await recorded([
        init,
        start('m1'),
        partial({ type: 'content_block_start', message: { id: 'm9' }, usage: { output_tokens: 900 } }),
        delta(20),
      ]);
      expect(run.tokenUsage).toMatchObject({ requests: 1, output_tokens: 20 });
    });
  });

  describe('ends', () => {
    it.each([
      ['aborted_streaming', { subtype: 'error_during_execution' }],
      ['aborted_tools', { subtype: 'success' }],
    ])('cancelled with %s', async (reason, more) => {
      const { run } = await recorded([init, result({ ...more, terminal_reason: reason })]);
      expect(run.error).toEqual({ code: 'cancelled', message: 'The agent was interrupted' });
    });

    it('completed with another reason, and with a text that may be missing', async () => {
      const { run } = await recorded([init, result({ terminal_reason: 'completed', result: undefined })]);
      expect(run.status).toBe('completed');
      expect(run.output).toEqual({ response: '' });
    });

    it('without a structured output that is null', async () => {
      const { run } = await recorded([init, result({ structured_output: null })]);
      expect(run.output).toEqual({ response: 'Done' });
    });

    it('failed in the words of the result, before those of the list', async () => {
      const { run } = await recorded([
        init,
        result({ subtype: 'error_during_execution', result: 'Said', errors: ['Listed'] }),
      ]);
      expect(run.error).toEqual({ code: 'error_during_execution', message: 'Said' });
    });
  });

  it('reports what it says that it used, and nothing that it does not say', async () => {
    const model = {
      inputTokens: 1,
      outputTokens: 2,
      cacheReadInputTokens: 30,
      cacheCreationInputTokens: 400,
    };
    const { run } = await recorded([
      init,
      result({ num_turns: 3, total_cost_usd: 0.5, usage: USAGE, modelUsage: { one: model, two: model } }),
    ]);
    expect(run.providerMetadata['reported']).toEqual({
      turns: 3,
      cost_usd: 0.5,
      input_tokens: 862,
      output_tokens: 4,
      cache_read_tokens: 60,
      cache_write_tokens: 800,
    });
    for (const modelUsage of [undefined, {}]) {
      const { run: other } = await recorded([init, result({ num_turns: 1, usage: USAGE, modelUsage })]);
      expect(other.providerMetadata['reported']).toEqual({ turns: 1 });
      expect(other.tokenUsage).toMatchObject({ requests: 1, input_tokens: 10 });
    }
  });

  describe('with sub-agents', () => {
    const call = (id: string, name: string, input: object = {}): object => ({
      type: 'tool_use',
      id,
      name,
      input,
    });
    const answered = (id: string, content: unknown): object =>
      line('user', { message: { content: [{ type: 'tool_result', tool_use_id: id, content }] } });

    it('names a step after the kind of agent, and only that of an agent', async () => {
      const { events } = await recorded([
        init,
        assistant('m', [
          call('1', 'Task', { subagent_type: 'explorer' }),
          call('2', 'mcp__crm__find', { subagent_type: 'person' }),
          { type: 'mcp_tool_use', id: '3', name: 'search' },
          { type: 'tool_use', name: 'without an id' },
          { type: 'tool_use', id: '4' },
          { type: 'thinking', id: '5', thinking: 'Hm' },
        ]),
        ...['1', '2', '3', '4', '5'].map((id) => answered(id, 'ok')),
      ]);
      expect(events.steps.map(({ name, kind }) => [name, kind])).toEqual([
        ['explorer', 'agent'],
        ['mcp__crm__find', 'tool'],
        ['search', 'tool'],
        ['tool', 'tool'],
      ]);
    });

    it('ends the step of one in the background as that ends, of another with its answer', async () => {
      const task = (subtype: string, id: string, more: object = {}): object =>
        line('system', { subtype, tool_use_id: id, ...more });
      const { events } = await recorded(
        [
          init,
          assistant('m', [call('1', 'Task'), call('2', 'Task'), call('3', 'Task')]),
          task('task_started', '1', { is_backgrounded: true }),
          task('task_started', '2', { is_backgrounded: false }),
          task('task_started', '3', { is_backgrounded: true }),
          answered('1', 'Launched'),
          task('task_notification', '2', { status: 'failed', summary: 'Not in the background' }),
          answered('2', 'Found'),
          task('task_notification', '1', { status: 'failed', summary: 'No access' }),
          task('task_notification', '3', { status: 'completed', summary: 'Seen' }),
          task('task_notification', '3', { status: 'failed' }),
        ],
        { outputs: true },
      );
      expect(events.steps.map(({ index, status, output, error }) => [index, status, output, error])).toEqual([
        [2, 'completed', { value: 'Found' }, undefined],
        [1, 'failed', undefined, { message: 'No access' }],
        [3, 'completed', { value: 'Seen' }, undefined],
      ]);
    });
  });
});

describe('a transcript of Claude', () => {
  const onDisk = (type: string, message: object, more: object = {}): object => ({
    type,
    message,
    sessionId: 's',
    isSidechain: false,
    ...more,
  });
  const answer = (id: string, text: string, reason: string | null, more: object = {}): object =>
    onDisk(
      'assistant',
      { id, model: 'claude-sonnet-4-5', content: [says(text)], usage: USAGE, stop_reason: reason },
      more,
    );
  const asks = onDisk('user', { content: 'How many?' });

  it.each(['end_turn', 'stop_sequence', 'max_tokens', 'refusal'])(
    'is complete where its last message ended with %s',
    async (reason) => {
      const { run } = await recorded([asks, answer('m', 'Two.', reason)]);
      expect(run.output).toEqual({ response: 'Two.' });
    },
  );

  it.each([
    ['stopped for a tool', [answer('m', 'I look.', 'tool_use')]],
    ['is being written', [answer('m', 'Tw', null)]],
    ['was followed by another question', [answer('m', 'Two.', 'end_turn'), asks]],
  ])('is truncated where its last message %s', async (_how, lines) => {
    const { run } = await recorded([asks, ...lines]);
    expect(run.error).toMatchObject({ code: 'stream_truncated' });
  });

  it('has the text of the last message, of all its lines', async () => {
    const { run } = await recorded([
      asks,
      answer('m1', 'First.', 'end_turn'),
      asks,
      answer('m2', 'One ', null),
      onDisk('assistant', {
        id: 'm2',
        model: 'claude-sonnet-4-5',
        content: [{ type: 'thinking', text: 'Hm' }],
      }),
      answer('m2', 'file.', 'end_turn'),
    ]);
    expect(run.output).toEqual({ response: 'One file.' });
    expect(run.turnCount).toBe(2);
  });

  it('ends as its main agent does, whatever a sub-agent writes beside it', async () => {
    const beside = { isSidechain: true };
    const { run } = await recorded([
      asks,
      answer('m1', 'Started.', 'end_turn'),
      onDisk('user', { content: 'Look' }, beside),
      answer('m2', 'Seen.', 'end_turn', beside),
      onDisk('user', { content: [says('[Request interrupted by user]')] }, beside),
    ]);
    expect(run.status).toBe('completed');
    expect(run.output).toEqual({ response: 'Started.' });
    expect(run.turnCount).toBe(2);
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 20 });
  });

  it('is not complete because a sub-agent is', async () => {
    const { run } = await recorded([asks, answer('m', 'Seen.', 'end_turn', { isSidechain: true })]);
    expect(run.error).toMatchObject({ code: 'stream_truncated' });
  });

  it.each([
    '<command-name>/exit</command-name>\n            <command-message>exit</command-message>',
    '<local-command-stdout>Goodbye!</local-command-stdout>',
    '<local-command-caveat>Caveat: The messages below were generated by the user</local-command-caveat>',
    'Caveat: The messages below were generated by the user while running local commands.',
  ])('is complete also where the user has then typed what no model hears: %s', async (content) => {
    const { run } = await recorded([
      asks,
      answer('m', 'Two.', 'end_turn'),
      onDisk('user', { content }),
      onDisk('user', { content: [says(content)] }),
    ]);
    expect(run.output).toEqual({ response: 'Two.' });
  });

  it('is not complete where the user quotes such a command', async () => {
    const content = 'What does <command-name>/exit</command-name> do?';
    const { run } = await recorded([asks, answer('m', 'Two.', 'end_turn'), onDisk('user', { content })]);
    expect(run.error).toMatchObject({ code: 'stream_truncated' });
  });

  it.each(['[Request interrupted by user]', '[Request interrupted by user for tool use]'])(
    'is cancelled where it ends with %s',
    async (text) => {
      for (const content of [text, [says(text)]]) {
        const { run } = await recorded([
          asks,
          answer('m', 'I look.', 'tool_use'),
          onDisk('user', { content }),
        ]);
        expect(run.error).toEqual({ code: 'cancelled', message: 'Interrupted by the user' });
      }
    },
  );
});
