import { Run } from 'agent-run';
import type { ModelPrice, UsageMeterOptions } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';
import type { ListPrices } from '../../lib/usage/list-prices';
import type { PriceQuestion } from '../../lib/usage/price';
import { PriceBook } from '../../lib/usage/price';
import type * as Subjects from './subjects';
import { chat, metered, refusal } from './subjects';

const PRICE: ModelPrice = {
  input_mtok: 2,
  output_mtok: 8,
  cache_read_mtok: 0.5,
  cache_write_mtok: 3,
  cache_write_1h_mtok: 4,
};

const cached = {
  input_tokens: 300_000,
  cache_read_input_tokens: 500_000,
  cache_creation: { ephemeral_5m_input_tokens: 100_000, ephemeral_1h_input_tokens: 100_000 },
  output_tokens: 250_000,
};

function costOf(payload: object, options: UsageMeterOptions): number | null {
  const { run, meter } = metered(options);
  meter.record(payload);
  return run.costUsd;
}

describe('prices of your own', () => {
  it('are taken before the list prices, each kind of token at its own', () => {
    // 0.3 x 2 + 0.5 x 0.5 + 0.1 x 3 + 0.1 x 4 + 0.25 x 8
    expect(costOf(cached, { model: 'claude-opus-4-5', prices: { 'claude-opus-4-5': PRICE } })).toBe(3.55);
  });

  it('stand in for what is left out by what it is part of', () => {
    const prices = { house: { input_mtok: 1, output_mtok: 0 } };
    expect(costOf(cached, { model: 'house', prices })).toBe(1);
  });

  it('are found under any name of the model', () => {
    const prices = { 'us.anthropic.claude-opus-4-5-20251101-v1:0': PRICE };
    expect(costOf(chat(1_000_000, 0), { model: 'claude-opus-4-5-20251101', prices })).toBe(2);
    expect(costOf(chat(1_000_000, 0), { model: 'anthropic/claude-opus-4-5-20251101', prices })).toBe(2);
  });

  it('leave other models to the list prices', () => {
    expect(costOf(chat(1000, 100), { prices: { house: PRICE } })).toBe(0.00225);
  });

  it('may be a function, which gets what a price depends on', () => {
    const prices = jest.fn(() => 0.5);
    const { run, meter } = metered({ prices });
    const at = new Date('2026-01-02T03:04:05Z');
    meter.record(chat(10, 1), { at });
    expect(run.costUsd).toBe(0.5);
    const counters = { input_tokens: 10, output_tokens: 1, total_tokens: 11, requests: 1 };
    expect(prices).toHaveBeenCalledWith({ model: 'gpt-5', provider: 'openai', tier: null, at, counters });
  });

  it('may be a function that leaves a request to the list prices', () => {
    expect(costOf(chat(1000, 100), { prices: () => null })).toBe(0.00225);
  });

  it.each([NaN, -1, Infinity, '1'])('are refused where they give %p, and nothing is counted', (usd) => {
    const { run, meter } = metered({ prices: () => usd as number });
    expect(refusal(() => meter.record(chat(1, 1), { requestId: 'a' }))).toMatchObject({
      code: 'validation_error',
    });
    expect(run.tokenUsage).toEqual({});
    expect(meter.byModel()).toEqual({});
  });

  it.each<[string, object]>([
    ['NaN', { input_mtok: NaN, output_mtok: 1 }],
    ['a negative price', { input_mtok: 1, output_mtok: -1 }],
    ['no price of output', { input_mtok: 1 }],
    ['an object for a price', { input_mtok: { base: 1 }, output_mtok: 1 }],
    ['no object', 5 as never],
  ])('are refused with %s', (_name, price) => {
    const error = refusal(() => metered({ prices: { house: price as ModelPrice } }));
    expect(error).toMatchObject({ code: 'validation_error' });
    expect(JSON.stringify(error.details)).toContain('prices.house');
  });
});

