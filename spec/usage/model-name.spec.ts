import { normalizeModelName, priceableNames } from '../../lib/usage/model-name';

describe('normalizeModelName', () => {
  it.each([
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5-20250929'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5-20250929'],
    ['anthropic.claude-3-haiku-20240307-v1:0:200k', 'claude-3-haiku-20240307'],
    ['global.anthropic.claude-opus-4-6-v1', 'claude-opus-4-6'],
    [
      'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-4-5-20251101-v1:0',
      'claude-opus-4-5-20251101',
    ],
    ['claude-opus-5[1m]', 'claude-opus-5'],
    ['claude-sonnet-4-5@20250929', 'claude-sonnet-4-5-20250929'],
    ['claude-sonnet-4-6@default', 'claude-sonnet-4-6'],
    ['models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['publishers/google/models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['projects/p/locations/l/publishers/google/models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['openai/gpt-5', 'openai/gpt-5'],
    ['gpt-5-2025-08-07', 'gpt-5-2025-08-07'],
    ['amazon.nova-pro-v1:0', 'nova-pro'],
    [' gpt-5 ', 'gpt-5'],
    ['anthropic.claude-opus-4-6-v12:34:1m', 'claude-opus-4-6'],
    ['anthropic.claude-v1-mini', 'claude-v1-mini'],
    ['anthropic.claude-v', 'claude-v'],
    ['claude-v1:0', 'claude-v1:0'],
    ['apac.meta.llama3-2-1b-instruct-v1:0', 'llama3-2-1b-instruct'],
    ['europe.meta.llama', 'llama'],
    ['australia.meta.llama', 'australia.meta.llama'],
    ['e.meta.llama', 'e.meta.llama'],
    ['US.meta.llama', 'US.meta.llama'],
    ['my-us.meta.llama', 'my-us.meta.llama'],
    ['metallama', 'metallama'],
    ['house.llama-v1:0', 'house.llama-v1:0'],
    ['my-arn:aws:bedrock/x', 'my-arn:aws:bedrock/x'],
    ['arn:aws:bedrock:eu-west-1:1:inference-profile/eu.amazon.nova-lite-v1:0', 'nova-lite'],
    ['arn:/x', 'x'],
    ['my-models/x', 'my-models/x'],
    ['publishers/google/vertex/models/x', 'publishers/google/vertex/models/x'],
    ['projects/p/models/x', 'x'],
    ['claude[1m]-opus', 'claude[1m]-opus'],
    ['claude[a[1m]', 'claude'],
    ['claude[]', 'claude'],
    ['claude@2025092', 'claude@2025092'],
    ['claude@202509291', 'claude@202509291'],
    ['claude@20250929-x', 'claude@20250929-x'],
    ['claude@latest', 'claude'],
    ['claude@latest-x', 'claude@latest-x'],
    ['claude@default@20250929', 'claude@default-20250929'],
    ['', ''],
  ])('%s is %s', (name, expected) => {
    expect(normalizeModelName(name)).toBe(expected);
  });

  it('bounds the length of a name', () => {
    expect(normalizeModelName('x'.repeat(10_000))).toHaveLength(200);
  });

  it('says the same of a thousand names and more, however often they come', () => {
    for (let time = 0; time < 2; time++) {
      for (let name = 0; name < 1500; name++) expect(normalizeModelName(`models/m${name}`)).toBe(`m${name}`);
    }
  });
});

describe('priceableNames', () => {
  it('tries the name as it is, then without where it is served, then without the maker', () => {
    expect(priceableNames('anthropic/claude-opus-4.5')).toEqual([
      'anthropic/claude-opus-4.5',
      'claude-opus-4.5',
    ]);
    expect(priceableNames('eu.anthropic.claude-opus-4-5-20251101-v1:0')).toEqual([
      'eu.anthropic.claude-opus-4-5-20251101-v1:0',
      'claude-opus-4-5-20251101',
    ]);
    expect(priceableNames('us/eu.anthropic.claude-opus-4-6-v1')).toEqual([
      'us/eu.anthropic.claude-opus-4-6-v1',
      'claude-opus-4-6',
    ]);
    expect(priceableNames('openai/')).toEqual(['openai/']);
    expect(priceableNames('gpt-5')).toEqual(['gpt-5']);
    expect(priceableNames(null)).toEqual([]);
    expect(priceableNames('')).toEqual([]);
  });
});
