import {
  costValue,
  cumulate,
  groupLabel,
  periodOf,
  rankModels,
  stackModels,
  tokenValue,
} from '../../../lib/http/page/model/plot';
import { countsOf, groupFailures, troubles, verdictOf } from '../../../lib/http/page/model/verdict';
import { makeRecord, makeRow } from './make-record';

const NOW = new Date(2026, 10, 25, 14, 3).getTime();

describe('periodOf()', () => {
  it('gives 24 hours of which the last is this one', () => {
    const { grain, groups, from } = periodOf('24h', NOW);
    expect([grain, groups.length, groups[0], groups.at(-1)]).toEqual([
      'hour',
      24,
      '2026-11-24T15',
      '2026-11-25T14',
    ]);
    expect(new Date(from).getHours()).toBe(15);
  });

  it('gives whole local days of which the last is today', () => {
    const { grain, groups, from } = periodOf('30d', NOW);
    expect([grain, groups.length, groups[0], groups.at(-1)]).toEqual(['day', 30, '2026-10-27', '2026-11-25']);
    expect(from).toBe(new Date(2026, 9, 27).getTime());
  });
});

describe('stackModels()', () => {
  const period = periodOf('7d', NOW);
  const row = (
    day: string,
    model: string | null,
    cost: number | null,
    tokens: number,
  ): ReturnType<typeof makeRow> =>
    makeRow({ day, model }, { cost_usd: cost, token_usage: { total_tokens: tokens } });

  it('puts values where their day stands, models by what they cost', () => {
    const rows = [
      row('2026-11-24', 'cheap', 1, 900),
      row('2026-11-25', 'dear', 5, 10),
      row('2026-11-25', null, null, 3),
    ];
    expect(rankModels(rows)).toEqual(['dear', 'cheap', 'unknown model']);
    expect(stackModels(rows, period, costValue).map(({ name, values, sum }) => [name, values, sum])).toEqual([
      ['dear', [0, 0, 0, 0, 0, 0, 5], 5],
      ['cheap', [0, 0, 0, 0, 0, 1, 0], 1],
      ['unknown model', [0, 0, 0, 0, 0, 0, 0], 0],
    ]);
    expect(stackModels(rows, period, tokenValue).map(({ name, sum }) => [name, sum])).toEqual([
      ['dear', 10],
      ['cheap', 900],
      ['unknown model', 3],
    ]);
  });

  it('ranks models of unknown cost by all their tokens', () => {
    const rows = [
      row('2026-11-24', 'few', null, 4),
      row('2026-11-24', 'many', null, 5),
      row('2026-11-25', 'few', null, 2),
    ];
    expect(rankModels(rows)).toEqual(['few', 'many']);
  });

  it('adds up what a model has in one day', () => {
    const rows = [row('2026-11-25', 'a', 3, 1), row('2026-11-25', 'a', 4, 1)];
    expect(stackModels(rows, period, costValue)[0]!.values.at(-1)).toBe(7);
  });

  it('passes over days that are not shown', () => {
    expect(stackModels([row('2025-01-01', 'old', 5, 1)], period, costValue)[0]!.sum).toBe(0);
  });

  it('makes one of the models that are too many for colours', () => {
    const rows = Array.from({ length: 9 }, (_, index) => row('2026-11-25', `m${index}`, 9 - index, 1));
    const series = stackModels(rows, period, costValue);
    expect(series.map(({ name, rest, sum }) => [name, rest, sum])).toEqual([
      ['m0', false, 9],
      ['m1', false, 8],
      ['m2', false, 7],
      ['m3', false, 6],
      ['m4', false, 5],
      ['4 others', true, 10],
    ]);
  });

  it('shows six models each by itself, and of seven the last two as one', () => {
    const rows = Array.from({ length: 7 }, (_, index) => row('2026-11-25', `m${index}`, 7 - index, 1));
    const names = (count: number): string[] =>
      stackModels(rows.slice(0, count), period, costValue).map(({ name }) => name);
    expect(names(6)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']);
    expect(names(7)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', '2 others']);
  });

  it('is drawn with each model on those before it', () => {
    const rows = [row('2026-11-25', 'a', 5, 1), row('2026-11-25', 'b', 2, 1)];
    expect(cumulate(stackModels(rows, period, costValue)).map((values) => values.at(-1))).toEqual([5, 7]);
  });
});

describe('groupLabel()', () => {
  it('names an hour or a day', () => {
    expect(groupLabel('2026-11-25T09')).toBe('09:00');
    const options = { month: 'short', day: 'numeric' } as const;
    const day = new Date(2026, 10, 25).toLocaleDateString(undefined, options);
    expect(groupLabel('2026-11-25')).toBe(day);
  });
});

describe('countsOf()', () => {
  it('counts known statuses', () => {
    const counts = countsOf([
      makeRow({ status: 'failed' }, { runs: 3 }),
      makeRow({ status: 'timeout' }, { runs: 2 }),
      makeRow({ status: 'paused' }, { runs: 9 }),
    ]);
    expect(counts).toEqual({ pending: 0, running: 0, completed: 0, failed: 3, cancelled: 0, timeout: 2 });
    expect(troubles(counts)).toBe(5);
  });
});

describe('verdictOf()', () => {
  const none = countsOf([]);
  const facts = { stuck: 0, waiting: 0, more: false, lastHour: none, runs: 4 };
  const failed = (failures: number, completed: number): typeof none => ({
    ...none,
    failed: failures,
    completed,
  });

  it('is calm when nothing is wrong', () => {
    expect(verdictOf(facts)).toMatchObject({
      tone: 'good',
      text: expect.stringMatching(/^All is well/) as string,
    });
    expect(verdictOf({ ...facts, lastHour: failed(0, 3) }).text).toMatch(/3 runs ended in it\.$/);
    expect(verdictOf({ ...facts, runs: null }).text).toMatch(/^All is well/);
    expect(verdictOf({ ...facts, runs: 0 })).toEqual({ tone: 'good', text: 'No runs in this time.' });
  });

  it('says first what is worst', () => {
    expect(verdictOf({ stuck: 1, waiting: 2, more: true, lastHour: failed(2, 8), runs: 9 })).toEqual({
      tone: 'bad',
      text: '1 run is stuck, 2 runs failed in the last hour (20 % of those that ended) and 2 runs or more wait for a person.',
    });
  });

  it('counts what was cancelled among what ended, and tells a lone one from a first page', () => {
    const lastHour = { ...none, failed: 1, completed: 2, cancelled: 2 };
    expect(verdictOf({ ...facts, lastHour })).toEqual({
      tone: 'bad',
      text: '1 run failed in the last hour (20 % of those that ended).',
    });
    expect(verdictOf({ ...facts, lastHour: { ...lastHour, cancelled: 1 } }).tone).toBe('attention');
    expect(verdictOf({ ...facts, waiting: 1, more: true }).text).toBe('1 run or more wait for a person.');
    expect(verdictOf({ ...facts, waiting: 2 }).text).toBe('2 runs wait for a person.');
    expect(verdictOf({ ...facts, stuck: 1, waiting: 1 }).text).toBe(
      '1 run is stuck and 1 run waits for a person.',
    );
    expect(verdictOf(facts).text).not.toMatch(/ended in it/);
  });

  it('does not shout for one failure of many, nor for a person who is asked', () => {
    expect(verdictOf({ ...facts, lastHour: failed(1, 99) }).tone).toBe('attention');
    expect(verdictOf({ ...facts, lastHour: failed(1, 1) }).tone).toBe('attention');
    expect(verdictOf({ ...facts, waiting: 1 })).toEqual({
      tone: 'attention',
      text: '1 run waits for a person.',
    });
    expect(verdictOf({ ...facts, stuck: 2 })).toEqual({ tone: 'bad', text: '2 runs are stuck.' });
    expect(verdictOf({ ...facts, lastHour: failed(3, 3) }).tone).toBe('bad');
  });
});

describe('groupFailures()', () => {
  const NOW = Date.UTC(2030, 0, 1);

  it('groups by name, the most frequent first, with the newest of each', () => {
    const groups = groupFailures(
      [
        makeRecord({ id: 'a', status: 'timeout' }),
        makeRecord({ id: 'b', error: { code: 'rate_limited', message: 'newest' } }),
        makeRecord({ id: 'c', error: { code: 'rate_limited', message: 'older' } }),
        makeRecord({ id: 'd', error: {} }),
      ],
      NOW,
    );
    expect(groups.map(({ name, latest, message, count }) => [name, latest.id, message, count])).toEqual([
      ['rate_limited', 'b', 'newest', 2],
      ['timeout', 'a', '', 1],
      ['error', 'd', '', 1],
    ]);
  });

  it('puts what has failed within the hour before what failed often and long ago', () => {
    const old = new Date(NOW - 2 * 3_600_000).toISOString();
    const groups = groupFailures(
      [
        makeRecord({ id: 'a', error: { code: 'new' }, ended_at: new Date(NOW - 60_000).toISOString() }),
        makeRecord({ id: 'b', error: { code: 'old' }, ended_at: old }),
        makeRecord({ id: 'c', error: { code: 'old' }, ended_at: old }),
      ],
      NOW,
    );
    expect(groups.map(({ name }) => name)).toEqual(['new', 'old']);
  });
});