describe('list prices', () => {
  it('price a cache kept for an hour above one kept for five minutes', () => {
    const options = { provider: 'anthropic', model: 'claude-sonnet-4-5-20250929' };
    const usage = (fiveMinutes: number, oneHour: number): object => ({
      input_tokens: 0,
      output_tokens: 0,
      cache_creation_input_tokens: fiveMinutes + oneHour,
      cache_creation: { ephemeral_5m_input_tokens: fiveMinutes, ephemeral_1h_input_tokens: oneHour },
    });
    expect(costOf(usage(100_000, 0), options)).toBe(0.375);
    expect(costOf(usage(0, 100_000), options)).toBe(0.6);
  });

  it('price what the provider searched', () => {
    const usage = { input_tokens: 0, output_tokens: 0, server_tool_use: { web_search_requests: 3 } };
    expect(costOf(usage, { provider: 'anthropic', model: 'claude-sonnet-4-5' })).toBe(0.03);
  });

  it('are those of the day of the request', () => {
    const { run, meter } = metered({ model: 'o3' });
    meter.record(chat(1000, 10), { at: new Date('2025-05-01') });
    expect(run.costUsd).toBe(0.0104);
    meter.record(chat(1000, 10), { at: Date.parse('2026-01-01') });
    expect(run.costUsd).toBe(0.01248);
  });

  it('are those of Amazon for Bedrock, unless another provider is named', () => {
    const model = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
    const usage = {
      inputTokens: 1_000_000,
      outputTokens: 0,
      totalTokens: 1_000_000,
      cacheReadInputTokens: 900_000,
    };
    const ofAmazon = costOf(usage, { provider: 'aws', model });
    expect(costOf(usage, { provider: null, model })).toBe(ofAmazon);
    expect(costOf(usage, { provider: 'anthropic', model })).not.toBe(ofAmazon);
  });

  it('cost nothing for a request of no tokens, whatever the model', () => {
    const { run, meter } = metered({ model: 'nosuch' });
    meter.record(chat(0, 0));
    expect(run.costUsd).toBe(0);
    expect(run.tokenUsage).not.toHaveProperty('unpriced_requests');
  });
});

describe('a request without a price', () => {
  it('leaves the cost as it was and is counted, with one warning for each model', () => {
    const { run, meter, warnings } = metered();
    meter.record(chat(10, 1));
    const before = run.costUsd;
    for (const model of ['nosuch', 'nosuch', 'neither']) meter.record(chat(10, 1), { model });
    expect(run.costUsd).toBe(before);
    expect(run.tokenUsage).toMatchObject({ requests: 4, unpriced_requests: 3 });
    expect(warnings.map(({ code, model, reason }) => [code, model, reason])).toEqual([
      ['unpriced', 'nosuch', 'model_unknown'],
      ['unpriced', 'neither', 'model_unknown'],
    ]);
    expect(warnings[0]?.message).toBe(
      'Requests of nosuch (openai) have no price: the price data does not know the model; give `prices` to the meter',
    );
  });

  it.each<[string, object, UsageMeterOptions]>([
    ['model_missing', chat(1, 1), { model: null }],
    ['model_unknown', chat(1, 1), { provider: 'nosuch' }],
    ['model_unknown', chat(1, 1), { provider: 'anthropic' }],
    [
      'counts_refused',
      { prompt_tokens: 1, completion_tokens: 1, prompt_tokens_details: { audio_tokens: 5 } },
      { model: 'gpt-4o-transcribe' },
    ],
    ['tier_unknown', { service_tier: 'scale', usage: chat(1, 1) }, {}],
    ['counts_refused', { inputTokenDetails: {} }, {}],
  ])('is told apart: %s', (reason, payload, options) => {
    const { run, meter, warnings } = metered(options);
    meter.record(payload);
    expect(warnings).toMatchObject([{ reason }]);
    expect(run.tokenUsage).toMatchObject({ requests: 1, unpriced_requests: 1 });
    expect(run.costUsd).toBeNull();
  });

  it('is counted for each request of a total', () => {
    const { run, meter } = metered({ model: 'nosuch' });
    meter.record({ requests: 7, inputTokens: 70, outputTokens: 7, totalTokens: 77 });
    expect(run.tokenUsage).toMatchObject({ requests: 7, unpriced_requests: 7 });
  });

  it('is counted though the callback throws, which surfaces by itself', async () => {
    const failure = new Error('no log');
    const surfaced = new Promise((resolve) => {
      jest.spyOn(process, 'nextTick').mockImplementationOnce((action) => {
        try {
          (action as () => void)();
        } catch (error) {
          resolve(error);
        }
      });
    });
    const { run, meter } = metered({
      model: 'nosuch',
      onWarning: () => {
        throw failure;
      },
    });
    meter.record(chat(1, 1));
    expect(run.tokenUsage).toMatchObject({ requests: 1 });
    expect(await surfaced).toBe(failure);
  });

  it('ends a run with a limit on its cost', () => {
    const run = new Run({ sessionId: 's', limits: { maxCostUsd: 1 } });
    run.updateStatus('running');
    new UsageMeter(run, { model: 'nosuch' }).record(chat(1, 1));
    expect(run).toMatchObject({ status: 'failed', error: { code: 'limit_exceeded' } });
  });
});

