import type { Amount, Amounts } from '../../lib/usage/amount';
import { NO_AMOUNTS } from '../../lib/usage/amount';
import type { Counts } from '../../lib/usage/counts';
import type { Reading, Readings } from '../../lib/usage/reading';
import { requestReadings } from '../../lib/usage/reading';
import type { AskPrice } from '../../lib/usage/snapshot-price';
import { priceSnapshot } from '../../lib/usage/snapshot-price';

/** A cent for each token, whichever way it goes; `nosuch` has no price. */
const cents: AskPrice = ({ input_tokens: input = 0, output_tokens: output = 0 }, model) =>
  model === 'nosuch' ? null : (input + output) / 100;

const tokens = (input: number, output: number, requests?: number): Counts => ({
  input_tokens: input,
  output_tokens: output,
  ...(requests === undefined ? {} : { requests }),
});

function reading(counts: Counts, more: Partial<Reading> = {}): Reading {
  return { model: null, counts, costUsd: null, tier: null, id: null, ...more };
}

/** What the model `house` will have cost, where a snapshot makes its counts these. */
function priced(
  counts: Counts,
  before: Partial<Amount>,
  readings: Partial<Readings> = {},
  ask: AskPrice = cents,
): Pick<Amount, 'costUsd' | 'unpriced'> | undefined {
  const all = requestReadings([reading(counts)], readings);
  const standing: Amounts = new Map([['house', { counts: {}, costUsd: null, unpriced: 0, ...before }]]);
  const amounts = priceSnapshot(new Map([['house', counts]]), all, standing, 'house', ask);
  const amount = amounts.get('house');
  expect(amount?.counts).toEqual(counts);
  return amount && { costUsd: amount.costUsd, unpriced: amount.unpriced };
}

