import type { PricedRequest } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';
import { recorded } from '../recorded-agent';

const init = { type: 'init', session_id: 's', model: 'auto-gemini-3' };
const says = (content: string): object => ({ type: 'message', role: 'assistant', content, delta: true });
const success = { type: 'result', status: 'success' };

describe('a stream of Gemini', () => {
  it('counts the pieces of an answer as one turn, and has the last answer', async () => {
    const { run } = await recorded([
      init,
      { type: 'message', role: 'user', content: 'Hi' },
      says('I '),
      says('look.'),
      { type: 'tool_use', tool_name: 'list', tool_id: '1', parameters: {} },
      { type: 'tool_result', tool_id: '1', status: 'success', output: 'a.txt' },
      says('Two '),
      { type: 'message', role: 'assistant', delta: true },
      says('files.'),
      success,
    ]);
    expect(run.turnCount).toBe(2);
    expect(run.output).toEqual({ response: 'Two files.' });
    expect(run.providerMetadata).toMatchObject({ agent: 'gemini', events_passed_over: 0 });
  });

  it.each([
    [{ status: 'success', output: 'a.txt' }, undefined],
    [{ status: 'success', error: { message: 'Only a warning' } }, undefined],
    [{ status: 'error', output: 'said', error: { type: 'x', message: 'No such folder' } }, 'No such folder'],
    [{ status: 'error', output: 'exit 1' }, 'exit 1'],
    [{ status: 'error' }, 'The tool failed'],
  ])('keeps a tool that ended with %j', async (end, message) => {
    const { events } = await recorded(
      [
        init,
        { type: 'tool_use', tool_name: 'list', tool_id: '1', parameters: { path: '.' } },
        { type: 'tool_use', tool_name: 'read', tool_id: '2', parameters: { path: 'a' } },
        { type: 'tool_result', tool_id: '2', status: 'success' },
        { type: 'tool_result', tool_id: '1', ...end },
      ],
      { outputs: true },
    );
    expect(events.steps.map(({ name, input, error }) => [name, input, error])).toEqual([
      ['read', { path: 'a' }, undefined],
      ['list', { path: '.' }, message === undefined ? undefined : { message }],
    ]);
    const output = message === undefined && 'output' in end ? { value: end.output } : undefined;
    expect(events.steps[1]?.output).toEqual(output);
  });

  it('fails in the words of its result', async () => {
    const error = { type: 'FatalTurnLimitedError', message: 'Too many turns' };
    const { run } = await recorded([init, { type: 'result', status: 'error', error }]);
    expect(run.error).toEqual({ code: 'FatalTurnLimitedError', message: 'Too many turns' });
  });

  it('reports what it says that it used, with what was cached', async () => {
    const stats = { total_tokens: 15, input_tokens: 10, output_tokens: 5, cached: 4 };
    for (const models of [undefined, {}, { odd: 7 }]) {
      const { run } = await recorded([init, { ...success, stats: { ...stats, models } }], {
        model: 'gemini-2.5-flash',
      });
      expect(run.providerMetadata).toMatchObject({
        usage_is_lower_bound: false,
        reported: { input_tokens: 10, output_tokens: 5, cache_read_tokens: 4, total_tokens: 15 },
      });
      expect(run.tokenUsage).toEqual({
        requests: 1,
        input_tokens: 10,
        output_tokens: 5,
        cache_read_tokens: 4,
        total_tokens: 15,
      });
      expect(Object.keys(new UsageMeter(run).byModel())).toEqual(['gemini-2.5-flash']);
    }
  });

  it('whose session goes on counts what the next result has more', async () => {
    const stats = { total_tokens: 15, input_tokens: 10, output_tokens: 5 };
    const { run } = await recorded([
      init,
      { ...success, stats },
      { ...success, stats: { total_tokens: 25, input_tokens: 18, output_tokens: 7 } },
    ]);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 18, output_tokens: 7, total_tokens: 25 });
  });

  it('knows the messages of the command line, and passes others over', async () => {
    const known = ['message', 'error', 'user', 'info', 'warning'].map((type) => ({ type }));
    const { run } = await recorded([init, ...known, { type: 'of_tomorrow' }, success]);
    expect(run.providerMetadata).toMatchObject({ events_passed_over: 1 });
  });
});

