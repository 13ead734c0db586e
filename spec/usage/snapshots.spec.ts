import type { RecordOptions } from 'agent-run/usage';
import { chat, metered, reread } from './subjects';
import { UsageMeter } from 'agent-run/usage';

const cumulative: RecordOptions = { scope: 'cumulative' };

/** What a Claude query reports at its end; dollars and tokens by model. */
function result(models: Readonly<Record<string, [input: number, output: number, usd: number]>>): object {
  const modelUsage = Object.fromEntries(
    Object.entries(models).map(([model, [inputTokens, outputTokens, costUSD]]) => [
      model,
      {
        inputTokens,
        outputTokens,
        cacheReadInputTokens: 0,
        cacheCreationInputTokens: 0,
        webSearchRequests: 0,
        costUSD,
      },
    ]),
  );
  const total = Object.values(models).reduce((sum, [, , usd]) => sum + usd, 0);
  return { type: 'result', subtype: 'success', total_cost_usd: total, modelUsage };
}

const line = (id: string, input: number, output: number): object => ({
  type: 'assistant',
  message: {
    id,
    model: 'claude-opus-4-5-20251101',
    usage: { input_tokens: input, cache_read_input_tokens: 0, output_tokens: output },
  },
});

describe('a cumulative snapshot', () => {
  it('adds what it has beyond the last one under its key', () => {
    const { run, meter, updates } = metered();
    for (const output of [10, 25, 60]) meter.record(chat(1000, output), cumulative);
    expect(run.tokenUsage).toEqual({
      input_tokens: 1000,
      output_tokens: 60,
      total_tokens: 1060,
      requests: 1,
    });
    expect(updates.map(({ delta }) => delta.output_tokens)).toEqual([10, 15, 35]);
  });

  it('adds nothing when it comes again', () => {
    const { run, meter, updates } = metered();
    meter.record(chat(1000, 10), cumulative);
    meter.record(chat(1000, 10), cumulative);
    expect(updates).toHaveLength(1);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 1000 });
  });

  it('is a new start where it is lower than what stands, and counts whole', () => {
    const { run, meter } = metered();
    for (const input of [100, 150, 40, 70]) meter.record(chat(input, 1), cumulative);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 220, output_tokens: 2, requests: 2 });
  });

  it('is a new start where one count is lower than in the last one, whatever the total', () => {
    const { run, meter } = metered();
    meter.record(chat(100, 50), cumulative);
    meter.record(chat(300, 10), cumulative);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 400, output_tokens: 60 });
  });

  it('stands for the single requests under its key', () => {
    const { run, meter } = metered();
    for (const input of [10, 20]) meter.record(chat(input, 1));
    meter.record(chat(35, 2), cumulative);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 35, output_tokens: 2, requests: 2 });
  });

  it('counts for its own key only', () => {
    const { run, meter } = metered();
    meter.record(chat(100, 1), { ...cumulative, key: 'a' });
    meter.record(chat(100, 1), { ...cumulative, key: 'b' });
    meter.record(chat(110, 1), { ...cumulative, key: 'a' });
    expect(run.tokenUsage).toMatchObject({ input_tokens: 210, requests: 2 });
  });

  it('with a requestId that was seen is no new start', () => {
    const { run, meter } = metered();
    meter.record(chat(100, 1), { ...cumulative, requestId: 'a' });
    meter.record(chat(150, 1), { ...cumulative, requestId: 'b' });
    meter.record(chat(100, 1), { ...cumulative, requestId: 'a' });
    expect(run.tokenUsage).toMatchObject({ input_tokens: 150 });
  });

  it('stands for a request that is reported again: only what that has grown by since is added', () => {
    const { run, meter } = metered({ model: 'nosuch', provider: null });
    meter.record(chat(10, 1), { requestId: 'a' });
    meter.record(result({ nosuch: [10, 1, 0.5] }));
    meter.record(chat(10, 1), { requestId: 'a' });
    expect(run.tokenUsage).toMatchObject({ requests: 1, unpriced_requests: 0, input_tokens: 10 });
    meter.record(chat(10, 4), { requestId: 'a' });
    expect(run.tokenUsage).toMatchObject({ requests: 1, unpriced_requests: 1, output_tokens: 4 });
    expect(run.costUsd).toBe(0.5);
  });

  it('prices what it adds as one request', () => {
    const { run, meter } = metered({ provider: 'google', model: 'gemini-2.5-pro' });
    for (let request = 1; request <= 10; request++) {
      const usage = { promptTokenCount: request * 100_000, candidatesTokenCount: request * 1000 };
      meter.record(usage, cumulative);
    }
    expect(run.costUsd).toBe(1.35);
  });

  it('gives the growth to the model that it names', () => {
    const { meter } = metered();
    meter.record(chat(100, 1), { ...cumulative, model: 'gpt-5' });
    meter.record(chat(150, 1), { ...cumulative, model: 'gpt-5-mini' });
    expect(meter.byModel()['gpt-5']?.tokenUsage).toMatchObject({ input_tokens: 100 });
    expect(meter.byModel()['gpt-5-mini']?.tokenUsage).toMatchObject({ input_tokens: 50 });
  });

  it('corrects what was counted too high, down to the cost', () => {
    const { run, meter, updates } = metered();
    meter.record(chat(1000, 100));
    meter.record(chat(2000, 50), cumulative);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 2000, output_tokens: 50, total_tokens: 2050 });
    expect(updates[1]?.delta).toMatchObject({ input_tokens: 1000, output_tokens: -50 });
    expect(run.costUsd).toBe(0.003); // 2,000 x 1.25 + 50 x 10 dollars per million
  });

  it('of a format of your own settles costs by its own', () => {
    const { run, meter } = metered();
    meter.record(chat(1000, 100));
    meter.record(chat(1000, 100), { model: 'gpt-5-mini' });
    const format = (): object => ({ input_tokens: 2500, output_tokens: 300, model: 'gpt-5', costUsd: 1 });
    meter.record({}, { ...cumulative, format });
    expect(run.costUsd).toBe(1);
    expect(meter.byModel()['gpt-5-mini']).toMatchObject({ costUsd: 0.00045 });
    expect(meter.byModel()['gpt-5']).toMatchObject({ costUsd: 0.99955, tokenUsage: { input_tokens: 1500 } });
  });

  it('without a model grows the only one there is, else none in particular', () => {
    const { meter } = metered({ model: null, provider: null });
    meter.record(chat(10, 1), { model: 'gpt-5' });
    meter.record(chat(20, 1), cumulative);
    meter.record(chat(20, 1), { model: 'gpt-5-mini' });
    meter.record(chat(50, 2), cumulative);
    const inputs = Object.entries(meter.byModel()).map(([model, { tokenUsage }]) => [
      model,
      tokenUsage.input_tokens,
    ]);
    expect(inputs).toEqual([
      ['gpt-5', 20],
      ['gpt-5-mini', 20],
      ['unknown', 10],
    ]);
  });

  it('takes back from all models what the one that it names has not', () => {
    const { run, meter } = metered();
    meter.record(chat(10, 500), { model: 'gpt-5' });
    meter.record(chat(1000, 10), { ...cumulative, model: 'gpt-5-mini' });
    expect(run.tokenUsage).toMatchObject({ input_tokens: 1000, output_tokens: 10, total_tokens: 1010 });
    expect(meter.byModel()['gpt-5']).toMatchObject({ costUsd: 0, tokenUsage: { input_tokens: 0 } });
    expect(run.costUsd).toBe(0.00027);
  });

  it('counts one unpriced request, however often it comes', () => {
    const { run, meter } = metered({ model: 'nosuch' });
    for (const input of [10, 20, 30]) meter.record(chat(input, 1), cumulative);
    expect(run.tokenUsage).toMatchObject({ requests: 1, unpriced_requests: 1 });
    expect(run.costUsd).toBeNull();
  });
});

