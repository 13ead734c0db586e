import { tierFactor } from '../../lib/usage/tier-rates';

describe('tierFactor()', () => {
  it.each<[tier: string | null, provider: string | null, model: string | null, factor: number | null]>([
    [null, null, null, 1],
    [null, 'nosuch', 'nosuch', 1],
    ['flex', 'openai', 'gpt-5', 0.5],
    ['flex', 'openai', null, 0.5],
    ['batch', 'openai', 'anything', 0.5],
    ['priority', 'openai', 'gpt-5', 2],
    ['priority', 'openai', 'gpt-5-2025-08-07', 2],
    ['priority', 'openai', 'openai/gpt-5', 2],
    ['priority', 'openai', 'gpt-5-mini', null],
    ['priority', 'openai', 'gpt-5-2025-08-07x', null],
    ['priority', 'openai', 'gpt-5-2025-08', null],
    ['priority', 'openai', 'gpt-5-25-08-07', null],
    ['priority', 'openai', 'gpt-5-2025-8-07', null],
    ['priority', 'openai', 'gpt-5-2025-08-7', null],
    ['priority', 'openai', 'gpt-5-year-08-07', null],
    ['priority', 'openai', 'my-gpt-5', null],
    ['scale', 'openai', 'gpt-5', null],
    ['batch', 'anthropic', 'claude-opus-4-6', 0.5],
    ['fast', 'anthropic', 'claude-opus-4-6', 6],
    ['fast', 'anthropic', 'claude-opus-4-6-20260101', 6],
    ['fast', 'anthropic', 'claude-opus-4-6-2026', null],
    ['fast', 'anthropic', 'claude-opus-4-6-20260101-x', null],
    ['fast', 'anthropic', 'my-claude-opus-4-6', null],
    ['flex', 'anthropic', 'claude-opus-4-6', null],
    ['batch', 'google', 'gemini-2.5-pro', 0.5],
    ['flex', 'google', 'gemini-2.5-pro', null],
    ['batch', 'nosuch', 'gpt-5', null],
  ])('of %p for %p with %p is %p', (tier, provider, model, factor) => {
    expect(tierFactor(tier, provider, model)).toBe(factor);
  });

  it.each([
    ['gpt-4o', 0.5],
    ['o3', 0.5],
    ['chatgpt-4o-latest', 0.5],
    ['codex-mini', 0.5],
    ['text-embedding-3-small', 0.5],
    ['claude-sonnet-4-5', 0.5],
    ['anthropic/claude-sonnet-4-5', 0.5],
    ['gemini-2.5-flash', 0.5],
    ['my-gpt-4o', null],
    ['my-claude', null],
    ['my-gemini', null],
    ['ox', null],
    ['llama-3.3', null],
    [null, null],
  ])('knows the maker of %p where nobody names the provider', (model, factor) => {
    expect(tierFactor('batch', null, model)).toBe(factor);
  });
});
