import { Run } from 'agent-run';
import type { UsageMeterOptions } from 'agent-run/usage';
import { UsageMeter } from 'agent-run/usage';
import { chat, metered, refusal } from './subjects';

function recorded(payload: unknown, options: UsageMeterOptions = {}): Run {
  const run = new Run({ sessionId: 'session-1' });
  new UsageMeter(run, options).record(payload);
  return run;
}

describe('a tier or speed', () => {
  const million = { prompt_tokens: 1_000_000, completion_tokens: 0, total_tokens: 1_000_000 };
  const usage = { input_tokens: 100_000, output_tokens: 0, cache_read_input_tokens: 0 };

  it.each<[string, object, number]>([
    ['flex of OpenAI: half', { model: 'gpt-5', service_tier: 'flex', usage: million }, 0.625],
    [
      'priority of gpt-5: twice',
      { model: 'gpt-5-2025-08-07', service_tier: 'priority', usage: million },
      2.5,
    ],
    ['the default: the list price', { model: 'gpt-5', service_tier: 'default', usage: million }, 1.25],
    [
      "a line of OpenAI's batch: half",
      { custom_id: 'a', response: { body: { model: 'gpt-5', service_tier: 'default', usage: million } } },
      0.625,
    ],
    [
      "a line of Anthropic's batch: half",
      { custom_id: 'a', result: { type: 'succeeded', message: { model: 'claude-sonnet-4-5', usage } } },
      0.15,
    ],
    [
      "a line of Gemini's batch: half",
      {
        key: 'a',
        response: {
          modelVersion: 'gemini-2.5-flash',
          usageMetadata: { promptTokenCount: 1_000_000, candidatesTokenCount: 0 },
        },
      },
      0.15,
    ],
    [
      'fast of Claude Opus 4.6: six times',
      { model: 'claude-opus-4-6', usage: { ...usage, speed: 'fast' } },
      3,
    ],
    [
      'flex in a result of the AI SDK: half',
      {
        usage: { inputTokens: 1_000_000, outputTokens: 0, inputTokenDetails: {} },
        providerMetadata: { openai: { serviceTier: 'flex' } },
        response: { modelId: 'gpt-5' },
      },
      0.625,
    ],
  ])('is priced at its own rate: %s', (_name, payload, usd) => {
    expect(recorded(payload).costUsd).toBeCloseTo(usd, 9);
  });

  it.each<[string, object]>([
    ['scale of OpenAI', { model: 'gpt-5', service_tier: 'scale', usage: million }],
    ['priority of gpt-4o', { model: 'gpt-4o', service_tier: 'priority', usage: million }],
    ['priority of Anthropic', { model: 'claude-sonnet-4-5', usage: { ...usage, service_tier: 'priority' } }],
    [
      'a batch line without a response of its own',
      { custom_id: 'a', service_tier: 'scale', usage: million, model: 'gpt-5' },
    ],
    ['fast of another Claude', { model: 'claude-sonnet-4-5', usage: { ...usage, speed: 'fast' } }],
    ['flex of Groq', { model: 'llama-3.3-70b-versatile', service_tier: 'flex', usage: million }],
    [
      'provisioned capacity of Google',
      { usageMetadata: { promptTokenCount: 5, trafficType: 'PROVISIONED_THROUGHPUT' } },
    ],
  ])('without a published rate is unpriced: %s', (_name, payload) => {
    const run = recorded(payload, { model: 'gemini-2.5-pro' });
    expect(run.costUsd).toBeNull();
    expect(run.tokenUsage).toMatchObject({ unpriced_requests: 1 });
  });

  it('has sound and pictures at their own rates in a table, as far as they were not cached', () => {
    const price = { input_mtok: 1, output_mtok: 1, cache_read_mtok: 1 };
    const prices = {
      house: {
        ...price,
        input_audio_mtok: 11,
        input_image_mtok: 21,
        output_audio_mtok: 31,
        output_image_mtok: 41,
      },
    };
    const details = { audio_tokens: 300_000, image_tokens: 500_000, cached_tokens: 400_000 };
    const usage = {
      input_tokens: 1_000_000,
      output_tokens: 100_000,
      input_token_details: {
        ...details,
        cached_tokens_details: { audio_tokens: 200_000, image_tokens: 100_000 },
      },
      output_token_details: { audio_tokens: 70_000, image_tokens: 50_000 },
    };
    // Of 600,000 fresh tokens 100,000 are sound and 400,000 pictures; of the output sound comes first.
    const usd = 0.1 * 1 + 0.1 * 11 + 0.4 * 21 + 0.4 * 1 + 0.07 * 31 + 0.03 * 41;
    expect(recorded({ model: 'house', usage }, { prices }).costUsd).toBeCloseTo(usd, 9);
  });

  it('is told to prices of your own, and holds for those of a table', () => {
    const prices = jest.fn(() => 0.5);
    recorded({ model: 'gpt-5', service_tier: 'scale', usage: million }, { prices });
    expect(prices).toHaveBeenCalledWith(expect.objectContaining({ tier: 'scale' }));
    const table = { 'gpt-5': { input_mtok: 2, output_mtok: 2 } };
    expect(
      recorded({ model: 'gpt-5', service_tier: 'flex', usage: million }, { prices: table }).costUsd,
    ).toBe(1);
  });
});

