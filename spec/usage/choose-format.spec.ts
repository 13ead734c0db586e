import { shapeOf } from '../../lib/usage/choose-format';
import type { Format } from '../../lib/usage/format';

function shape(usage: object, key = ''): { whole: string[]; some: string[]; hasKeys: boolean } {
  const { whole, some, hasKeys } = shapeOf({ usage, key, path: key, around: [usage] });
  const names = (formats: readonly Format[]): string[] => formats.map(({ name }) => name);
  return { whole: names(whole), some: names(some), hasKeys };
}

const NOTHING = { whole: [], some: [], hasKeys: false };

describe('shapeOf()', () => {
  it.each<[object, string[]]>([
    [{ prompt_tokens: 1 }, ['openai-chat']],
    [{ prompt_tokens: 0 }, ['openai-chat']],
    [{ prompt_tokens: '1' }, ['openai-chat']],
    [{ prompt_tokens_details: {} }, ['openai-chat', 'gemini', 'mistral']],
    [{ prompt_tokens: 1, prompt_tokens_details: { cached_tokens: 1 } }, ['openai-chat']],
    [{ promptTokenCount: 1 }, ['gemini']],
    [{ tokensIn: 1, tokensOut: 1 }, ['cline']],
    [{ prompt_tokens: 1, totalInputTokens: 5 }, ['openai-chat']],
    [{ prompt_tokens: 1, total_input_tokens: 5 }, ['openai-chat']],
    [{ prompt_tokens: 1, fresh_tokens: 0 }, ['openai-chat']],
    [{ prompt_tokens: 1, fresh_tokens: 'many' }, ['openai-chat']],
    [{ prompt_tokens: 1, fresh_tokens: null }, ['openai-chat']],
    [{ prompt_tokens: 1, fresh_tokens: undefined }, ['openai-chat']],
    [{ prompt_tokens: 1, fresh: 5 }, ['openai-chat']],
    [{ prompt_tokens: 1, max_tokens: 5 }, ['openai-chat']],
    [{ prompt_tokens: 1, fresh_tokens: 5 }, []],
    [{ prompt_tokens: 1, input_tokens: 5 }, []],
    [{ prompt_tokens: 1, fresh_tokens: {} }, ['openai-chat']],
    [{ prompt_tokens: 1, fresh_tokens: { a: 0 } }, ['openai-chat']],
    [{ prompt_tokens: 1, fresh_tokens: { a: 1 } }, []],
    [{ prompt_tokens: 1, input_tokens_details: { cached_tokens: 1 } }, []],
  ])('of %j are of these formats: %j', (usage, whole) => {
    expect(shape(usage).whole).toEqual(whole);
  });

  it('prefers those that know the empty keys too', () => {
    expect(shape({ inputTokens: 1, outputTokens: 1 }).whole).toEqual(['ai-sdk', 'bedrock']);
    expect(shape({ inputTokens: 1, outputTokens: 1, cachedInputTokens: 0 }).whole).toEqual(['ai-sdk']);
    expect(shape({ inputTokens: 1, outputTokens: 1, cachedInputTokens: null }).whole).toEqual(['ai-sdk']);
    expect(shape({ inputTokens: 1, outputTokens: 1, cacheDetails: [] }).whole).toEqual(['bedrock']);
    expect(shape({ inputTokens: 1, outputTokens: 1, cachedInputTokens: undefined }).whole).toEqual([
      'ai-sdk',
      'bedrock',
    ]);
  });

  it('falls back to those that take all counts, where none of them knows the empty keys', () => {
    const usage = { inputTokens: 1, outputTokens: 1 };
    expect(shape({ ...usage, prompt_tokens: 0 }).whole).toEqual(['ai-sdk', 'bedrock']);
    expect(shape({ ...usage, reasoningOutputTokens: 'none' }).whole).toEqual(['ai-sdk', 'bedrock']);
  });

  it('has those that take some of its counts', () => {
    expect(shape({ prompt_tokens: 1, promptTokenCount: 5 })).toEqual({
      whole: [],
      some: ['openai-chat', 'gemini'],
      hasKeys: true,
    });
  });

  it.each([
    { prompt_tokens: null },
    { prompt_tokens: undefined },
    { prompt_tokens_details: null },
    { prompt_tokens_details: undefined },
  ])('has keys with nothing under them: %p', (usage) => {
    expect(shape(usage)).toEqual({ whole: [], some: [], hasKeys: true });
  });

  it.each([{}, { fresh: 5 }, { fresh_tokens: 5 }, { requests: 5 }, { reasoningOutputTokens: undefined }])(
    'is nothing for %p',
    (usage) => {
      expect(shape(usage)).toEqual(NOTHING);
    },
  );

  it('looks into members that nobody knows where the object stands under a name of usage', () => {
    const usage = { prompt_tokens: 1, fresh: { tokens: 5 } };
    expect(shape(usage).whole).toEqual(['openai-chat']);
    expect(shape(usage, 'usage').whole).toEqual([]);
    expect(shape({ prompt_tokens: 1, fresh: { tokens: 0 } }, 'usage').whole).toEqual(['openai-chat']);
    expect(shape({ prompt_tokens: 1, fresh: { n: 5 } }, 'usage').whole).toEqual(['openai-chat']);
  });

  it('touches no member of a payload that is no count', () => {
    let touched = 0;
    const payload = {
      prompt_tokens: 1,
      get text(): string {
        touched += 1;
        return 'a';
      },
    };
    expect(shape(payload).whole).toEqual(['openai-chat']);
    expect(touched).toBe(0);
  });
});
