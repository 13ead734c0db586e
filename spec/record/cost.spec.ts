import fc from 'fast-check';
import { CostSum, roundToNano } from '../../lib/record/cost';
import { makeRun } from '../support/make-run';
import { recordEvents } from '../support/record-events';
import { issuesOf } from '../support/refusal-of';

describe('CostSum', () => {
  it('adds a million prices without losing a nano-dollar', () => {
    const sum = new CostSum();
    let nanos = 0n;
    for (let index = 0; index < 1_000_000; index++) {
      const price = (index * 7919) % 1_000_003;
      sum.add(price / 1e9);
      nanos += BigInt(price);
    }
    expect(sum.usd).toBe(Number(nanos) / 1e9);
  });

  it('gives 100,000 tenths of a cent as 100 dollars', () => {
    const sum = new CostSum();
    for (let index = 0; index < 100_000; index++) sum.add(0.001);
    expect(sum.usd).toBe(100);
  });

  it('is exact to the nano-dollar for any prices, in any order', () => {
    const prices = fc.array(fc.integer({ min: 0, max: 1e12 }), { maxLength: 200 });
    fc.assert(
      fc.property(prices, (nanos) => {
        const sum = new CostSum();
        for (const price of nanos) sum.add(price / 1e9);
        expect(sum.usd).toBe(nanos.reduce((total, price) => total + price, 0) / 1e9);
      }),
    );
  });

  it('takes an estimate back without a trace', () => {
    const sum = new CostSum(0.3);
    sum.add(0.1);
    sum.add(-0.1);
    expect(sum.usd).toBe(0.3);
  });

  it('keeps what is small beside what is large', () => {
    const sum = new CostSum(1e6);
    for (let index = 0; index < 1_000; index++) sum.add(1e-9);
    expect(sum.usd).toBe(1_000_000.000001);
  });

  it('keeps what was small where something large comes', () => {
    const sum = new CostSum();
    for (let index = 0; index < 1_000; index++) sum.add(1e-9);
    sum.add(1e6);
    expect(sum.usd).toBe(1_000_000.000001);
  });

  it('keeps what is far smaller than what came after it and went again', () => {
    const sum = new CostSum();
    for (const usd of [0.1, 1e16, -1e16]) sum.add(usd);
    expect([sum.usd, sum.unrounded]).toEqual([0.1, 0.1]);
  });

  it.each([1, -1])('stays a finite number, whatever is added (%d)', (sign) => {
    const most = sign * Number.MAX_VALUE;
    const sum = new CostSum(most);
    sum.add(most);
    expect([sum.usd, sum.unrounded]).toEqual([most, most]);
    sum.add(-most);
    expect([sum.usd, sum.unrounded]).toEqual([0, 0]);
  });

  it('gives what adds up unrounded too', () => {
    const sum = new CostSum();
    sum.add(0.00000000004);
    sum.add(0.00000000004);

    expect([sum.unrounded, sum.usd]).toEqual([0.00000000008, 0]);
  });

  it('gives back a start with more digits as it came', () => {
    expect(new CostSum(0.12345678901234).usd).toBe(0.12345678901234);
  });
});

describe('roundToNano()', () => {
  it.each([
    [0, 0],
    [0.1 + 0.2, 0.3],
    [0.0000000004, 0],
    [0.0000000016, 0.000000002],
    [-0.1 - 0.2, -0.3],
    [9_007_199.25, 9_007_199.25],
    [1e300, 1e300],
  ])('rounds %d to %d', (usd, rounded) => {
    expect(roundToNano(usd)).toBe(rounded);
  });
});

describe('Run', () => {
  describe('.addCost()', () => {
    it('has no cost until one is known', () => {
      expect(makeRun().costUsd).toBeNull();
    });

    it('adds up, exactly', () => {
      expect(makeRun().addCost(0.1).addCost(0.2).costUsd).toBe(0.3);
    });

    it('knows a cost of nothing', () => {
      expect(makeRun().addCost(0).costUsd).toBe(0);
    });

    it('counts after the end too', () => {
      expect(makeRun({}, 'cancelled').addCost(0.25).costUsd).toBe(0.25);
    });

    it('says so in one usageUpdated', () => {
      jest.useFakeTimers({ now: 5 });
      const run = makeRun().updateTokenUsage({ input_tokens: 1 });
      const events = recordEvents(run);

      run.addCost(0.5);

      const tokenUsage = { input_tokens: 1 };
      expect(events).toEqual([['usageUpdated', { delta: {}, tokenUsage, costUsd: 0.5, at: 5 }]]);
      jest.useRealTimers();
    });

    it.each([
      ['negative', -0.01],
      ['NaN', NaN],
      ['infinite', Infinity],
      ['a text', '1'],
      ['null', null],
      ['missing', undefined],
      ['a BigInt', 1n],
      ['more than a number holds, with what stands', Number.MAX_VALUE],
    ])('refuses dollars that are %s', (_title, usd) => {
      const run = makeRun().addCost(Number.MAX_VALUE);
      const events = recordEvents(run);

      expect(issuesOf(() => run.addCost(usd as number))).toEqual([
        'usd: must be a number, finite (with what stands) and not negative',
      ]);
      expect(run.costUsd).toBe(Number.MAX_VALUE);
      expect(events).toEqual([]);
    });
  });
});