describe('what has to be awaited', () => {
  it('is refused without a getter being touched', () => {
    let touched = 0;
    const touch = (): Promise<never> => {
      touched += 1;
      return Promise.reject(new Error('the stream was started'));
    };
    class StreamResult {
      get textStream(): unknown {
        return touch();
      }
      get steps(): unknown {
        return touch();
      }
      get usage(): unknown {
        return touch();
      }
    }
    expect(refusal(() => recorded(new StreamResult())).message).toContain('await');
    expect(touched).toBe(0);
  });

  it('is refused where it is a promise itself, and its rejection is nobody else’s', async () => {
    const usage = Promise.reject(new Error('no usage'));
    expect(refusal(() => recorded({ text: 'x', usage })).message).toContain('await');
    expect(refusal(() => recorded(Promise.resolve({}))).message).toContain('await');
    await new Promise(setImmediate);
  });
});

describe('a result of version 5 of the AI SDK', () => {
  it('is read by its steps, though its usage is another object at each look', () => {
    const step = (
      modelId: string,
      inputTokens: number,
      cachedInputTokens: number,
      written: number,
    ): object => ({
      usage: { inputTokens, outputTokens: 5, totalTokens: inputTokens + 5, cachedInputTokens },
      providerMetadata: { anthropic: { cacheCreationInputTokens: written } },
      response: { modelId },
    });
    class Result {
      readonly steps = [step('claude-sonnet-4-5', 100, 1000, 200), step('claude-haiku-4-5', 50, 0, 0)];
      get usage(): object {
        return { inputTokens: 50, outputTokens: 5 };
      }
      get totalUsage(): object {
        return { inputTokens: 150, outputTokens: 10, cachedInputTokens: 1000 };
      }
    }
    const { run, meter } = metered({ provider: null, model: null });
    meter.record(new Result());
    expect(run.tokenUsage).toMatchObject({ requests: 2, input_tokens: 1350, cache_write_tokens: 200 });
    expect(Object.keys(meter.byModel())).toEqual(['claude-sonnet-4-5', 'claude-haiku-4-5']);
  });
});