describe('a chat of Gemini', () => {
  const meta = { sessionId: 's', projectHash: 'p', kind: 'main' };
  const message = (id: string, content: unknown, more: object = {}): object => ({
    id,
    timestamp: '2026-02-03T04:05:06.000Z',
    type: 'gemini',
    content,
    model: 'gemini-2.5-flash',
    ...more,
  });
  const call = (id: string, status: string, more: object = {}): object => ({
    id,
    name: 'list',
    args: { path: '.' },
    status,
    ...more,
  });

  it('has a message again when its calls and tokens are known: a turn, a request, a step each', async () => {
    const tokens = { input: 100, output: 10, cached: 40, thoughts: 5, tool: 3, total: 118 };
    const { run, events } = await recorded([
      meta,
      { id: '1', type: 'user', content: [{ text: 'Hi' }] },
      message('2', 'I look.', { tokens: null }),
      { $set: { lastUpdated: '2026-02-03T04:05:07.000Z' } },
      message('2', 'I look.', { tokens }),
      message('2', 'I look.', { tokens, toolCalls: [call('a', 'success'), call('b', 'error')] }),
      message('2', 'I look.', {
        tokens,
        toolCalls: [call('a', 'success'), call('b', 'error'), call('c', 'success')],
      }),
      message('3', 'Two files.', { tokens: { input: 200, output: 20 } }),
    ]);
    expect(run.turnCount).toBe(2);
    expect(run.tokenUsage).toEqual({
      requests: 2,
      input_tokens: 303,
      output_tokens: 35,
      cache_read_tokens: 40,
      reasoning_tokens: 5,
      total_tokens: 338,
    });
    expect(events.steps.map(({ index, name, status }) => [index, name, status])).toEqual([
      [1, 'list', 'completed'],
      [2, 'list', 'failed'],
      [3, 'list', 'completed'],
    ]);
    expect(run.output).toEqual({ response: 'Two files.' });
    expect(run.providerMetadata).toMatchObject({ events_passed_over: 0, lines_passed_over: 0 });
  });

  it('is not complete while a message waits for its tools', async () => {
    const { run } = await recorded([meta, message('1', 'I look.', { toolCalls: [call('a', 'success')] })]);
    expect(run.error).toMatchObject({ code: 'stream_truncated' });
  });

  it('fails a step whose tool failed or was cancelled, in the words that were shown', async () => {
    const toolCalls = [
      call('1', 'success', { resultDisplay: 'a.txt', result: [{ text: 'a.txt' }] }),
      call('2', 'error', { resultDisplay: 'No such folder' }),
      call('3', 'cancelled', { resultDisplay: { fileDiff: '' } }),
    ];
    const { events } = await recorded([meta, message('1', '', { toolCalls })], { outputs: true });
    expect(events.steps.map(({ input, output, error }) => [input, output, error])).toEqual([
      [{ path: '.' }, { value: [{ text: 'a.txt' }] }, undefined],
      [{ path: '.' }, undefined, { message: 'No such folder' }],
      [{ path: '.' }, undefined, { message: 'The tool ended with cancelled' }],
    ]);
  });

  it('has an answer in parts, without the thoughts among them', async () => {
    const parts = [
      { text: 'Plan', thought: true },
      { text: 'Two ' },
      { functionCall: {} },
      { text: 'files.' },
    ];
    const { run } = await recorded([meta, message('1', parts)]);
    expect(run.output).toEqual({ response: 'Two files.' });
  });

  it('is priced by the model and the time of each message', async () => {
    const requests: PricedRequest[] = [];
    const tokens = { input: 10, output: 5 };
    await recorded(
      [
        meta,
        message('1', 'a', { tokens }),
        message('2', 'b', { tokens, model: 'gemini-2.5-pro' }),
        { type: 'gemini', id: '3', content: 'c', tokens },
      ],
      { prices: (request) => requests.push(request), model: 'gemini-told' },
    );
    expect(requests.map(({ model }) => model)).toEqual(['gemini-2.5-flash', 'gemini-2.5-pro', 'gemini-told']);
    expect(requests[1]?.at.toISOString()).toBe('2026-02-03T04:05:06.000Z');
  });

  it('counts thoughts beside the output and the tools beside the input, where they are told', async () => {
    const counted = async (tokens: object): Promise<object> => {
      const { run } = await recorded([meta, message('1', 'a', { tokens })]);
      return run.tokenUsage;
    };
    expect(await counted({ input: 10, tool: 3 })).toMatchObject({ input_tokens: 13 });
    expect(await counted({ output: 5, thoughts: 2 })).toMatchObject({
      output_tokens: 7,
      reasoning_tokens: 2,
    });
    expect(await counted({ tool: 3 })).not.toHaveProperty('input_tokens');
    expect(await counted({ thoughts: 2 })).not.toHaveProperty('output_tokens');
  });

  it('passes over what it does not know', async () => {
    const { run } = await recorded([
      meta,
      { sessionId: 's' },
      { $set: { summary: 'Files' } },
      { $rewindTo: '1' },
      { id: '4' },
      message('1', 'Hi'),
    ]);
    expect(run.providerMetadata).toMatchObject({ events_passed_over: 2 });
  });
});
