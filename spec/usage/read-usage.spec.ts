import { Run } from 'agent-run';
import { UsageMeter } from 'agent-run/usage';
import type { Counts } from '../../lib/usage/counts';
import type { ReadOptions } from '../../lib/usage/read-usage';
import { missing, readUsage } from '../../lib/usage/read-usage';
import { OPTIONS, read, refusal } from './subjects';

function countsOf(usage: object, options: Partial<ReadOptions> = {}): Counts | undefined {
  const { list } = read(usage, options);
  expect(list).toHaveLength(1);
  return list[0]?.counts;
}

function issuesOf(usage: object, options: Partial<ReadOptions> = {}, path = 'usage'): unknown[] {
  const error = refusal(() => read(usage, options, { path }));
  expect(error.code).toBe('validation_error');
  return (error.details['issues'] as { path: string }[]).map((issue) => issue.path);
}

describe('readUsage() of an object with the words of two producers', () => {
  it.each<[string, object, Counts]>([
    [
      'that say the same',
      { prompt_tokens: 100, completion_tokens: 10, input_tokens: 100, output_tokens: 10 },
      { input_tokens: 100, output_tokens: 10, total_tokens: 110 },
    ],
    [
      'that say a half each',
      { prompt_tokens: 100, output_tokens: 10 },
      { input_tokens: 100, output_tokens: 10, total_tokens: 110 },
    ],
    [
      'of which each is 0 where the other is not',
      { prompt_tokens: 100, completion_tokens: 0, input_tokens: 0, output_tokens: 10 },
      { input_tokens: 100, output_tokens: 10, total_tokens: 110 },
    ],
    [
      'with a total of their own',
      { prompt_tokens: 100, output_tokens: 10, total_tokens: 120 },
      { input_tokens: 100, output_tokens: 10, total_tokens: 120 },
    ],
    [
      'of which one tells what was cached',
      {
        prompt_tokens: 100,
        prompt_tokens_details: { cached_tokens: 40 },
        input_tokens: 100,
        output_tokens: 10,
      },
      { input_tokens: 100, output_tokens: 10, cache_read_tokens: 40, total_tokens: 110 },
    ],
    [
      'of which the second tells what was reasoning',
      {
        prompt_tokens: 100,
        completion_tokens: 10,
        output_tokens: 10,
        output_tokens_details: { reasoning_tokens: 4 },
      },
      { input_tokens: 100, output_tokens: 10, reasoning_tokens: 4, total_tokens: 110 },
    ],
  ])('takes each count once: %s', (_name, usage, counts) => {
    expect(countsOf(usage)).toEqual(counts);
  });

  it('has the cost, the tier and the provider of the payload', () => {
    const usage = { prompt_tokens: 100, output_tokens: 10, cost: 0.5, service_tier: 'flex' };
    const around = [{ model: { id: 'gpt-5', provider: 'openai' }, usage }];
    expect(read(usage, {}, { around })).toMatchObject({
      provider: 'openai',
      list: [{ model: 'gpt-5', costUsd: 0.5, tier: 'flex' }],
    });
  });

  it.each<[string, object]>([
    ['that contradict each other', { prompt_tokens: 100, input_tokens: 101, output_tokens: 10 }],
    ['that can be put together in two ways', { prompt_tokens: 5, outputTokens: 2, requests: 5 }],
    [
      'of which one lists several parts',
      {
        prompt_tokens: 1,
        input_tokens: 1,
        output_tokens: 1,
        iterations: [
          { input_tokens: 1, output_tokens: 1 },
          { input_tokens: 1, output_tokens: 1 },
        ],
      },
    ],
  ])('is refused with the names of both: %s', (_name, usage) => {
    expect(refusal(() => read(usage)).message).toMatch(/fits the formats [a-z-]+ and [a-z-]+, which read it/);
  });

  it.each<[string, object, string[]]>([
    [
      'in details of the second',
      {
        prompt_tokens: 5,
        completion_tokens: 1,
        input_tokens: 5,
        output_tokens: 1,
        input_tokens_details: { cached_by_nobody: 3 },
      },
      ['usage.input_tokens', 'usage.output_tokens', 'usage.input_tokens_details'],
    ],
    [
      'in details of the first',
      {
        prompt_tokens: 5,
        completion_tokens: 1,
        input_tokens: 5,
        output_tokens: 1,
        prompt_tokens_details: { cached_by_nobody: 3 },
      },
      ['usage.input_tokens', 'usage.output_tokens', 'usage.prompt_tokens_details.cached_by_nobody'],
    ],
    [
      'beside both',
      { prompt_tokens: 1, input_tokens: 1, output_tokens: 1, fresh_tokens: 5 },
      ['usage.prompt_tokens', 'usage.fresh_tokens'],
    ],
    [
      'a part that only another knows',
      { prompt_tokens: 40, completion_tokens: 1, cache_read_tokens: 40 },
      ['usage.cache_read_tokens'],
    ],
  ])('is refused with the least that is left, where neither takes a count: %s', (_name, usage, paths) => {
    expect(issuesOf(usage)).toEqual(expect.arrayContaining(paths));
    expect(issuesOf(usage)).toHaveLength(paths.length);
  });

  it('is refused with the path of a count, or of a cost, that is none', () => {
    const usage = { prompt_tokens: 5, completion_tokens: 1, input_tokens: 5, output_tokens: 1 };
    expect(issuesOf({ ...usage, prompt_tokens: -5 })).toEqual(['usage.prompt_tokens']);
    expect(issuesOf({ ...usage, output_tokens: -1 })).toEqual(['usage.output_tokens']);
    expect(issuesOf({ prompt_tokens: 5, output_tokens: 1, cost: -1 })).toEqual(['usage.cost']);
  });
});

