import type { ExecuteOptions } from 'agent-run';
import type { RunDefaults } from 'agent-run/manager';
import { executeOptions, withDefaults } from '../../lib/manager/defaults';

const sessionId = 's';

describe('withDefaults()', () => {
  it.each<[title: string, RunDefaults | undefined, own: object, merged: object]>([
    ['nothing without defaults', undefined, { id: 'a' }, { id: 'a' }],
    ['nothing of empty defaults', {}, { id: 'a' }, { id: 'a' }],
    ['a provider', { provider: 'openai' }, {}, { provider: 'openai' }],
    ['no provider over its own', { provider: 'openai' }, { provider: 'google' }, { provider: 'google' }],
    ['no provider over none', { provider: 'openai' }, { provider: null }, { provider: null }],
    ['a provider over undefined', { provider: 'openai' }, { provider: undefined }, { provider: 'openai' }],
    [
      'metadata, member by member',
      { metadata: { a: 1, b: { c: 1 } } },
      { metadata: { b: { d: 2 } } },
      { metadata: { a: 1, b: { d: 2 } } },
    ],
    ['metadata where it has none', { metadata: { a: 1 } }, {}, { metadata: { a: 1 } }],
    [
      'limits, one by one',
      { limits: { maxTurns: 1, maxCostUsd: 2 } },
      { limits: { maxTurns: 3 } },
      { limits: { maxTurns: 3, maxCostUsd: 2 } },
    ],
    ['limits where it has none', { limits: { maxTurns: 1 } }, {}, { limits: { maxTurns: 1 } }],
    ['no times, which are not attributes', { timeoutMs: 5, graceMs: 5 }, {}, {}],
  ])('gives a run %s', (_title, defaults, own, merged) => {
    const attributes = { sessionId, ...own };
    const copy = structuredClone(attributes);
    expect(withDefaults(attributes, defaults)).toStrictEqual({ sessionId, ...merged });
    expect(attributes).toStrictEqual(copy);
  });

  it('leaves what is no object for the constructor to refuse', () => {
    expect(withDefaults(null as never, { provider: 'openai' })).toBeNull();
  });
});

describe('executeOptions()', () => {
  it.each<[ExecuteOptions | undefined, RunDefaults | undefined, ExecuteOptions]>([
    [undefined, undefined, {}],
    [{ timeoutMs: 5 }, undefined, { timeoutMs: 5 }],
    [undefined, { timeoutMs: 5 }, { timeoutMs: 5 }],
    [undefined, { graceMs: 5 }, { graceMs: 5 }],
    [{ graceMs: 1 }, { timeoutMs: 5, graceMs: 5 }, { timeoutMs: 5, graceMs: 1 }],
    [{ timeoutMs: 1 }, { timeoutMs: 5, graceMs: 5 }, { timeoutMs: 1, graceMs: 5 }],
    [{ limits: {} }, { provider: 'openai', limits: { maxTurns: 1 } }, { limits: {} }],
  ])('of %j with the defaults %j are %j', (options, defaults, expected) => {
    expect(executeOptions(options, defaults)).toStrictEqual(expected);
  });
});