describe('a Claude result', () => {
  it('replaces what was counted from the lines, cost included, in one event', () => {
    const { run, meter, updates } = metered({ provider: null, model: null });
    meter.record(line('a', 1000, 1), { requestId: 'a' });
    meter.record(line('b', 2000, 2), { requestId: 'b' });
    meter.record(
      result({ 'claude-opus-4-5-20251101': [3000, 500, 0.0275], 'claude-haiku-4-5': [100, 10, 0.00015] }),
    );
    expect(updates).toHaveLength(3);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 3100, output_tokens: 510, requests: 2 });
    expect(run.costUsd).toBe(0.02765);
    expect(meter.byModel()['claude-opus-4-5-20251101']).toMatchObject({ costUsd: 0.0275 });
  });

  it('is cumulative without being told: the next one of a query adds its growth', () => {
    const { run, meter } = metered({ provider: null, model: null });
    meter.record(result({ opus: [100, 10, 0.1] }));
    meter.record(result({ opus: [150, 15, 0.15], haiku: [10, 1, 0.01] }));
    expect(run.tokenUsage).toMatchObject({ input_tokens: 160, output_tokens: 16 });
    expect(run.costUsd).toBe(0.16);
  });

  it('settles the requests under its key that had no price', () => {
    const { run, meter } = metered({ provider: null, model: null });
    meter.record({
      model: 'claude-unheard-of',
      usage: { input_tokens: 10, cache_read_input_tokens: 0, output_tokens: 1 },
    });
    meter.record({ model: 'claude-unheard-of', usage: chat(5, 5) }, { key: 'another' });
    expect(run.tokenUsage).toMatchObject({ unpriced_requests: 2 });
    meter.record(result({ 'claude-unheard-of': [10, 20, 0.5] }));
    expect(run.tokenUsage).toMatchObject({ unpriced_requests: 1 });
    expect(run.costUsd).toBe(0.5);
  });

  it('may lower a cost that was estimated too high', () => {
    const { run, meter } = metered({ provider: null, model: null });
    meter.record(line('a', 1_000_000, 1));
    expect(run.costUsd).toBeGreaterThan(4);
    meter.record(result({ 'claude-opus-4-5-20251101': [1_000_000, 1, 2] }));
    expect(run.costUsd).toBe(2);
  });

  it('without modelUsage counts its main loop', () => {
    const { run, meter } = metered({ provider: null, model: 'claude-opus-4-5' });
    meter.record({
      type: 'result',
      total_cost_usd: 0.2,
      usage: { input_tokens: 5, cache_read_input_tokens: 95, output_tokens: 1 },
    });
    expect(run.tokenUsage).toMatchObject({ input_tokens: 100, cache_read_tokens: 95 });
    expect(run.costUsd).toBe(0.2);
  });

  it('that reports nothing but zeros erases nothing', () => {
    const { run, meter } = metered({ provider: null, model: null });
    meter.record(line('a', 1000, 1));
    meter.record({
      type: 'result',
      subtype: 'error_during_execution',
      total_cost_usd: 0,
      modelUsage: {},
      usage: { input_tokens: 0, output_tokens: 0 },
    });
    expect(run.tokenUsage).toMatchObject({ input_tokens: 1000, requests: 1 });
  });

  it('counts a cost beyond its models, under no model', () => {
    const { run, meter } = metered({ provider: null, model: null });
    meter.record({ ...result({ opus: [1, 1, 0.25], haiku: [1, 1, 0.25] }), total_cost_usd: 0.75 });
    expect(run.costUsd).toBe(0.75);
    expect(meter.byModel()['unknown']).toMatchObject({ costUsd: 0.25 });
  });

  it('takes hostile names for models', () => {
    const { run, meter } = metered({ provider: null, model: null });
    const usage = '{"inputTokens":1,"outputTokens":1,"costUSD":0.5}';
    meter.record(
      JSON.parse(`{"total_cost_usd":1,"modelUsage":{"__proto__":${usage},"constructor":${usage}}}`),
    );
    expect(Object.keys(meter.byModel()).sort()).toEqual(['__proto__', 'constructor']);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 2 });
  });
});