describe('readUsage() of an object of one format', () => {
  it('refuses counts of nobody with the path from the payload itself', () => {
    expect(issuesOf({ prompt_tokens: 1, fresh_tokens: 5 }, {}, '')).toEqual(['fresh_tokens']);
    expect(issuesOf({ prompt_tokens: 1, totalInputTokens: -5 }, {}, '')).toEqual(['totalInputTokens']);
    expect(issuesOf({ prompt_tokens: 1, totalInputTokens: -5 })).toEqual(['usage.totalInputTokens']);
  });

  it('refuses a count that is none with its path, where there is no other', () => {
    expect(issuesOf({ prompt_tokens: -5 })).toEqual(['usage.prompt_tokens']);
  });

  it('refuses details of which nothing is taken', () => {
    const error = refusal(() => read({ input_tokens_details: { fresh: 5 } }));
    expect(error.message).toContain('has nothing of what a format takes for tokens');
  });

  it('refuses what does not say where the cache is, with what to do', () => {
    const error = refusal(() => read({ inputTokens: 900, outputTokens: 5, cacheReadTokens: 600 }));
    expect(error.message).toContain('or `totalInputTokens` in the payload');
  });

  it('goes by what is around it, where several formats fit', () => {
    const usage = { input_tokens: 10, output_tokens: 1 };
    const around = [{ total_token_usage: usage }];
    const found = read(usage, {}, { key: 'total_token_usage', around });
    expect(found).toMatchObject({ scope: 'cumulative', provider: 'openai' });
    expect(read(usage)).toMatchObject({ scope: 'request', provider: null });
  });

  it('takes the reading that finds input and output, where another finds only parts of them', () => {
    const raw = {
      input_tokens: 300,
      output_tokens: 50,
      cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 },
    };
    const usage = {
      inputTokens: { total: 1000, noCache: 300, cacheRead: 600, cacheWrite: 100 },
      outputTokens: { total: 50 },
      raw,
    };
    const around = [
      { usage, providerMetadata: { anthropic: { usage: raw, cacheCreationInputTokens: 100 } } },
    ];
    expect(read(usage, {}, { around }).list).toMatchObject([
      {
        counts: { input_tokens: 1000, output_tokens: 50, cache_read_tokens: 600, cache_write_1h_tokens: 40 },
      },
    ]);
  });

  it('is null where there are no keys of a format', () => {
    expect(readUsage({ usage: { a: 1 }, key: '', path: '', around: [] }, OPTIONS)).toBeNull();
  });
});

