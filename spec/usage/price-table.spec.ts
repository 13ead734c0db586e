import type { Counts } from '../../lib/usage/counts';
import type { ModelPrice } from '../../lib/usage/price-table';
import { priceFromTable, readPriceTable } from '../../lib/usage/price-table';
import { refusal } from './subjects';

/** Each kind at a price of its own, so that every sum tells where its tokens went. */
const PRICE: ModelPrice = {
  input_mtok: 1,
  output_mtok: 10,
  cache_read_mtok: 100,
  cache_write_mtok: 1000,
  cache_write_1h_mtok: 10_000,
  input_audio_mtok: 100_000,
  input_image_mtok: 1_000_000,
  output_audio_mtok: 10_000_000,
  output_image_mtok: 100_000_000,
};
const PLAIN: ModelPrice = { input_mtok: 1, output_mtok: 10 };

describe('priceFromTable()', () => {
  it.each<[string, Counts, number]>([
    ['nothing', {}, 0],
    ['input', { input_tokens: 3 }, 3],
    ['output', { output_tokens: 3 }, 30],
    ['what was read from a cache', { input_tokens: 5, cache_read_tokens: 2 }, 3 + 200],
    ['what was written to a cache', { input_tokens: 5, cache_write_tokens: 2 }, 3 + 2000],
    [
      'what is kept for an hour',
      { input_tokens: 5, cache_write_tokens: 3, cache_write_1h_tokens: 2 },
      2 + 1000 + 20_000,
    ],
    [
      'what is kept for an hour, at most all that was written',
      { input_tokens: 5, cache_write_tokens: 3, cache_write_1h_tokens: 4 },
      2 + 30_000,
    ],
    ['no input below nothing', { input_tokens: 1, cache_read_tokens: 2 }, 200],
    ['sound', { input_tokens: 5, input_audio_tokens: 2 }, 3 + 200_000],
    [
      'sound that was not cached',
      { input_tokens: 5, cache_read_tokens: 1, input_audio_tokens: 2, cache_audio_read_tokens: 1 },
      3 + 100 + 100_000,
    ],
    [
      'sound, of which no more was cached than there was',
      { input_tokens: 5, cache_read_tokens: 3, input_audio_tokens: 2, cache_audio_read_tokens: 3 },
      2 + 300,
    ],
    ['sound, at most all that is fresh', { input_tokens: 5, input_audio_tokens: 6 }, 500_000],
    ['pictures', { input_tokens: 5, input_image_tokens: 2 }, 3 + 2_000_000],
    [
      'pictures that were not cached',
      { input_tokens: 5, cache_read_tokens: 1, input_image_tokens: 2, cache_image_read_tokens: 1 },
      3 + 100 + 1_000_000,
    ],
    [
      'pictures, at most what sound has left',
      { input_tokens: 5, input_audio_tokens: 3, input_image_tokens: 4 },
      300_000 + 2_000_000,
    ],
    ['spoken output', { output_tokens: 5, output_audio_tokens: 2 }, 30 + 20_000_000],
    ['spoken output, at most all of it', { output_tokens: 5, output_audio_tokens: 6 }, 50_000_000],
    ['painted output', { output_tokens: 5, output_image_tokens: 2 }, 30 + 200_000_000],
    [
      'painted output, at most what sound has left',
      { output_tokens: 5, output_audio_tokens: 3, output_image_tokens: 4 },
      30_000_000 + 200_000_000,
    ],
  ])('prices %s', (_name, counts, millionths) => {
    expect(priceFromTable(counts, PRICE)).toBe(millionths / 1e6);
  });

  it.each<[string, Counts, number]>([
    ['input, for what was read from a cache', { input_tokens: 5, cache_read_tokens: 2 }, 5],
    ['input, for what was written to one', { input_tokens: 5, cache_write_tokens: 2 }, 5],
    [
      'input, for what is kept for an hour',
      { input_tokens: 5, cache_write_tokens: 2, cache_write_1h_tokens: 1 },
      5,
    ],
    ['input, for sound', { input_tokens: 5, input_audio_tokens: 2 }, 5],
    ['input, for pictures', { input_tokens: 5, input_image_tokens: 2 }, 5],
    ['output, for sound', { output_tokens: 5, output_audio_tokens: 2 }, 50],
    ['output, for pictures', { output_tokens: 5, output_image_tokens: 2 }, 50],
  ])('takes the price of %s, where there is no other', (_name, counts, millionths) => {
    expect(priceFromTable(counts, PLAIN)).toBe(millionths / 1e6);
  });

  it('takes the price of other cache writes for what is kept for an hour, where there is no other', () => {
    const counts = { input_tokens: 5, cache_write_tokens: 2, cache_write_1h_tokens: 1 };
    expect(priceFromTable(counts, { ...PLAIN, cache_write_mtok: 1000 })).toBe((3 + 2000) / 1e6);
  });

  it.each(Object.keys(PRICE))('counts a %s of 0 as a price', (name) => {
    const counts = {
      input_tokens: 10,
      output_tokens: 4,
      cache_read_tokens: 1,
      cache_write_tokens: 2,
      cache_write_1h_tokens: 1,
      input_audio_tokens: 1,
      input_image_tokens: 1,
      output_audio_tokens: 1,
      output_image_tokens: 1,
    };
    const free = priceFromTable(counts, { ...PRICE, [name]: 0 });
    const all = priceFromTable(counts, PRICE);
    const tokens = { input_mtok: 5, output_mtok: 2 }[name] ?? 1;
    expect(all - free).toBeCloseTo((tokens * (PRICE[name as keyof ModelPrice] ?? 0)) / 1e6, 9);
  });
});

describe('readPriceTable()', () => {
  it('finds a price under the name that is given, and under the plain one', () => {
    const table = readPriceTable({ 'us.anthropic.claude-opus-4-5-20251101-v1:0': PLAIN });
    expect([...table.keys()]).toEqual([
      'us.anthropic.claude-opus-4-5-20251101-v1:0',
      'claude-opus-4-5-20251101',
    ]);
    expect(new Set(table.values())).toEqual(new Set([PLAIN]));
  });

  it.each(Object.keys(PRICE))('refuses a %s that is no price, with its model', (name) => {
    for (const price of [-0.01, NaN, Infinity, '1', null]) {
      const error = refusal(() => readPriceTable({ fine: PLAIN, house: { ...PRICE, [name]: price } }));
      expect(error.code).toBe('validation_error');
      expect(error.details['issues']).toMatchObject([{ path: 'prices.house' }]);
    }
    expect(readPriceTable({ house: { ...PRICE, [name]: 0 } }).size).toBe(1);
  });

  it.each([undefined, null, 5, 'free', [], {}, { input_mtok: 1 }, { output_mtok: 1 }])(
    'refuses %p for a price',
    (price) => {
      const error = refusal(() => readPriceTable({ 'a b': price as never }));
      expect(error.details['issues']).toMatchObject([{ path: 'prices["a b"]' }]);
    },
  );

  it('names every model whose price is refused', () => {
    const error = refusal(() => readPriceTable({ one: {} as never, two: PLAIN, three: {} as never }));
    expect(error.details['issues']).toMatchObject([{ path: 'prices.one' }, { path: 'prices.three' }]);
  });
});
