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
    ['', ''],
  ])('%s is %s', (name, expected) => {
    expect(normalizeModelName(name)).toBe(expected);
  });

  it('bounds the length of a name', () => {
    expect(normalizeModelName('x'.repeat(10_000))).toHaveLength(200);
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
    expect(priceableNames(null)).toEqual([]);
    expect(priceableNames('')).toEqual([]);
  });
});
