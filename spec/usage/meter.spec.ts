import { Usage } from '@openai/agents';
import { Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import { chat, metered, refusal } from './subjects';

describe('UsageMeter', () => {
  describe('.record()', () => {
    it('counts and prices a request in one event', () => {
      const { run, meter, updates } = metered();
      const recorded = meter.record(chat(1000, 100));
      const counters = { input_tokens: 1000, output_tokens: 100, total_tokens: 1100, requests: 1 };
      expect(recorded).toEqual({ counters, costUsd: 0.00225 });
      expect(run.tokenUsage).toEqual(counters);
      expect(run.costUsd).toBe(0.00225);
      expect(updates).toHaveLength(1);
      expect(updates[0]).toMatchObject({ delta: counters, tokenUsage: counters, costUsd: 0.00225 });
    });

    it('counts after the end of the run: providers report late', () => {
      const { run, meter } = metered();
      run.cancel();
      meter.record(chat(10, 1));
      expect(run.tokenUsage).toMatchObject({ requests: 1 });
    });

    it('shows the cost to the limits at once', () => {
      const { run, meter } = metered();
      run.updateStatus('running');
      const limited = Run.fromJSON({ ...run.toJSON(), limits: { max_cost_usd: 0.002 } });
      new UsageMeter(limited, { model: 'gpt-5' }).record(chat(1000, 100));
      expect(limited).toMatchObject({ status: 'failed', error: { code: 'limit_exceeded' } });
      expect(meter.run.status).toBe('running');
    });

    it('refuses options that are none', () => {
      const { meter } = metered();
      const bad = { scope: 'all', key: 1, requestId: {}, model: 2, format: 'xml', at: 'yesterday' };
      const paths = ['model', 'key', 'requestId', 'format', 'scope', 'at'];
      const error = refusal(() => meter.record(chat(1, 1), bad as never));
      expect(error.code).toBe('validation_error');
      expect((error.details['issues'] as { path: string }[]).map(({ path }) => path)).toEqual(paths);
    });
  });

  it('refuses options that are none', () => {
    const bad = { provider: 1, model: {}, format: 'xml', prices: 7, onWarning: 'log' };
    const error = refusal(() => new UsageMeter(new Run({ sessionId: 's' }), bad as never));
    expect(error.code).toBe('validation_error');
    expect(error.details['issues']).toHaveLength(5);
  });

  describe('a requestId that comes again', () => {
    it('adds nothing, and says nothing', () => {
      const { run, meter, updates } = metered();
      meter.record(chat(10, 1), { requestId: 'a' });
      expect(meter.record(chat(10, 1), { requestId: 'a' })).toEqual({ counters: {}, costUsd: null });
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 10 });
      expect(updates).toHaveLength(1);
    });

    it('adds what has grown, and its price', () => {
      const { run, meter, updates } = metered();
      meter.record(chat(1000, 1), { requestId: 'a' });
      meter.record(chat(1000, 100), { requestId: 'a' });
      meter.record(chat(1000, 7), { requestId: 'a' });
      expect(run.tokenUsage).toEqual({
        requests: 1,
        input_tokens: 1000,
        output_tokens: 100,
        total_tokens: 1100,
      });
      expect(run.costUsd).toBe(0.00225);
      expect(updates[1]?.delta).toMatchObject({ input_tokens: 0, output_tokens: 99, requests: 0 });
    });

    it('prices what has grown as the one request that it is', () => {
      const { run, meter } = metered({ provider: 'google', model: 'gemini-2.5-pro' });
      const usage = (input: number): object => ({ promptTokenCount: input, candidatesTokenCount: 0 });
      meter.record(usage(150_000), { requestId: 'a' });
      meter.record(usage(300_000), { requestId: 'a' });
      expect(run.costUsd).toBe(0.75); // all 300,000 at the price above 200,000
    });

    it('settles a request that had no price when a cost comes', () => {
      const { run, meter } = metered({ format: (payload) => payload as object });
      meter.record({ input_tokens: 5, model: 'nosuch' }, { requestId: 'a' });
      expect(run.tokenUsage).toMatchObject({ unpriced_requests: 1 });
      meter.record({ input_tokens: 5, model: 'nosuch', costUsd: 0.25 }, { requestId: 'a' });
      expect(run.tokenUsage).toMatchObject({ unpriced_requests: 0, requests: 1, input_tokens: 5 });
      expect(run.costUsd).toBe(0.25);
    });

    it('tells 10,000 ids apart', () => {
      const { run, meter } = metered({ prices: () => 0 });
      for (let request = 0; request < 20_000; request++) {
        meter.record(chat(1, 1), { requestId: `${request % 10_000}` });
      }
      expect(run.tokenUsage).toMatchObject({ requests: 10_000 });
    });
  });

  describe('a stream of Anthropic messages', () => {
    const start = (id: string, input: number): object => ({
      type: 'message_start',
      message: {
        id,
        model: 'claude-sonnet-4-5',
        usage: { input_tokens: input, cache_read_input_tokens: 100, output_tokens: 1 },
      },
    });
    const delta = (output: number): object => ({
      type: 'message_delta',
      delta: { stop_reason: null },
      usage: { output_tokens: output },
    });

    it('is cumulative within each message without being told', () => {
      const { run, meter } = metered({ provider: 'anthropic' });
      const events = [start('a', 25), delta(10), delta(15), start('b', 30), delta(4)];
      for (const event of events) meter.record(event);
      expect(run.tokenUsage).toEqual({
        input_tokens: 255,
        cache_read_tokens: 200,
        output_tokens: 19,
        total_tokens: 274,
        requests: 2,
      });
    });

    it('takes the whole message under its id as the same request', () => {
      const { run, meter } = metered({ provider: 'anthropic' });
      for (const event of [start('a', 25), delta(10)]) meter.record(event);
      const usage = { input_tokens: 25, cache_read_input_tokens: 100, output_tokens: 10 };
      meter.record({ type: 'message', id: 'a', usage }, { requestId: 'a' });
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 125, output_tokens: 10 });
    });

    it('keeps two streams at once apart by their keys', () => {
      const { run, meter } = metered({ provider: 'anthropic' });
      meter.record(start('a', 25), { key: '1' });
      meter.record(start('b', 30), { key: '2' });
      meter.record(delta(10), { key: '1' });
      meter.record(delta(20), { key: '2' });
      expect(run.tokenUsage).toMatchObject({ requests: 2, output_tokens: 30 });
    });

    it('is cumulative where its beginning was not seen', () => {
      const { run, meter } = metered({ provider: 'anthropic', model: 'claude-sonnet-4-5' });
      meter.record(delta(5));
      meter.record(delta(15));
      expect(run.tokenUsage).toEqual({ output_tokens: 15, total_tokens: 15, requests: 1 });
    });
  });

  describe('a live Usage of the OpenAI Agents SDK', () => {
    const request = (input: number): Usage =>
      new Usage({ requests: 1, inputTokens: input, outputTokens: 10, totalTokens: input + 10 });

    it('adds what the same object has grown by', () => {
      const { run, meter } = metered({ provider: 'google', model: 'gemini-2.5-pro' });
      const total = new Usage();
      for (let turn = 0; turn < 3; turn++) {
        total.add(request(150_000));
        meter.record(total);
      }
      expect(run.tokenUsage).toMatchObject({ requests: 3, input_tokens: 450_000 });
      expect(run.costUsd).toBe(0.5628); // 150,000 x 1.25 + 10 x 10 dollars per million, three times
    });

    it('adds nothing, and says nothing, where the same object has not grown', () => {
      const { meter, updates } = metered();
      const total = request(100);
      meter.record(total);
      expect(meter.record(total)).toEqual({ counters: {}, costUsd: null });
      expect(updates).toHaveLength(1);
    });

    it('is a request where it is given an id', () => {
      const { run, meter } = metered();
      for (let time = 0; time < 2; time++) meter.record(request(100), { requestId: 'a' });
      expect(run.tokenUsage).toMatchObject({ requests: 1, input_tokens: 100 });
    });

    it('counts another object as another run', () => {
      const { run, meter } = metered();
      meter.record(request(100));
      meter.record(request(50));
      expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 150 });
    });

    it('prices each request of a total that lists them', () => {
      const { run, meter } = metered({ provider: 'google', model: 'gemini-2.5-pro' });
      const total = new Usage();
      total.add(request(100_000));
      total.add(request(300_000));
      meter.record(total);
      const recorded = run.costUsd;
      const each = metered({ provider: 'google', model: 'gemini-2.5-pro' });
      for (const input of [100_000, 300_000]) each.meter.record(request(input));
      expect(recorded).toBe(each.run.costUsd);
      meter.record(JSON.parse(JSON.stringify(total)), { scope: 'cumulative' });
      expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 400_000 });
    });
  });

  describe('.byModel()', () => {
    it('gives one model one name, wherever it is served', () => {
      const { run, meter } = metered({ provider: null, model: null });
      const usage = { input_tokens: 1000, cache_read_input_tokens: 0, output_tokens: 0 };
      for (const model of [
        'claude-sonnet-4-5-20250929',
        'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
        'claude-sonnet-4-5@20250929',
        'claude-sonnet-4-5-20250929[1m]',
      ]) {
        meter.record({ model, usage });
      }
      expect(meter.byModel()).toEqual({
        'claude-sonnet-4-5-20250929': {
          tokenUsage: expect.objectContaining({ requests: 4, input_tokens: 4000 }) as unknown,
          unpricedRequests: 0,
          costUsd: 0.012,
        },
      });
      expect(run.costUsd).toBe(0.012);
    });

    it('has what names no model beside what names one', () => {
      const format = (): object[] => [
        { output_tokens: 1, model: 'models/gemini-2.5-pro' },
        { output_tokens: 2 },
      ];
      const { meter } = metered({ provider: null, model: null, format: format as never });
      meter.record({});
      expect(Object.keys(meter.byModel())).toEqual(['gemini-2.5-pro', 'unknown']);
    });

    it('takes any name for a model', () => {
      const { run, meter } = metered({ provider: null, model: null });
      const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''];
      for (const model of names) meter.record({ model, usage: chat(1, 1) }, { requestId: model, key: model });
      const breakdown = meter.byModel();
      expect(Object.keys(breakdown).sort()).toEqual([
        '__proto__',
        'constructor',
        'hasOwnProperty',
        'toString',
        'unknown',
      ]);
      expect(Object.getPrototypeOf(breakdown)).toBe(Object.prototype);
      expect(run.tokenUsage).toMatchObject({ requests: 5, unpriced_requests: 5 });
      expect(({} as Record<string, unknown>)['requests']).toBeUndefined();
    });

    it('is shared by all meters of a run', () => {
      const { run, meter } = metered();
      new UsageMeter(run, { provider: 'anthropic', model: 'claude-opus-4-5' }).record(chat(1, 1));
      meter.record(chat(1, 1));
      expect(Object.keys(meter.byModel())).toEqual(['claude-opus-4-5', 'gpt-5']);
    });
  });
});