describe('what a snapshot adds', () => {
  const prices = {
    house: {
      input_mtok: 1,
      output_mtok: 1,
      cache_write_mtok: 1,
      cache_write_1h_mtok: 3,
      input_audio_mtok: 11,
      output_audio_mtok: 21,
      output_image_mtok: 31,
    },
  };

  it.each<[string, (million: number) => object, number]>([
    [
      'what is cached for an hour',
      (million) => ({
        input_tokens: 0,
        output_tokens: 0,
        cache_creation_input_tokens: 2e6 * million,
        cache_creation: {
          ephemeral_5m_input_tokens: 1e6 * million,
          ephemeral_1h_input_tokens: 1e6 * million,
        },
      }),
      1 + 3,
    ],
    [
      'sound and pictures',
      (million) => ({
        input_tokens: 2e6 * million,
        output_tokens: 3e6 * million,
        input_token_details: { audio_tokens: 1e6 * million },
        output_token_details: { audio_tokens: 1e6 * million, image_tokens: 1e6 * million },
      }),
      1 + 11 + 1 + 21 + 31,
    ],
  ])('is priced at the rates of its parts: %s', (_name, usage, usd) => {
    const { run, meter } = metered({ provider: null, model: 'house', prices });
    meter.record(usage(1), cumulative);
    expect(run.costUsd).toBe(usd);
    meter.record(usage(3), cumulative);
    expect(run.costUsd).toBe(3 * usd);
  });
});

