import { readByModel, readMany } from '../../lib/usage/read-many';
import type { Readings } from '../../lib/usage/reading';
import { requestReadings } from '../../lib/usage/reading';
import { refusal } from './subjects';

/** A payload of one request as this spec has them. */
interface One {
  readonly usage?: { readonly tokens?: number };
  readonly model?: string;
  readonly ownId?: string;
}

/** Reads one of them; null where it has no tokens. */
function readOne(payload: object): Readings | null {
  const { usage, model = null, ownId: id = null } = payload as One;
  if (usage?.tokens === undefined) return null;
  const counts = { input_tokens: usage.tokens, total_tokens: usage.tokens };
  return requestReadings([{ model, counts, costUsd: null, tier: null, id }], {
    provider: `of ${usage.tokens}`,
  });
}

function one(tokens: number, more: object = {}): object {
  return { usage: { tokens }, ...more };
}

/** The tokens of each request; null where the payload is not several. */
function tokensOf(readings: Readings | null): (number | undefined)[] | null {
  return readings?.list.map(({ counts }) => counts.input_tokens) ?? null;
}

function read(payload: object, defaultModel: string | null = null): Readings | null {
  return readMany(payload, readOne, defaultModel);
}

describe('readMany', () => {
  it.each<[string, object]>([
    ['an empty object', {}],
    ['one request', one(5)],
    ['no steps', { steps: [] }],
    ['steps without usage', { steps: [{}, null, 5] }],
    ['steps whose usage says nothing', { steps: [{ usage: {} }] }],
    ['a number of steps', { steps: 3, messages: 'none' }],
    ['messages without usage', { messages: [{ id: 'a' }, null] }],
    ['messages whose usage says nothing', { messages: [{ usage: {} }] }],
    ['a text under generations', { generations: 'one' }],
    ['no generations', { generations: [] }],
    ['generations without messages', { generations: [[{ text: 'a' }, null, 'b']] }],
    ['no totals by model', { usage_by_model: {} }],
    ['totals by model that say nothing', { usage_by_model: { a: {}, b: null, c: 5 } }],
    ['a cost that is none', { total_cost_usd: null }],
  ])('is nothing for %s', (_name, payload) => {
    expect(read(payload)).toBeNull();
  });

  describe('of steps', () => {
    it('is those that have usage, of the provider of the first', () => {
      const readings = read({ steps: [{}, { usage: {} }, one(1), null, one(2)], usage: { tokens: 3 } });
      expect(readings).toMatchObject({ scope: 'request', byModel: false, provider: 'of 1' });
      expect(tokensOf(readings)).toEqual([1, 2]);
    });

    it('comes before messages', () => {
      expect(tokensOf(read({ messages: [one(1)], steps: [one(2)] }))).toEqual([2]);
    });
  });

  describe('of messages', () => {
    it('has each by its own id, else by that of its envelope', () => {
      const messages = [
        one(1, { id: 'a' }),
        one(2, { ownId: 'own', id: 'b' }),
        one(3, { kwargs: { id: 'c', usage: {} } }),
        one(4, { id: 'd', kwargs: { id: 'x', usage_metadata: {} } }),
        one(5),
        { id: 'f' },
      ];
      const found = read({ messages })?.list.map(({ id, counts }) => [id, counts.input_tokens]);
      expect(found).toEqual([
        ['a', 1],
        ['own', 2],
        ['c', 3],
        ['d', 4],
        [null, 5],
      ]);
    });

    it('counts those with usage under either name, in the envelope where there is one', () => {
      const messages = [
        one(1, { kwargs: {} }),
        one(2, { kwargs: { usage_metadata: {} } }),
        one(3, { usage_metadata: {} }),
        { usage_metadata: {} },
      ];
      expect(tokensOf(read({ messages }))).toEqual([2, 3]);
    });
  });

  describe('of generations', () => {
    const generation = (tokens: number): object => ({ text: 'a', message: one(tokens) });

    it('is their messages, however deep they are listed', () => {
      const generations = [[generation(1), { text: 'b' }, null], generation(2), [{ message: { id: 'c' } }]];
      expect(tokensOf(read({ generations }))).toEqual([1, 2]);
    });

    it('is the sum where no message has usage', () => {
      expect(tokensOf(read({ generations: [[{ message: {} }]], llmOutput: one(7) }))).toEqual([7]);
      expect(tokensOf(read({ generations: [[{ message: { usage: {} } }]], llmOutput: one(7) }))).toEqual([7]);
    });

    it('is the messages where the sum is of all of them, or says nothing', () => {
      const generations = [[generation(1), generation(2)]];
      expect(tokensOf(read({ generations, llmOutput: one(3) }))).toEqual([1, 2]);
      expect(tokensOf(read({ generations, llmOutput: {} }))).toEqual([1, 2]);
      expect(tokensOf(read({ generations, llmOutput: one(1) }))).toEqual([1, 2]);
    });

    it('is one where each of several says what all of them used', () => {
      const generations = [[generation(4), generation(4)]];
      expect(tokensOf(read({ generations, llmOutput: one(4) }))).toEqual([4]);
      expect(tokensOf(read({ generations, llmOutput: one(8) }))).toEqual([4, 4]);
    });
  });

  it('of totals by model has each under its name', () => {
    const readings = read({ usage_by_model: { a: one(1, { model: 'x' }), b: null, c: {}, d: one(2) } });
    expect(readings).toMatchObject({ list: [{ model: 'a' }, { model: 'd' }], scope: 'request' });
    expect(tokensOf(readings)).toEqual([1, 2]);
  });

  describe('of a Claude result', () => {
    const used = { inputTokens: 10, outputTokens: 1 };

    it('is a snapshot of each model, which is the last word', () => {
      const modelUsage = { opus: { ...used, costUSD: 0.5 }, haiku: { ...used, costUSD: 0.25 }, none: null };
      expect(read({ modelUsage, total_cost_usd: 1 })).toMatchObject({
        scope: 'cumulative',
        byModel: true,
        isFinal: true,
        costUsd: 1,
        list: [
          { model: 'opus', costUsd: 0.5, counts: { input_tokens: 10, output_tokens: 1, total_tokens: 11 } },
          { model: 'haiku', costUsd: 0.25 },
        ],
      });
    });

    it('costs what its models do, where it says no more and each has a cost', () => {
      const opus = { ...used, costUSD: 0.5 };
      expect(read({ modelUsage: { opus, haiku: { ...used, costUSD: 0.25 } } })?.costUsd).toBe(0.75);
      expect(read({ modelUsage: { opus, haiku: used } })?.costUsd).toBeNull();
      expect(read({ modelUsage: {}, usage: { input_tokens: 5, output_tokens: 1 } })?.costUsd).toBeNull();
    });

    it('has what is cached in the input', () => {
      const modelUsage = { opus: { ...used, cacheReadInputTokens: 5, cacheCreationInputTokens: 2 } };
      expect(read({ modelUsage })?.list[0]?.counts).toMatchObject({ input_tokens: 17, total_tokens: 18 });
    });

    it('has the speed that its usage tells', () => {
      const usage = { input_tokens: 1, output_tokens: 1, speed: 'fast' };
      expect(read({ modelUsage: { opus: used, haiku: used }, usage })?.list).toMatchObject([
        { tier: 'fast' },
        { tier: 'fast' },
      ]);
    });

    it('without models is its main loop, of the model that it names, else of the meter’s', () => {
      const result = { total_cost_usd: 0.5, usage: { input_tokens: 5, output_tokens: 1 } };
      expect(read(result, 'meter')).toMatchObject({
        byModel: false,
        costUsd: 0.5,
        list: [{ model: 'meter', costUsd: 0.5, counts: { input_tokens: 5, output_tokens: 1 } }],
      });
      expect(read({ ...result, model: 'own' }, 'meter')?.list[0]?.model).toBe('own');
      expect(read({ ...result, modelUsage: {} })?.list[0]?.model).toBeNull();
    });

    it.each<[string, object, number]>([
      ['nothing at all', { total_cost_usd: 0 }, 0],
      ['only zeros', { total_cost_usd: 0, usage: { input_tokens: 0, output_tokens: 0 } }, 0],
      ['only a cost', { total_cost_usd: 0.5 }, 1],
      ['only tokens', { total_cost_usd: 0, usage: { input_tokens: 1, output_tokens: 0 } }, 1],
      ['neither cost nor usage', { modelUsage: {} }, 0],
    ])('that says %s', (_name, result, requests) => {
      expect(read(result)).toMatchObject({ scope: 'cumulative', byModel: false });
      expect(read(result)?.list).toHaveLength(requests);
    });

    it.each<[string, object, string]>([
      ['the cost of a model', { modelUsage: { opus: { ...used, costUSD: -1 } } }, 'modelUsage.opus.costUSD'],
      ['the whole cost', { total_cost_usd: 'free', modelUsage: { opus: used } }, 'total_cost_usd'],
      ['a count', { modelUsage: { opus: { ...used, inputTokens: -1 } } }, 'modelUsage.opus.inputTokens'],
      ['a count of the main loop', { total_cost_usd: 1, usage: { input_tokens: -1 } }, 'usage.input_tokens'],
      [
        'an unknown count',
        { modelUsage: { opus: { ...used, fresh_tokens: 5 } } },
        'modelUsage.opus.fresh_tokens',
      ],
    ])('is refused with the path of %s', (_name, result, path) => {
      const error = refusal(() => read(result));
      expect(error).toMatchObject({ code: 'validation_error', details: { issues: [{ path }] } });
    });
  });
});

describe('readByModel', () => {
  const total = one(1, { cost_usd: null });

  it('has each model under its name', () => {
    expect(readByModel({ a: total, b: { ...total, model: 'x' } }, readOne)).toMatchObject({
      list: [{ model: 'a' }, { model: 'b' }],
    });
  });

  it.each<[string, object]>([
    ['an empty object', {}],
    ['one member that is no total', { a: total, b: one(2) }],
    ['one member that is no object', { a: total, b: null }],
    ['totals that say nothing', { a: { cost_usd: 1 } }],
  ])('is nothing for %s', (_name, payload) => {
    expect(readByModel(payload, readOne)).toBeNull();
  });

  it('touches no getter', () => {
    const payload = {
      get a(): never {
        throw new Error('the getter was touched');
      },
    };
    expect(readByModel(payload, readOne)).toBeNull();
  });
});