describe('@pydantic/genai-prices', () => {
  afterEach(() => {
    jest.dontMock('@pydantic/genai-prices').resetModules();
  });

  it('is loaded at the first list price, and once', () => {
    const load = jest.fn(() => ({ calcPrice: () => ({ total_price: 0.5 }) }));
    jest.isolateModules(() => {
      jest.doMock('@pydantic/genai-prices', load);
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      const subjects = require('./subjects') as typeof Subjects;
      const { run, meter } = subjects.metered({ prices: { house: PRICE } });
      meter.record(chat(1, 1), { model: 'house' });
      expect(load).not.toHaveBeenCalled();
      meter.record(chat(1, 1));
      meter.record(chat(1, 1));
      expect(load).toHaveBeenCalledTimes(1);
      expect(run.costUsd).toBe(1.00001);
    });
  });
});

describe('without @pydantic/genai-prices', () => {
  afterEach(() => {
    jest.dontMock('@pydantic/genai-prices').resetModules();
  });

  function withoutPrices<Result>(code: string, use: (subjects: typeof Subjects) => Result): Result {
    let result: Result | undefined;
    jest.isolateModules(() => {
      jest.doMock('@pydantic/genai-prices', () => {
        throw Object.assign(new Error('not there'), { code });
      });
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      result = use(require('./subjects') as typeof Subjects);
    });
    return result as Result;
  }

  it('everything but list prices works, with one warning', () => {
    withoutPrices('MODULE_NOT_FOUND', (subjects) => {
      const { run, meter, warnings } = subjects.metered({ prices: { house: PRICE } });
      meter.record(chat(1_000_000, 0), { model: 'house' });
      for (const model of ['gpt-5', 'gpt-5-mini']) meter.record(chat(1000, 100), { model });
      expect(run.costUsd).toBe(2);
      expect(run.tokenUsage).toMatchObject({ requests: 3, unpriced_requests: 2 });
      expect(warnings).toMatchObject([{ reason: 'prices_not_installed' }]);
      expect(warnings[0]?.message).toContain('install @pydantic/genai-prices');
    });
  });

  it('that cannot be loaded for another reason, says so', () => {
    withoutPrices('ERR_BROKEN', (subjects) => {
      expect(() => subjects.metered().meter.record(chat(1, 1))).toThrow('not there');
    });
  });
});