describe('.seed()', () => {
  it('notes nothing of what says nothing, and gives the meter', () => {
    const { run, meter } = metered();
    expect(meter.seed({ object: 'chat.completion.chunk', choices: [], usage: null })).toBe(meter);
    expect(run.toJSON()).not.toHaveProperty('usage_meter');
    expect(meter.seed(chat(1000, 100), { key: 'thread' })).toBe(meter);
    expect(run.toJSON()).not.toHaveProperty('usage_by_model');
  });

  it('knows a request by the id that it is given', () => {
    const { run, meter } = metered();
    meter.seed(chat(1000, 100), { requestId: 'a' });
    meter.record(chat(1000, 100), { requestId: 'a' });
    expect(run.tokenUsage).toEqual({});
  });

  it('says where a thread stands that goes on: only what is beyond counts', () => {
    const { run, meter, updates } = metered();
    meter.seed(chat(1000, 100), { key: 'thread' });
    expect(updates).toHaveLength(0);
    meter.record(chat(1000, 100), { ...cumulative, key: 'thread' });
    expect(run.tokenUsage).toEqual({});
    meter.record(chat(1500, 120), { ...cumulative, key: 'thread' });
    expect(run.tokenUsage).toEqual({ input_tokens: 500, output_tokens: 20, total_tokens: 520, requests: 1 });
    expect(run.costUsd).toBe(0.000825);
  });

  it('takes the cost of a result as counted too', () => {
    const { run, meter } = metered({ provider: null, model: null });
    meter.seed(result({ opus: [100, 10, 0.1] }));
    meter.record(result({ opus: [150, 15, 0.15] }));
    expect(run.costUsd).toBe(0.05);
    expect(meter.byModel()['opus']?.tokenUsage).toMatchObject({ input_tokens: 50 });
  });

  it.each([
    ['costs less', [1000, 100, 0.9]],
    ['has fewer tokens of a model, and costs less', [900, 90, 0.9]],
    ['has fewer tokens of a model', [900, 90, 1]],
  ] as const)('never takes away: what follows %s, and the record can be read', (_, [input, output, usd]) => {
    const { run, meter } = metered({ provider: null, model: null });
    meter.seed(result({ opus: [1000, 100, 1] }));
    meter.record(result({ opus: [input, output, usd] }));
    expect(run.costUsd ?? 0).toBeGreaterThanOrEqual(0);
    const counted = [run.tokenUsage, ...Object.values(meter.byModel()).map(({ tokenUsage }) => tokenUsage)];
    const counts = counted.flatMap((usage) => Object.values(usage) as number[]);
    expect(counts.filter((count) => count < 0)).toEqual([]);
    expect(reread(run).toJSON()).toEqual(run.toJSON());
  });

  it('holds until the thread starts anew', () => {
    const { run, meter } = metered();
    meter.seed(chat(1000, 100), { key: 'thread' });
    const inputs = [1500, 200, 300].map((input) => {
      meter.record(chat(input, input / 10), { ...cumulative, key: 'thread' });
      return run.tokenUsage.input_tokens;
    });
    expect(inputs).toEqual([500, 700, 800]);
  });

  it('says where a thread stands whose model nobody names', () => {
    const { run, meter } = metered({ provider: null, model: null });
    meter.seed(chat(1000, 100), { key: 'thread' });
    meter.record(chat(1500, 120), { ...cumulative, key: 'thread' });
    expect(Object.keys(meter.byModel())).toEqual(['unknown']);
    expect(run.tokenUsage).toMatchObject({ input_tokens: 500, output_tokens: 20 });
  });

  it('survives a restart', () => {
    const { run, meter } = metered();
    meter.seed(chat(1000, 100), { key: 'thread' });
    const again = reread(run);
    UsageMeter.restore(again).record(chat(1100, 100), { ...cumulative, key: 'thread' });
    expect(again.tokenUsage).toMatchObject({ input_tokens: 100 });
  });
});