describe('readUsage() in a format that is named', () => {
  it.each<[string, object, Counts]>([
    ['a total alone', { total_tokens: 10 }, { total_tokens: 10 }],
    [
      'a total beside what it does not know',
      { total_output_tokens: 1, total_tokens: 10, prompt_tokens: 9 },
      { output_tokens: 1, total_tokens: 10 },
    ],
    [
      'the same in another spelling',
      { prompt_token_count: 5, total_token_count: 5 },
      { input_tokens: 5, total_tokens: 5 },
    ],
    ['keys with nothing under them', { promptTokenCount: null }, {}],
  ])('takes %s', (_name, usage, counts) => {
    expect(countsOf(usage, { format: 'gemini' })).toEqual(counts);
  });

  it.each<[string, object]>([
    ['a total alone, beside counts of others', { total_tokens: 10, prompt_tokens: 9 }],
    ['keys with nothing under them, beside counts of others', { promptTokenCount: null, fresh: 3 }],
    ['no key of it', { fresh: 0 }],
    ['no key at all', {}],
  ])('finds nothing in %s', (_name, usage) => {
    const sighting = { usage, key: 'usage', path: 'usage', around: [{ usage }] };
    expect(readUsage(sighting, { ...OPTIONS, format: 'gemini' })).toBeNull();
  });

  it('refuses a count that is none, beside counts of others', () => {
    const usage = { promptTokenCount: -5, fresh_tokens: 3 };
    expect(issuesOf(usage, { format: 'gemini' })).toEqual(['usage.promptTokenCount']);
  });
});

describe('readUsage() of a list', () => {
  const part = { input_tokens: 10, output_tokens: 100 };
  const compacted = {
    ...part,
    server_tool_use: { web_search_requests: 2 },
    output_tokens_details: { thinking_tokens: 30 },
    iterations: [{ ...part, input_tokens: 1000 }, { ...part, input_tokens: 500 }, part],
  };

  it('makes one request of the parts of a message, the last first', () => {
    const { list } = read(compacted);
    expect(list.map(({ counts }) => counts.input_tokens)).toEqual([10, 500, 1000]);
    expect(list.map(({ counts }) => counts.requests)).toEqual([1, 0, 0]);
    expect(list.map(({ counts }) => counts.web_searches)).toEqual([2, undefined, undefined]);
    expect(list.map(({ counts }) => counts.reasoning_tokens)).toEqual([30, undefined, undefined]);
    expect(list.map(({ isWhole }) => isWhole)).toEqual([true, true, true]);
  });

  it('has the cost of a message once, or nowhere', () => {
    expect(read({ ...compacted, cost: 0.5 }).list.map(({ costUsd }) => costUsd)).toEqual([0.5, 0, 0]);
    expect(read(compacted).list.map(({ costUsd }) => costUsd)).toEqual([null, null, null]);
  });

  it('reports no searches and no reasoning where nobody did', () => {
    const { list } = read({ ...part, iterations: [part, part] });
    const names = ['input_tokens', 'output_tokens', 'requests', 'total_tokens'];
    expect(list.map(({ counts }) => Object.keys(counts).sort())).toEqual([names, names]);
  });

  it('makes a request of each entry, with what it says itself', () => {
    const entry = { inputTokens: 10, outputTokens: 100, totalTokens: 110 };
    const { list } = read({
      requests: 2,
      inputTokens: 20,
      outputTokens: 200,
      totalTokens: 220,
      outputTokensDetails: [{ reasoning_tokens: 5 }],
      requestUsageEntries: [entry, { ...entry, outputTokensDetails: { reasoning_tokens: 5 } }],
    });
    expect(list.map(({ counts }) => counts.reasoning_tokens)).toEqual([undefined, 5]);
    expect(list.map(({ counts }) => counts.requests)).toEqual([1, 1]);
    expect(list.map(({ isWhole }) => isWhole)).toEqual([false, false]);
  });
});

describe('missing()', () => {
  it.each<[string | null, string | null, string | null, string | null]>([
    ['given', 'told', 'default', 'given'],
    [null, 'told', 'default', 'told'],
    [null, null, 'default', 'default'],
    ['given', null, null, 'given'],
    [null, 'told', null, 'told'],
    [null, null, null, null],
  ])(
    'takes the model of record %p, of the payload %p, of the meter %p',
    (model, told, defaultModel, named) => {
      const sighting = { usage: {}, key: '', path: '', around: [{ model: told }] };
      const { list } = missing(sighting, { ...OPTIONS, model, defaultModel });
      expect(list).toEqual([{ model: named, counts: {}, costUsd: null, tier: null, id: null }]);
    },
  );
});

describe('a meter whose format is named', () => {
  it('refuses an object without a key of the format', () => {
    const run = new Run({ sessionId: 's' });
    const meter = new UsageMeter(run, { format: 'gemini' });
    expect(refusal(() => meter.record({ text: 'x', usage: { fresh: 0 } })).message).toContain('gemini');
    expect(run.tokenUsage).toEqual({});
  });
});