describe('what a payload says nothing of', () => {
  it.each<[string, object]>([
    ['a chunk whose usage is null', { object: 'chat.completion.chunk', choices: [], usage: null }],
    ['an event of a response', { type: 'response.output_text.delta', delta: 'a' }],
    ['a response that failed', { type: 'response.failed', response: { object: 'response', usage: null } }],
    ['an event of Converse', { contentBlockDelta: { delta: { text: 'a' } } }],
    ['a line of Claude that is not known', { type: 'brand_new', session_id: 'x', uuid: 'y' }],
    ['an item of Codex', { type: 'item.completed', item: { type: 'agent_message', text: 'a' } }],
    ['a rollout without counts', { type: 'event_msg', payload: { type: 'token_count', info: null } }],
    ['a request of a batch that failed', { custom_id: 'a', result: { type: 'errored', error: {} } }],
    ['a piece of Llama’s', { generation: 'a', generation_token_count: 3, stop_reason: null }],
  ])('adds nothing, and is no event: %s', (_name, payload) => {
    const { run, meter, updates } = metered();
    expect(meter.record(payload)).toEqual({ counters: {}, costUsd: null });
    expect(run.tokenUsage).toEqual({});
    expect(updates).toEqual([]);
  });

  it.each<[string, object]>([
    ['counts that are undefined', { text: 'x', usage: { inputTokens: undefined, outputTokens: undefined } }],
    ['counts that JSON has left out', { text: 'x', usage: {} }],
    ['a completion without usage', { object: 'chat.completion', model: 'house', choices: [] }],
    [
      'a transcription that is billed by its duration',
      { text: 'x', usage: { type: 'duration', seconds: 5 } },
    ],
  ])('is one unpriced request, with no count: %s', (_name, payload) => {
    const { run, meter } = metered();
    meter.record(payload);
    expect(run.tokenUsage).toEqual({ requests: 1, unpriced_requests: 1 });
  });
});

describe('counts that no format takes', () => {
  it.each<[string, object, string]>([
    ['in a usage object of no format', { type: 'response.done', response: { usage: { fresh: 5 } } }, 'fresh'],
    ['beside those of one', { usage: { prompt_tokens: 5, thought_tokens: 8 } }, 'usage.thought_tokens'],
    [
      'in details',
      { usage: { input_tokens: 5, output_tokens: 1, input_tokens_details: { cached_creation_tokens: 4 } } },
      'usage.input_tokens_details.cached_creation_tokens',
    ],
    [
      'deeper than anybody looks',
      {
        usage: { input_tokens: 5, output_tokens: 1, output_tokens_details: { by: { model: { audio: 4 } } } },
      },
      'usage.output_tokens_details.by.model.audio',
    ],
  ])('are refused with their paths: %s', (_name, payload, path) => {
    const error = refusal(() => recorded(payload));
    expect(error.code).toBe('validation_error');
    expect(JSON.stringify(error.details['issues'])).toContain(path);
  });
});

describe('two places that give one count', () => {
  const usage = { prompt_tokens: 100, completion_tokens: 10, prompt_cache_hit_tokens: 40 };

  it('are refused where they disagree, with the path', () => {
    const error = refusal(() => recorded({ usage: { ...usage, cached_tokens: 30 } }));
    expect(error).toMatchObject({ code: 'validation_error' });
    expect(JSON.stringify(error.details['issues'])).toContain('usage.cached_tokens');
  });

  it.each([0, 40, null, undefined])('count once where the other has the same, or nothing: %p', (other) => {
    const counters = recorded({ usage: { ...usage, cached_tokens: other } }).tokenUsage;
    expect(counters).toMatchObject({ input_tokens: 100, cache_read_tokens: 40 });
  });
});

describe('a request that is reported again', () => {
  it('says of a count that it is none, where it said nothing before', () => {
    const { run, meter, updates } = metered();
    meter.record(chat(100, 10), { requestId: 'a' });
    meter.record(chat(100, 10), { requestId: 'a' });
    expect([run.tokenUsage, updates.length]).toEqual([
      expect.not.objectContaining({ cache_read_tokens: 0 }),
      1,
    ]);
    meter.record({ ...chat(100, 10), prompt_tokens_details: { cached_tokens: 0 } }, { requestId: 'a' });
    expect(run.tokenUsage).toMatchObject({ input_tokens: 100, cache_read_tokens: 0, requests: 1 });
  });
});

