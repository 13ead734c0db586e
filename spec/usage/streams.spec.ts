import { chat, metered, refusal, reread } from './subjects';
import { UsageMeter } from 'agent-run/usage';

interface Told {
  readonly input?: number;
  readonly output?: number;
  readonly model?: string;
}

const message = (id: string, { input = 10, output = 1, model = 'claude-sonnet-4-5' }: Told = {}): object => ({
  id,
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  usage: { input_tokens: input, cache_read_input_tokens: 0, output_tokens: output },
});
const start = (id: string, told?: Told): object => ({ type: 'message_start', message: message(id, told) });
const end = (output: number, input?: number): object => ({
  type: 'message_delta',
  delta: { stop_reason: 'end_turn' },
  usage: { output_tokens: output, ...(input === undefined ? {} : { input_tokens: input }) },
});
const line = (id: string, session: string, told?: Told): object => ({
  type: 'assistant',
  session_id: session,
  message: message(id, told),
});
const result = (session: string, input: number, output: number, usd: number): object => ({
  type: 'result',
  session_id: session,
  total_cost_usd: usd,
  modelUsage: { 'claude-sonnet-4-5': { inputTokens: input, outputTokens: output, costUSD: usd } },
});

function claude(): ReturnType<typeof metered> {
  return metered({ provider: 'anthropic', model: null });
}

describe('a message that is reported many times', () => {
  it('counts once, at its largest, under whichever session', () => {
    const { run, meter } = claude();
    for (const output of [5, 5, 212, 40]) meter.record(line('a', `session-${output}`, { output }));
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 10, output_tokens: 212 });
  });

  it('counts once after a restart too', () => {
    const { run, meter } = claude();
    meter.record(line('a', 'session', { output: 5 }));
    const again = reread(run);
    UsageMeter.restore(again).record(message('a', { output: 9 }));
    expect(again.tokenUsage).toMatchObject({ requests: 1, output_tokens: 9 });
  });

  it('keeps the speed that its beginning told', () => {
    const { run, meter } = claude();
    const fast = message('a', { input: 1_000_000, model: 'claude-opus-4-6' }) as { usage: object };
    meter.record({ type: 'message_start', message: { ...fast, usage: { ...fast.usage, speed: 'fast' } } });
    meter.record(end(1000));
    // Six times 5 dollars for a million in, and 25 for a million out.
    expect(run.costUsd).toBeCloseTo(30.15, 9);
  });

  it('replaces what its beginning said by what its iterations add up to', () => {
    const { run, meter } = claude();
    meter.record(start('a', { input: 172_000 }));
    const listed = [
      { type: 'compaction', input_tokens: 172_000, output_tokens: 4100 },
      { type: 'message', input_tokens: 31_000, output_tokens: 900 },
    ];
    const usage = { input_tokens: 31_000, output_tokens: 900, iterations: listed };
    meter.record({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage });
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 203_000, output_tokens: 5000 });
    expect(run.costUsd).toBeCloseTo(0.684, 9); // 203,000 x 3 + 5,000 x 15 dollars per million
  });

  it('of nobody, as Claude Code writes it, counts nothing', () => {
    const { run, meter } = claude();
    meter.record(line('a', 'session', { model: '<synthetic>', input: 0, output: 0 }));
    expect(run.tokenUsage).toEqual({});
  });
});

describe('streams at once', () => {
  it('are told apart by what their events say of the input', () => {
    const { run, meter } = claude();
    meter.record(start('a', { input: 10, model: 'claude-opus-4-6' }));
    meter.record(start('b', { input: 20 }));
    meter.record(end(7, 10));
    meter.record(end(9, 20));
    expect(meter.byModel()['claude-opus-4-6']?.tokenUsage).toMatchObject({ output_tokens: 7 });
    expect(run.tokenUsage).toMatchObject({ requests: 2, output_tokens: 16 });
  });

  it('of one model give the same sum, whichever the event is of', () => {
    const { run, meter } = claude();
    for (const event of [start('a'), start('b'), end(72), end(55)]) meter.record(event);
    expect(run.tokenUsage).toMatchObject({ requests: 2, output_tokens: 127 });
  });

  it('of two models are refused where nothing tells them apart, and nothing has changed', () => {
    const { run, meter } = claude();
    meter.record(start('a'));
    meter.record(start('b', { model: 'claude-opus-4-6' }));
    const before = JSON.stringify(run);
    expect(refusal(() => meter.record(end(72))).message).toContain('`key`');
    expect(JSON.stringify(run)).toBe(before);
  });

  it('are told apart by session and sub-agent, across restarts', () => {
    let { run, meter } = claude() as { run: ReturnType<typeof reread>; meter: UsageMeter };
    const at = (session: string, agent: string | null, event: object): object => ({
      type: 'stream_event',
      session_id: session,
      parent_tool_use_id: agent,
      event,
    });
    const events = [
      at('x', null, start('a')),
      at('x', 'tool-1', start('b')),
      at('y', null, start('c')),
      at('x', null, end(100)),
      at('x', 'tool-1', end(7)),
      at('y', null, end(3)),
    ];
    for (const event of events) {
      meter.record(event);
      run = reread(run);
      meter = UsageMeter.restore(run);
    }
    expect(run.tokenUsage).toMatchObject({ requests: 3, output_tokens: 110 });
  });

  it('one of which was cut go on with the next', () => {
    const { run, meter } = claude();
    for (const event of [start('a'), start('b'), end(9)]) meter.record(event);
    expect(run.tokenUsage).toMatchObject({ requests: 2, output_tokens: 10 });
  });

  it('say it again in the metrics of Bedrock, which count once', () => {
    const { run, meter } = claude();
    meter.record(start('a'));
    meter.record(end(9));
    const metrics = { inputTokenCount: 10, outputTokenCount: 9, invocationLatency: 5 };
    meter.record({ type: 'message_stop', 'amazon-bedrock-invocationMetrics': metrics });
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 10, output_tokens: 9 });
  });
});

