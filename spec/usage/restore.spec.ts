import { Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import { chat, metered, refusal, reread } from './subjects';

describe('UsageMeter.restore()', () => {
  it('goes on with the provider, model and format of the record', () => {
    const { run, meter } = metered({ provider: 'google', model: 'gemini-2.5-pro', format: 'gemini' });
    meter.record({ promptTokenCount: 1000 });
    const again = reread(run);
    UsageMeter.restore(again, { provider: undefined }).record({ promptTokenCount: 1000 });
    expect(again.costUsd).toBe(0.0025);
    expect(again.tokenUsage).toEqual({ input_tokens: 2000, total_tokens: 2000, requests: 2 });
  });

  it('takes an option that is undefined for one that is not given', () => {
    const { run, meter } = metered();
    meter.record(chat(1, 1));
    const restored = UsageMeter.restore(reread(run), { provider: undefined, model: undefined });
    restored.record(chat(1, 1));
    expect(Object.keys(restored.byModel())).toEqual(['gpt-5']);
  });

  it('takes options that are given over those of the record', () => {
    const { run, meter } = metered();
    meter.record(chat(1, 1));
    const again = reread(run);
    UsageMeter.restore(again, { model: 'gpt-5-mini' }).record(chat(1, 1));
    expect(Object.keys(UsageMeter.restore(again).byModel())).toEqual(['gpt-5', 'gpt-5-mini']);
  });

  it('counts no snapshot twice', () => {
    const { run, meter } = metered();
    meter.record(chat(50, 5), { key: 'thread' });
    meter.record(chat(100, 10), { key: 'thread', scope: 'cumulative' });
    const again = reread(run);
    const restored = UsageMeter.restore(again);
    restored.record(chat(100, 10), { key: 'thread', scope: 'cumulative' });
    expect(again.tokenUsage).toEqual(run.tokenUsage);
    expect(again.costUsd).toBe(run.costUsd);
    restored.record(chat(130, 10), { key: 'thread', scope: 'cumulative' });
    expect(again.tokenUsage).toMatchObject({ input_tokens: 130, requests: 1 });
  });

  it('counts none of the newest 200 requests twice, and adds what they grow by', () => {
    const { run, meter } = metered();
    for (let id = 0; id < 300; id++) meter.record(chat(1000, 10), { requestId: `request-${id}` });
    const again = reread(run);
    const restored = UsageMeter.restore(again);
    for (let id = 100; id < 300; id++) restored.record(chat(1000, 10), { requestId: `request-${id}` });
    expect(again.tokenUsage).toEqual(run.tokenUsage);
    restored.record(chat(1000, 30), { requestId: 'request-299' });
    expect(again.tokenUsage).toMatchObject({ requests: 300, output_tokens: 3020 });
  });

  it('goes on in a message that was being streamed', () => {
    const { run, meter } = metered({ provider: 'anthropic', model: 'claude-opus-4-5' });
    meter.record({
      type: 'message_start',
      message: { id: 'a', usage: { input_tokens: 10, cache_read_input_tokens: 0, output_tokens: 1 } },
    });
    const again = reread(run);
    UsageMeter.restore(again).record({ type: 'message_delta', usage: { output_tokens: 40 } });
    expect(again.tokenUsage).toMatchObject({ requests: 1, input_tokens: 10, output_tokens: 40 });
  });

  it('keeps the breakdown by model, with what has no price', () => {
    const { run, meter } = metered();
    meter.record(chat(1000, 10));
    meter.record(chat(10, 1), { model: '__proto__' });
    expect(UsageMeter.restore(reread(run)).byModel()).toEqual(meter.byModel());
  });

  it('settles after a restart what had no price before it', () => {
    const { run, meter } = metered({ provider: null, model: null });
    meter.record({ model: 'nosuch', usage: chat(10, 1) });
    const again = reread(run);
    const modelUsage = { nosuch: { inputTokens: 10, outputTokens: 1, costUSD: 0.5 } };
    UsageMeter.restore(again).record({ type: 'result', total_cost_usd: 0.5, modelUsage });
    expect(again.tokenUsage).toMatchObject({ requests: 1, unpriced_requests: 0 });
    expect(again.costUsd).toBe(0.5);
  });

  it('is what a new meter does too on a run that was read from a record', () => {
    const { run, meter } = metered();
    meter.record(chat(100, 10), { scope: 'cumulative' });
    const again = reread(run);
    new UsageMeter(again, { provider: 'openai' }).record(chat(100, 10), { scope: 'cumulative' });
    expect(again.tokenUsage).toEqual(run.tokenUsage);
  });

  it('starts from nothing where the record has no state', () => {
    const run = reread(new Run({ sessionId: 's' }));
    UsageMeter.restore(run, { model: 'gpt-5' }).record(chat(1, 1));
    expect(run.tokenUsage).toMatchObject({ requests: 1 });
  });

  it.each<[string, unknown]>([
    ['no object', 5],
    ['another version', { version: 2 }],
    ['a count that is none', { version: 1, keys: [['', { since: [['gpt-5', { input_tokens: -1 }]] }]] }],
    ['pairs that are none', { version: 1, keys: [['a']] }],
    ['a cost that is none', { version: 1, requests: [['a', '', 'gpt-5', null, 0, 'free']] }],
  ])('refuses a record whose usage_meter has %s', (_name, state) => {
    const { run } = metered();
    const broken = Run.fromJSON({ ...run.toJSON(), usage_meter: state });
    expect(refusal(() => UsageMeter.restore(broken))).toMatchObject({ code: 'validation_error' });
    expect(refusal(() => UsageMeter.restore(broken)).message).toContain('usage_meter');
    expect(broken.toJSON().usage_meter).toEqual(state);
  });
});

describe('usage_meter in the record', () => {
  it('is written once something was counted', () => {
    const { run, meter } = metered();
    expect(run.toJSON()).not.toHaveProperty('usage_meter');
    meter.record(chat(1, 1));
    expect(run.toJSON()).toHaveProperty('usage_meter');
  });

  it('stays as it is where a process knows nothing of meters', () => {
    const { run, meter } = metered();
    meter.record(chat(1, 1), { requestId: 'a' });
    expect(reread(run).toJSON()).toEqual(run.toJSON());
  });

  it('stays within 64 KB however long the run', () => {
    const { run, meter } = metered({ prices: () => 0.123456789 });
    for (let id = 0; id < 2000; id++) {
      const requestId = `chatcmpl-${'0123456789abcdef'.repeat(2)}-${id}`;
      meter.record(chat(123_456, 7890), { requestId, key: `thread-${id}` });
    }
    expect(JSON.stringify(run.toJSON().usage_meter).length).toBeLessThan(65_536);
  });
});