describe('PriceBook', () => {
  const AT = new Date('2026-01-02T03:04:05Z');
  const QUESTION: PriceQuestion = {
    model: 'house',
    provider: null,
    likelyProvider: null,
    tier: null,
    at: AT,
  };
  const TOKENS = { input_tokens: 10, output_tokens: 1 };

  /** List prices by `provider:model`, and what is asked of them. */
  function listed(prices: Readonly<Record<string, number>>): {
    readonly prices: () => ListPrices;
    readonly asked: string[];
    readonly usages: Record<string, number>[];
  } {
    const asked: string[] = [];
    const usages: Record<string, number>[] = [];
    const calcPrice: ListPrices['calcPrice'] = (usage, model, options) => {
      expect(options.timestamp).toBe(AT);
      const question = `${'providerId' in options ? options.providerId : ''}:${model}`;
      asked.push(question);
      usages.push(usage);
      const usd = prices[question];
      return usd === undefined ? null : { total_price: usd };
    };
    return { prices: () => ({ calcPrice }), asked, usages };
  }

  it('asks for the provider that is named, and for no other', () => {
    const { prices, asked } = listed({ ':house': 1, 'openai:house': 2 });
    const book = new PriceBook(undefined, prices);
    const question = { ...QUESTION, provider: 'groq', likelyProvider: 'openai' };
    expect(book.priceOf(TOKENS, question)).toEqual({ reason: 'model_unknown' });
    expect(asked).toEqual(['groq:house']);
    expect(book.priceOf(TOKENS, { ...question, provider: 'openai' })).toEqual({ usd: 2 });
  });

  it('asks for the likely provider first, then for any', () => {
    const { prices, asked } = listed({ ':house': 1 });
    const book = new PriceBook(undefined, prices);
    expect(book.priceOf(TOKENS, { ...QUESTION, likelyProvider: 'google' })).toEqual({ usd: 1 });
    expect(asked).toEqual(['google:house', ':house']);
  });

  it('takes the price of the likely provider before any other', () => {
    const { prices, asked } = listed({ 'google:house': 3, ':house': 1 });
    const book = new PriceBook(undefined, prices);
    expect(book.priceOf(TOKENS, { ...QUESTION, likelyProvider: 'google' })).toEqual({ usd: 3 });
    expect(asked).toEqual(['google:house']);
  });

  it('looks under each provider for a model that is found under none, and remembers where it was', () => {
    const { prices, asked } = listed({ 'mistral:house': 4 });
    const book = new PriceBook(undefined, prices);
    expect(book.priceOf(TOKENS, QUESTION)).toEqual({ usd: 4 });
    expect(asked).toEqual([
      ':house',
      'openai:house',
      'anthropic:house',
      'google:house',
      'x-ai:house',
      'mistral:house',
    ]);
    asked.length = 0;
    expect(book.priceOf(TOKENS, QUESTION)).toEqual({ usd: 4 });
    expect(asked.slice(1)).toEqual(['mistral:house']);
  });

  it('remembers that no provider has a model', () => {
    const { prices, asked } = listed({});
    const book = new PriceBook(undefined, prices);
    expect(book.priceOf(TOKENS, QUESTION)).toEqual({ reason: 'model_unknown' });
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked.length).toBeGreaterThan(40);
    asked.length = 0;
    expect(book.priceOf(TOKENS, QUESTION)).toEqual({ reason: 'model_unknown' });
    expect(asked).toEqual([':house']);
  });

  it('hands over the counts, with details only where they are not 0', () => {
    const { prices, usages } = listed({ ':house': 1 });
    const book = new PriceBook(undefined, prices);
    const wholes = { input_tokens: 10, output_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0 };
    book.priceOf({ input_tokens: 10, reasoning_tokens: 0, web_searches: 0, input_audio_tokens: 0 }, QUESTION);
    const details = {
      cache_write_1h_tokens: 1,
      input_audio_tokens: 2,
      input_image_tokens: 3,
      output_audio_tokens: 4,
      output_image_tokens: 5,
      cache_audio_read_tokens: 6,
      cache_image_read_tokens: 7,
      web_searches: 8,
    };
    const all = { output_tokens: 20, cache_read_tokens: 30, cache_write_tokens: 40, ...details };
    book.priceOf({ ...all, reasoning_tokens: 1, total_tokens: 99 }, QUESTION);
    expect(usages).toEqual([wholes, { input_tokens: 0, ...all, output_reasoning_tokens: 1 }]);
  });

  it.each<[number | undefined, object, number]>([
    [undefined, { input_tokens: 12, output_tokens: 6 }, 1],
    [0, { input_tokens: 12, output_tokens: 6 }, 1],
    [1, { input_tokens: 12, output_tokens: 6 }, 1],
    [2, { input_tokens: 6, output_tokens: 3 }, 2],
    [3, { input_tokens: 4, output_tokens: 2 }, 3],
  ])('prices %p requests as so many equal ones', (requests, share, usd) => {
    const { prices, usages } = listed({ ':house': 1 });
    const counts = { input_tokens: 12, output_tokens: 6, ...(requests === undefined ? {} : { requests }) };
    expect(new PriceBook(undefined, prices).priceOf(counts, QUESTION)).toEqual({ usd });
    expect(usages).toMatchObject([share]);
  });

  it('says why several requests have no price', () => {
    const book = new PriceBook(undefined, () => null);
    expect(book.priceOf({ ...TOKENS, requests: 2 }, QUESTION)).toEqual({ reason: 'prices_not_installed' });
  });

  it.each<[string, object, object]>([
    ['input alone', { input_tokens: 1 }, { usd: 1 }],
    ['output alone', { output_tokens: 1 }, { usd: 1 }],
    ['searches beside no tokens', { input_tokens: 0, web_searches: 1 }, { usd: 1 }],
    ['no tokens', { input_tokens: 0, output_tokens: 0, requests: 1 }, { usd: 0 }],
    ['neither input nor output', { cache_read_tokens: 1, requests: 1 }, { reason: 'counts_refused' }],
  ])('prices %s', (_name, counts, price) => {
    const { prices } = listed({ ':house': 1 });
    expect(new PriceBook(undefined, prices).priceOf(counts, QUESTION)).toEqual(price);
  });

  it('says what the price data has thrown', () => {
    const cause = new Error('no such unit');
    const calcPrice = (): never => {
      throw cause;
    };
    const book = new PriceBook(undefined, () => ({ calcPrice }));
    expect(book.priceOf(TOKENS, QUESTION)).toEqual({ reason: 'counts_refused', cause });
  });

  it('multiplies the price of a table, and of a list, with the rate of the tier', () => {
    const { prices, asked } = listed({ 'openai:gpt-5': 3 });
    const table = { house: { input_mtok: 100_000, output_mtok: 0 } };
    const question = { ...QUESTION, tier: 'flex', likelyProvider: 'openai' };
    expect(new PriceBook(table, prices).priceOf(TOKENS, question)).toEqual({ usd: 0.5 });
    expect(asked).toEqual([]);
    expect(new PriceBook(table, prices).priceOf(TOKENS, { ...question, model: 'gpt-5' })).toEqual({
      usd: 1.5,
    });
    const scale = { ...question, tier: 'scale' };
    expect(new PriceBook(table, prices).priceOf(TOKENS, scale)).toEqual({ reason: 'tier_unknown' });
  });

  it('goes by the provider that is named for the rate of the tier, not by the likely one', () => {
    const { prices } = listed({ 'groq:gpt-5': 3 });
    const question = {
      ...QUESTION,
      model: 'gpt-5',
      tier: 'flex',
      provider: 'groq',
      likelyProvider: 'openai',
    };
    expect(new PriceBook(undefined, prices).priceOf(TOKENS, question)).toEqual({ reason: 'tier_unknown' });
  });

  it('refuses what a function gives for a price, with the path', () => {
    const error = refusal(() => new PriceBook(() => NaN).priceOf(TOKENS, QUESTION));
    expect(error.details['issues']).toMatchObject([{ path: 'prices' }]);
  });

  it('does without a model where nobody asks for it', () => {
    const { prices, asked } = listed({});
    const question = { ...QUESTION, model: null };
    expect(new PriceBook(undefined, prices).priceOf(TOKENS, question)).toEqual({ reason: 'model_missing' });
    expect(new PriceBook(() => 0, prices).priceOf(TOKENS, question)).toEqual({ usd: 0 });
    expect(asked).toEqual([]);
  });
});
