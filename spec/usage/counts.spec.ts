import type { Counts } from '../../lib/usage/counts';
import {
  addCounts,
  addInto,
  COUNT_NAMES,
  COUNTER_NAMES,
  countersOf,
  countsFrom,
  hasLower,
  isAnyCounted,
  largestCounts,
  reported,
  subtractCounts,
  withTotal,
} from '../../lib/usage/counts';

const ALL = countsFrom((name) => COUNT_NAMES.indexOf(name));

describe('countsFrom()', () => {
  it('has each name that is given, 0 included, in their order', () => {
    expect(Object.keys(ALL)).toEqual([...COUNT_NAMES]);
    expect(ALL).toMatchObject({ input_tokens: 0, requests: 6, web_searches: 14 });
  });

  it('leaves out what is undefined', () => {
    const counts = countsFrom((name) => (name === 'requests' ? 2 : undefined));
    expect(Object.entries(counts)).toEqual([['requests', 2]]);
  });
});

describe('addCounts()', () => {
  it('adds what either has, and changes neither', () => {
    const left = { input_tokens: 1, requests: 2 };
    const right = { input_tokens: 10, output_tokens: 0 };
    expect(addCounts(left, right)).toEqual({ input_tokens: 11, requests: 2, output_tokens: 0 });
    expect([left, right]).toEqual([
      { input_tokens: 1, requests: 2 },
      { input_tokens: 10, output_tokens: 0 },
    ]);
  });
});

describe('addInto()', () => {
  it('adds in place', () => {
    const sum = { input_tokens: 1 };
    addInto(sum, { input_tokens: 2, requests: 1 });
    expect(sum).toEqual({ input_tokens: 3, requests: 1 });
  });
});

describe('subtractCounts()', () => {
  it('subtracts what either has', () => {
    const left = { input_tokens: 5, requests: 2 };
    expect(subtractCounts(left, { input_tokens: 7, output_tokens: 1 })).toEqual({
      input_tokens: -2,
      requests: 2,
      output_tokens: -1,
    });
    expect(left).toEqual({ input_tokens: 5, requests: 2 });
  });
});

describe('largestCounts()', () => {
  it('takes the larger of each, and the total that goes with them', () => {
    const left = { input_tokens: 5, output_tokens: 1, total_tokens: 6 };
    const right = { input_tokens: 4, output_tokens: 3, cache_read_tokens: 0, total_tokens: 7 };
    expect(largestCounts(left, right)).toEqual({
      input_tokens: 5,
      output_tokens: 3,
      cache_read_tokens: 0,
      total_tokens: 8,
    });
  });
});

describe('withTotal()', () => {
  it.each<[Counts, number | undefined]>([
    [{ input_tokens: 5, output_tokens: 2 }, 7],
    [{ input_tokens: 5 }, 5],
    [{ output_tokens: 2 }, 2],
    [{ input_tokens: 0 }, 0],
    [{ input_tokens: 5, output_tokens: 2, total_tokens: 8 }, 8],
    [{ input_tokens: 5, output_tokens: 2, total_tokens: 6 }, 7],
    [{ cache_read_tokens: 5 }, undefined],
    [{ total_tokens: 5 }, 5],
  ])('of %j is %p', (counts, total) => {
    expect(withTotal(counts)).toEqual(total === undefined ? counts : { ...counts, total_tokens: total });
  });
});

describe('hasLower()', () => {
  it.each<[Counts, Counts, boolean]>([
    [{ input_tokens: 5 }, { input_tokens: 6 }, true],
    [{ input_tokens: 5 }, { input_tokens: 5 }, false],
    [{ input_tokens: 6 }, { input_tokens: 5 }, false],
    [{}, { input_tokens: 5 }, false],
    [{ input_tokens: 5 }, {}, false],
    [{ input_tokens: 9, output_tokens: 1 }, { input_tokens: 5, output_tokens: 2 }, true],
  ])('of %j and %j is %p', (left, right, expected) => {
    expect(hasLower(left, right)).toBe(expected);
  });
});

describe('isAnyCounted()', () => {
  it.each<[Counts, boolean]>([
    [{}, false],
    [{ input_tokens: 0 }, false],
    [{ input_tokens: 0, web_searches: 1 }, true],
    [{ input_tokens: -1 }, true],
  ])('of %j is %p', (counts, expected) => {
    expect(isAnyCounted(counts)).toBe(expected);
  });
});

describe('countersOf()', () => {
  it('keeps the counters of a run, in their order', () => {
    expect(Object.keys(countersOf(ALL))).toEqual([...COUNTER_NAMES]);
    expect(Object.entries(countersOf({ web_searches: 1, requests: 0, input_tokens: 3 }))).toEqual([
      ['input_tokens', 3],
      ['requests', 0],
    ]);
  });
});

describe('reported()', () => {
  it('has nothing that is undefined', () => {
    const counts = reported({ input_tokens: 0, output_tokens: undefined, requests: 1 });
    expect(Object.entries(counts)).toEqual([
      ['input_tokens', 0],
      ['requests', 1],
    ]);
  });
});
