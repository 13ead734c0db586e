import { Run } from 'agent-run';
import { portOf } from '../../lib/attachment';
import { Totals } from '../../lib/record/totals';
import { makeRun } from '../support/make-run';
import { issuesOf, refusalOf } from '../support/refusal-of';

describe('Totals', () => {
  it.each<[string, unknown]>([
    ['a text', 'n/a'],
    ['an array', [1]],
    ['an object', { cached: 1 }],
    ['a boolean', true],
  ])('are not hidden by %s of one run, before or after', (_what, value) => {
    const before = new Totals().add({ tokenUsage: { a: value } as never }).add({ tokenUsage: { a: 5 } });
    const after = new Totals().add({ tokenUsage: { a: 5 } }).add({ tokenUsage: { a: value } as never });
    expect([before.tokenUsage['a'], after.tokenUsage['a']]).toEqual([5, 5]);
  });

  it('add up nested counters, numbers alone', () => {
    const totals = new Totals();
    totals.add({ tokenUsage: { details: { cached: 1, note: 'x' } } });
    totals.add({ tokenUsage: { details: { cached: 2 } }, costUsd: 0.1, turns: 2, runs: 1 });
    expect(totals).toMatchObject({ tokenUsage: { details: { cached: 3 } }, costUsd: 0.1, turns: 2, runs: 1 });
  });

  it('have no place for counters without a number', () => {
    const totals = new Totals().add({ tokenUsage: { details: { note: 'x' }, model: 'y' } });
    expect(totals.tokenUsage).toEqual({});
  });

  it('know no cost before there is one', () => {
    expect(new Totals().add({ runs: 1 }).costUsd).toBeNull();
  });

  it('stay finite', () => {
    const totals = new Totals();
    for (let time = 0; time < 3; time++) totals.add({ tokenUsage: { a: 1e308 }, costUsd: 1e308 });
    expect(totals.tokenUsage['a']).toBe(Number.MAX_VALUE);
    expect(totals.costUsd).toBe(Number.MAX_VALUE);
  });
});

describe('The totals of a run', () => {
  it('keep the numbers of one child beside the text of another', () => {
    const parent = makeRun();
    parent.createChild().updateTokenUsage({ input_tokens: 7 });
    parent.createChild().updateTokenUsage({ input_tokens: 'n/a' });
    expect(parent.totals.tokenUsage).toEqual({ input_tokens: 7 });
  });

  it('hold a limit against sums that leave the finite numbers', () => {
    const parent = makeRun({ limits: { maxTotalTokens: 1000, maxCostUsd: 1e308 } }, 'running');
    const child = parent.createChild();
    child.updateTokenUsage({ input_tokens: 1e308, output_tokens: 1e308 });
    expect(parent).toMatchObject({ status: 'failed', error: { code: 'limit_exceeded' } });
    const other = makeRun({ limits: { maxCostUsd: 1 } }, 'running');
    const children = [other.createChild(), other.createChild()];
    for (const each of children) each.addCost(1e308);
    expect(other.status).toBe('failed');
    expect(other.totals.costUsd).toBe(Number.MAX_VALUE);
  });
});

describe('A record that would disarm a limit', () => {
  it('is refused for a negative counter, at any depth', () => {
    const record = makeRun().toJSON();
    const negative = { input_tokens: -5, details: { cached_tokens: -1 } };
    expect(issuesOf(() => Run.fromJSON({ ...record, token_usage: negative }))).toEqual([
      'token_usage.input_tokens: must not be negative',
      'token_usage.details.cached_tokens: must not be negative',
    ]);
  });

  it('is never written: corrections take back no more than there is', () => {
    const run = makeRun();
    portOf(run).recordUsage({ a: 1 }, 0.5);
    portOf(run).recordUsage({ a: -3, b: -1 }, -0.75);
    expect(run).toMatchObject({ tokenUsage: { a: 0, b: 0 }, costUsd: 0 });
    expect(() => Run.fromJSON(run.toJSON())).not.toThrow();
  });
});

describe('Run .incrementTurn()', () => {
  it('is refused past what a record can count', () => {
    const run = Run.fromJSON({ ...makeRun().toJSON(), turn_count: Number.MAX_SAFE_INTEGER - 1 });
    run.incrementTurn();
    expect(refusalOf(() => run.incrementTurn()).code).toBe('invalid_operation');
    expect(() => Run.fromJSON(run.toJSON())).not.toThrow();
  });
});

describe('A clock that stands at a fraction', () => {
  it('writes whole milliseconds', () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(5_000.25);
    const run = makeRun({}, 'running').setOutput({ a: 1 });
    now.mockRestore();
    const { started_at, running_at, ended_at } = run.toJSON();
    const text = '1970-01-01T00:00:05.000Z';
    expect({ started_at, running_at, ended_at }).toEqual({
      started_at: text,
      running_at: text,
      ended_at: text,
    });
    expect(() => Run.fromJSON(run.toJSON())).not.toThrow();
  });
});

describe('A limit of Infinity', () => {
  it('is no limit', () => {
    expect(makeRun({ limits: { maxTurns: Infinity, maxCostUsd: 1 } }).limits).toEqual({ maxCostUsd: 1 });
    expect(makeRun({ limits: { maxTurns: Infinity } }).limits).toBeNull();
  });

  it('lifts one that the run has', async () => {
    const run = makeRun({ limits: { maxTurns: 1 } });
    await run.execute(({ run: mine }) => void mine.incrementTurn().incrementTurn(), {
      limits: { maxTurns: Infinity },
    });
    expect(run).toMatchObject({ status: 'completed', limits: null });
    expect(run.toJSON()).not.toHaveProperty('limits');
  });
});