describe('the result of a session', () => {
  it('settles what was recorded for the session, and leaves others alone', () => {
    const { run, meter } = claude();
    meter.record(line('a', 'x', { input: 2000, output: 150 }));
    meter.record(line('b', 'y', { input: 7, output: 1 }));
    meter.record(result('x', 1980, 150, 0.0082));
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 1987, output_tokens: 151 });
  });

  it('that was resumed stands for all of it', () => {
    const { run, meter } = claude();
    meter.record(line('a', 'x'));
    meter.record(result('x', 10, 5, 0.1));
    meter.record(line('b', 'x', { input: 20 }));
    meter.record(result('x', 30, 10, 0.3));
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 30, output_tokens: 10 });
    expect(run.costUsd).toBeCloseTo(0.3, 9);
  });

  it('that is lower than the one before it stands for what came since', () => {
    const { run, meter } = claude();
    meter.record(line('a', 'x', { input: 100 }));
    meter.record(result('x', 100, 50, 0.1));
    meter.record(line('b', 'x', { input: 25 }));
    meter.record(result('x', 20, 10, 0.05));
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 120, output_tokens: 60 });
    expect(run.costUsd).toBeCloseTo(0.15, 9);
  });

  it('has what its messages turn out to have been', () => {
    const { run, meter } = claude();
    meter.record(line('a', 'x', { output: 5 }));
    meter.record(result('x', 10, 212, 0.1));
    meter.record(line('a', 'x', { output: 212 }));
    expect(run.tokenUsage).toMatchObject({ requests: 1, output_tokens: 212 });
  });

  it('is never below what stood there before this run', () => {
    const { run, meter } = claude();
    meter.seed(result('x', 100, 10, 1));
    meter.record(result('x', 150, 20, 0.9));
    expect(run.tokenUsage).toMatchObject({ input_tokens: 50, output_tokens: 10 });
    expect(run.costUsd).toBe(0);
    expect(reread(run).toJSON()).toEqual(run.toJSON());
  });

  it('of other models than before takes back nothing that was not counted here', () => {
    const { run, meter } = claude();
    meter.seed({ ...result('x', 100, 10, 1) });
    meter.record({
      type: 'result',
      session_id: 'x',
      total_cost_usd: 2,
      modelUsage: { 'claude-opus-4-6': { inputTokens: 200, outputTokens: 20, costUSD: 2 } },
    });
    expect(meter.byModel()).toMatchObject({ 'claude-opus-4-6': { tokenUsage: { input_tokens: 200 } } });
    expect(reread(run).toJSON()).toEqual(run.toJSON());
  });
});

describe('.seed()', () => {
  it('knows the requests in what it is given by their ids', () => {
    const { run, meter } = claude();
    const state = (...ids: string[]): object => ({
      messages: ids.map((id) => ({
        type: 'ai',
        id,
        usage_metadata: { input_tokens: 10, output_tokens: 1, total_tokens: 11 },
      })),
    });
    meter.seed(state('a', 'b'));
    meter.record(state('a', 'b', 'c'), { model: 'claude-sonnet-4-5' });
    expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 10 });
  });
});

describe('UsageMeter.of()', () => {
  it('gives one meter for a run, which shares what others of the run have counted', () => {
    const { run, meter } = metered();
    meter.record(chat(10, 1), { requestId: 'a' });
    expect(UsageMeter.of(run)).toBe(UsageMeter.of(run));
    UsageMeter.of(run).record(chat(10, 1), { requestId: 'a' });
    expect(run.tokenUsage).toMatchObject({ requests: 1 });
  });
});
