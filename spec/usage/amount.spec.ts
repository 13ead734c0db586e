import type { Amount } from '../../lib/usage/amount';
import {
  addAmounts,
  AmountSum,
  atLeast,
  isChange,
  ModelSums,
  NO_AMOUNT,
  NO_AMOUNTS,
  subtractAmounts,
  sumAmounts,
} from '../../lib/usage/amount';

function amount(input: number, costUsd: number | null = null, unpriced = 0): Amount {
  return { counts: { input_tokens: input }, costUsd, unpriced };
}

describe('subtractAmounts()', () => {
  it('subtracts counts, dollars and requests without a price', () => {
    expect(subtractAmounts(amount(5, 3, 2), amount(1, 1, 1))).toEqual(amount(4, 2, 1));
  });

  it.each<[number | null, number | null, number | null]>([
    [null, null, null],
    [3, null, 3],
    [null, 3, -3],
    [0, null, 0],
  ])('of %p dollars and %p gives %p', (left, right, difference) => {
    expect(subtractAmounts(amount(0, left), amount(0, right)).costUsd).toBe(difference);
  });
});

describe('isChange()', () => {
  it.each<[string, boolean, Amount, Amount]>([
    ['nothing', false, NO_AMOUNT, NO_AMOUNT],
    ['a count', true, amount(1), amount(1)],
    ['a count of 0 that was reported', false, amount(0), amount(1)],
    ['a count of 0 that was not', true, amount(0), NO_AMOUNT],
    ['a request without a price', true, amount(0, null, 1), amount(0)],
    ['one less without a price', true, amount(0, null, -1), amount(0)],
    ['dollars', true, amount(0, 1), amount(0, 1)],
    ['no dollars, where there were some', false, amount(0, 0), amount(0, 1)],
    ['no dollars, where none were known', true, amount(0, 0), amount(0)],
    ['unknown dollars', false, amount(0), amount(0, 1)],
  ])('of %s is %p', (_name, expected, change, before) => {
    expect(isChange(change, before)).toBe(expected);
  });
});

describe('AmountSum', () => {
  it('adds up counts, dollars and requests without a price', () => {
    const sum = AmountSum.of(amount(1, 0.1, 1))
      .add(amount(2, 0.2, 2))
      .add(amount(4));
    expect(sum.amount).toMatchObject({ counts: { input_tokens: 7 }, unpriced: 3 });
    expect(sum.costUsd).toBe(0.3);
  });

  it('knows no dollars until one has some', () => {
    const sum = AmountSum.of(amount(1));
    expect([sum.costUsd, sum.amount.costUsd]).toEqual([null, null]);
    sum.add(amount(1, 0));
    expect([sum.costUsd, sum.amount.costUsd]).toEqual([0, 0]);
  });

  it('gives an amount that does not grow with it', () => {
    const sum = AmountSum.of(amount(1));
    const before = sum.amount;
    sum.add(amount(1));
    expect(before).toEqual(amount(1));
  });
});

describe('sumAmounts()', () => {
  it('adds up all of them', () => {
    expect(sumAmounts([])).toEqual(NO_AMOUNT);
    expect(sumAmounts([amount(1, 1), amount(2, null, 1)])).toEqual(amount(3, 1, 1));
  });
});

describe('ModelSums', () => {
  it('grows by model, and leaves what it began with as it was', () => {
    const begun = new Map([['one', amount(1)]]);
    const sums = new ModelSums(begun);
    sums.add('one', amount(2));
    sums.add('two', amount(4, 1));
    expect([...sums.amounts]).toEqual([
      ['one', amount(3)],
      ['two', amount(4, 1)],
    ]);
    expect(begun.get('one')).toEqual(amount(1));
    expect([sums.size, sums.has('two'), sums.has('three')]).toEqual([2, true, false]);
    expect([...sums.sums.keys()]).toEqual(['one', 'two']);
    expect(new ModelSums().size).toBe(0);
  });
});

describe('addAmounts()', () => {
  it('adds by model', () => {
    const left = new Map([['one', amount(1)]]);
    const right = new Map([
      ['one', amount(2)],
      ['two', amount(4)],
    ]);
    expect(addAmounts(left, right)).toEqual(
      new Map([
        ['one', amount(3)],
        ['two', amount(4)],
      ]),
    );
    expect(addAmounts(left, NO_AMOUNTS)).toEqual(left);
    expect(addAmounts(NO_AMOUNTS, right)).toEqual(right);
  });
});

describe('atLeast()', () => {
  it('raises what is lower, by model, and leaves the rest', () => {
    const amounts = new Map([
      ['one', { counts: { input_tokens: 1, requests: 9 }, costUsd: 1, unpriced: 3 }],
      ['two', amount(5, 2)],
    ]);
    const floor = new Map([
      ['one', { counts: { input_tokens: 4, requests: 2, output_tokens: 0 }, costUsd: 0.5, unpriced: 7 }],
      ['three', amount(6, 3)],
    ]);
    expect(atLeast(amounts, floor)).toEqual(
      new Map([
        ['one', { counts: { input_tokens: 4, requests: 9, output_tokens: 0 }, costUsd: 1, unpriced: 3 }],
        ['two', amount(5, 2)],
        ['three', amount(6, 3)],
      ]),
    );
    expect(amounts.get('one')?.counts).toEqual({ input_tokens: 1, requests: 9 });
    expect(atLeast(amounts, NO_AMOUNTS)).toEqual(amounts);
  });

  it.each<[number | null, number | null, number | null]>([
    [null, null, null],
    [1, null, 1],
    [null, 1, 1],
    [1, 2, 2],
    [2, 1, 2],
  ])('of %p dollars, none lower than %p, gives %p', (usd, least, expected) => {
    const raised = atLeast(new Map([['one', amount(0, usd)]]), new Map([['one', amount(0, least)]]));
    expect(raised.get('one')?.costUsd).toBe(expected);
  });
});