describe('a message that was compacted', () => {
  it('has what its iterations do not say from the whole', () => {
    const part = { input_tokens: 10, output_tokens: 100, cache_read_input_tokens: 0 };
    const usage = {
      ...part,
      output_tokens_details: { thinking_tokens: 30 },
      server_tool_use: { web_search_requests: 2 },
      iterations: [
        { ...part, type: 'compaction', input_tokens: 1000 },
        { ...part, type: 'message' },
      ],
    };
    const run = recorded({ type: 'message', id: 'm', model: 'claude-opus-4-6', usage });
    expect(run.tokenUsage).toMatchObject({
      input_tokens: 1010,
      output_tokens: 200,
      reasoning_tokens: 30,
      requests: 1,
    });
    // 1,010 in at 5 dollars a million, 200 out at 25, two searches at a cent.
    expect(run.costUsd).toBeCloseTo(1010 * 5e-6 + 200 * 25e-6 + 2 * 0.01, 9);
  });
});

describe('an input or output that nobody gives', () => {
  it.each<[string, object, object]>([
    [
      'what was cached',
      { usage: { input_tokens_details: { cached_tokens: 40 }, output_tokens: 1 } },
      { input_tokens: 40, output_tokens: 1, total_tokens: 41 },
    ],
    [
      'sound and pictures together',
      {
        usage: {
          input_token_details: { audio_tokens: 30, image_tokens: 12, cached_tokens: 5 },
          output_token_details: { audio_tokens: 7, image_tokens: 2, reasoning_tokens: 4 },
        },
      },
      { input_tokens: 42, output_tokens: 9, total_tokens: 51 },
    ],
    [
      'reasoning',
      { usage: { input_tokens: 3, output_tokens_details: { reasoning_tokens: 20 } } },
      { input_tokens: 3, output_tokens: 20, total_tokens: 23 },
    ],
  ])('is at least what is known of its parts: %s', (_name, payload, counters) => {
    expect(recorded(payload).tokenUsage).toMatchObject(counters);
  });
});

describe('a cost that the provider reports', () => {
  it.each<[string, object, number]>([
    ['of the service alone, with a key of the caller’s', { cost: 0.25 }, 0.25],
    ['of the provider alone', { cost_details: { upstream_inference_cost: 0.5 } }, 0.5],
    ['of both', { cost: 0.25, cost_details: { upstream_inference_cost: 0.5 } }, 0.75],
  ])('is taken: %s', (_name, told, usd) => {
    const usage = { prompt_tokens: 10, completion_tokens: 1, is_byok: true, cost_details: {}, ...told };
    expect(recorded({ model: 'no-list-has-it', usage }).costUsd).toBeCloseTo(usd, 9);
  });
});

describe('usage_by_model', () => {
  it('is read by itself, each model at its own price, or its own cost', () => {
    const { run, meter } = metered();
    meter.record(chat(1000, 100));
    meter.record(chat(2000, 10), { model: 'gpt-5-mini' });
    const again = recorded(run.toJSON().usage_by_model);
    expect(again.tokenUsage).toEqual(run.tokenUsage);
    expect(again.costUsd).toBe(run.costUsd);
    expect(again.toJSON().usage_by_model).toEqual(run.toJSON().usage_by_model);
  });

  it('has what each model used, rounded, beside a state that does not say it again', () => {
    const { run, meter } = metered();
    meter.record(chat(1000, 100));
    meter.record(chat(10, 1), { model: 'nosuch' });
    const { usage_by_model: byModel, usage_meter: state } = run.toJSON();
    expect(byModel).toEqual({
      'gpt-5': { input_tokens: 1000, output_tokens: 100, total_tokens: 1100, requests: 1, cost_usd: 0.00225 },
      nosuch: {
        input_tokens: 10,
        output_tokens: 1,
        total_tokens: 11,
        requests: 1,
        unpriced_requests: 1,
        cost_usd: null,
      },
    });
    expect(state).not.toHaveProperty('models');
  });
});