describe('priceSnapshot', () => {
  it('asks for what is added as for one request, with the tier of the snapshot', () => {
    const ask = jest.fn<number, Parameters<AskPrice>>(() => 0.5);
    const list = [reading({}, { tier: 'flex' })];
    const before = { counts: tokens(10, 1, 1), costUsd: 0.25 };
    expect(priced(tokens(30, 2, 2), before, { list }, ask)).toEqual({ costUsd: 0.75, unpriced: 0 });
    expect(ask.mock.calls).toEqual([[tokens(20, 1, 1), 'house', 'flex']]);
  });

  it('asks for no part that is larger than its whole', () => {
    const ask = jest.fn<number, Parameters<AskPrice>>(() => 1);
    const counts: Counts = {
      ...tokens(100, 40, 1),
      cache_read_tokens: 30,
      cache_write_tokens: 20,
      cache_write_1h_tokens: 50,
      input_audio_tokens: 90,
      input_image_tokens: 90,
      cache_audio_read_tokens: 20,
      cache_image_read_tokens: 20,
      output_audio_tokens: 30,
      output_image_tokens: 30,
      web_searches: 2,
    };
    priced(counts, {}, {}, ask);
    expect(ask.mock.calls[0]?.[0]).toEqual({
      ...counts,
      cache_write_1h_tokens: 20,
      input_image_tokens: 10,
      cache_image_read_tokens: 10,
      output_image_tokens: 10,
    });
  });

  it('prices what was added and what was taken back each by itself', () => {
    const counts = { ...tokens(100, 5, 1), cache_read_tokens: 20 };
    const before = { counts: { ...tokens(100, 5, 1), cache_read_tokens: 60 }, costUsd: 2 };
    const ask = jest.fn<number, Parameters<AskPrice>>(({ cache_read_tokens: read = 0 }) =>
      read > 0 ? 0.5 : 1,
    );
    expect(priced(counts, before, {}, ask)).toEqual({ costUsd: 2.5, unpriced: 0 });
    expect(ask.mock.calls.map(([asked]) => asked)).toEqual([
      { input_tokens: 40, output_tokens: 0, cache_read_tokens: 0, requests: 0 },
      { input_tokens: 40, output_tokens: 0, cache_read_tokens: 40, requests: 0 },
    ]);
  });

  it.each<[string, Counts, Partial<Amount>, number | null, number]>([
    [
      'lower where only something is taken back',
      tokens(40, 0),
      { counts: tokens(100, 0), costUsd: 1 },
      0.4,
      0,
    ],
    ['never negative', tokens(0, 0), { counts: tokens(100, 0), costUsd: 0.25 }, 0, 0],
    ['as it was where nothing changes', tokens(10, 0), { counts: tokens(10, 0), unpriced: 1 }, null, 1],
    ['that of what is added where nothing had a price', tokens(5, 50), { counts: tokens(10, 0) }, 0.5, 0],
  ])('makes the cost %s', (_name, counts, before, costUsd, unpriced) => {
    expect(priced(counts, before)).toEqual({ costUsd, unpriced });
  });

  it.each<[string, Counts, Partial<Amount>, number]>([
    ['each request that is added', tokens(30, 0, 3), { counts: tokens(10, 0, 1), costUsd: 0.5 }, 2],
    ['them beside those that have none', tokens(30, 0, 3), { counts: tokens(10, 0, 1), unpriced: 1 }, 3],
    ['one where no request is added', tokens(30, 0, 1), { counts: tokens(10, 0, 1), costUsd: 0.5 }, 1],
    ['no more where that one has none', tokens(30, 0, 1), { counts: tokens(10, 0, 1), unpriced: 1 }, 1],
  ])('counts as unpriced, without a price: %s', (_name, counts, before, unpriced) => {
    const { costUsd = null } = before;
    expect(priced(counts, before, {}, () => null)).toEqual({ costUsd, unpriced });
  });

  describe('of a list of requests', () => {
    const pair = [reading(tokens(100, 10)), reading(tokens(100, 10))];
    const before = { counts: tokens(200, 20, 2), costUsd: 0 };

    /** What is asked for. */
    function asked(list: readonly Reading[], counts: Counts, more: Partial<Readings> = {}): unknown[] {
      const ask = jest.fn<number, Parameters<AskPrice>>(() => 1);
      priced(counts, before, { list, ...more }, ask);
      return ask.mock.calls;
    }

    it('prices the newest one by one, each by its own model and tier', () => {
      const newest = [reading(tokens(50, 5), { model: 'mini', tier: 'flex' }), reading(tokens(30, 3))];
      expect(asked([...pair, ...newest], tokens(280, 28, 4))).toEqual([
        [tokens(50, 5), 'mini', 'flex'],
        [tokens(30, 3), 'house', null],
      ]);
    });

    it.each<[string, readonly Reading[], Counts, Partial<Readings>]>([
      ['input', [reading(tokens(150, 10)), pair[0]!, reading(tokens(50, 10))], tokens(300, 30, 3), {}],
      ['output', [reading(tokens(100, 15)), pair[0]!, reading(tokens(50, 5))], tokens(250, 30, 3), {}],
      ['number', [...pair, reading(tokens(50, 5))], tokens(250, 25, 2), {}],
      ['kind: they are models', [...pair, reading(tokens(50, 5))], tokens(250, 25, 3), { byModel: true }],
    ])('prices what is added at once where the newest differ by their %s', (_name, list, counts, more) => {
      const { input_tokens: input = 0, output_tokens: output = 0, requests = 0 } = counts;
      expect(asked(list, counts, more)).toEqual([
        [tokens(input - 200, output - 20, requests - 2), 'house', null],
      ]);
    });

    it('has no price where one of the newest has none', () => {
      const list = [...pair, reading(tokens(5, 5), { model: 'nosuch' }), reading(tokens(5, 5))];
      expect(priced(tokens(210, 30, 4), before, { list })).toEqual({ costUsd: 0, unpriced: 2 });
      expect(priced(tokens(210, 30, 4), before, { list: [...list].reverse() })).toMatchObject({
        unpriced: 0,
      });
      const last = [...pair, reading(tokens(5, 5)), reading(tokens(5, 5), { model: 'nosuch' })];
      expect(priced(tokens(210, 30, 4), before, { list: last })).toEqual({ costUsd: 0, unpriced: 2 });
    });
  });

  describe('of a cost of its own', () => {
    it('takes that, and counts nothing as unpriced', () => {
      const before = { costUsd: 0.25, unpriced: 2 };
      expect(priced(tokens(10, 1), before, { costUsd: 1 })).toEqual({ costUsd: 1, unpriced: 0 });
      const list = [reading({}, { costUsd: 0.5 }), reading({}, { costUsd: 0.25 })];
      expect(priced(tokens(10, 1), before, { list })).toEqual({ costUsd: 0.75, unpriced: 0 });
    });

    it('computes one where a part has none', () => {
      const list = [reading({}, { costUsd: 0.5 }), reading({})];
      expect(priced(tokens(10, 10), {}, { list })).toEqual({ costUsd: 0.2, unpriced: 0 });
    });

    it('gives each model its own, and what is beyond them to none', () => {
      const counts = tokens(1, 1);
      const list = [
        reading(counts, { model: 'a', costUsd: 0.5 }),
        reading(counts, { model: 'a', costUsd: 0.25 }),
        reading(counts, { costUsd: 0.125 }),
      ];
      const target = new Map([
        ['a', counts],
        ['unknown', counts],
        ['before', counts],
      ]);
      const readings = requestReadings(list, { byModel: true, costUsd: 2 });
      const amounts = priceSnapshot(target, readings, NO_AMOUNTS, 'a', cents);
      expect([...amounts].map(([model, { costUsd }]) => [model, costUsd])).toEqual([
        ['a', 0.75],
        ['unknown', 1.25],
        ['before', 0],
      ]);
    });

    it('leaves out a remainder that only adding up has made', () => {
      const before = { costUsd: 1 };
      expect(priced(tokens(1, 1), before, { costUsd: 1 + 4e-10 })).toEqual({ costUsd: 1, unpriced: 0 });
      expect(priced(tokens(1, 1), before, { costUsd: 1 - 4e-10 })).toEqual({ costUsd: 1, unpriced: 0 });
      expect(priced(tokens(1, 1), {}, { costUsd: 5e-10 })).toEqual({ costUsd: 5e-10, unpriced: 0 });
    });
  });
});
